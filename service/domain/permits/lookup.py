"""Look-ups: how a register is asked about one permit before the permit is texted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

OnFailure = Literal["hold", "pass"]
"""What becomes of a text whose register gave no usable answer."""

LONGEST_TIMEOUT: Final = 5.0
"""Seconds for one question, at most: a tick asks hardly longer."""


class Answer(StrEnum):
    """What a register answered about a permit, or that it gave no usable answer."""

    FOUND = "found"
    NOT_FOUND = "not found"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One register's look-up: it is asked at `url`, or by `query`.

    `{number}` in the URL and `:number` in the query stand for the permit's number. The
    environment variables hold a token for the URL, and the address of the database. An
    answer counts for `fresh_minutes`; a question takes at most `timeout` seconds, and
    `at_once` may be under way. `mapping` is the file that declares it, by which the
    answer is read.
    """

    url: str | None = None
    query: str | None = None
    token_env: str | None = None
    database_env: str | None = None
    fresh_minutes: int = 60
    timeout: float = 3.0
    at_once: int = 4
    on_failure: OnFailure = "hold"
    mapping: Mapping[str, object] = field(default_factory=dict)
