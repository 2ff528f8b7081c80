"""What a row of a register is said to state: which permits, and words about itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

REJECT: Final = "reject"
SKIP: Final = "skip"
WITHDRAW: Final = "withdraw"
ACTIONS: Final = (REJECT, SKIP, WITHDRAW)
"""What a word of a register may do with its row instead of stating a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """The name of a permit that a row withdraws, without saying more of it."""

    authority: str
    rule: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPermit:
    """One of several permits that a row states: its type and its own columns."""

    columns: Mapping[str, str]
    rule: str | None = None
