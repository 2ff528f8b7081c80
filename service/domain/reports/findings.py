"""What a diagnosis finds in an installation, by severity, and what it looks at."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

CLOSING_SOON: Final = timedelta(days=30)
"""Windows that close within this time are named while their type is not live."""


class Severity(StrEnum):
    """How much goes wrong; a `NOTE` is nothing wrong."""

    STOPS = "nothing is sent"
    MISSES = "some holders get no text"
    SOON = "will go wrong"
    NOTE = "good to know"


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of the diagnosis: of what part, what is found, what to do about it.

    `count` is the number of permits, rows or messages, if it is about any; `remedy` is
    empty where `what` says it.
    """

    severity: Severity
    part: str
    what: str
    remedy: str = ""
    count: int | None = None


@dataclass(frozen=True, slots=True)
class TypeCount:
    """The permits of a type in an authority that are reminded and not yet expired.

    `state` is "live", "trial" or None for a draft; `closing` counts the permits whose
    window closes within `CLOSING_SOON`.
    """

    authority: str
    rule: str
    state: str | None
    permits: int
    closing: int


@dataclass(frozen=True, slots=True)
class RegisterAge:
    """A register, when it was last loaded, and the days after which it is stale."""

    name: str
    loaded_at: datetime
    max_age_days: int | None


@dataclass(frozen=True, slots=True)
class ProviderState:
    """What a provider answered to a question that sends nothing.

    `problem` is what is wrong, and what to do. `answered_at` is the time that its
    answer shows, None where it shows none. `is_real`: it reaches phones. `is_asked`:
    the question went to it; an SMS platform over HTTP has none that sends nothing.
    """

    name: str
    is_real: bool
    problem: tuple[str, str] | None = None
    answered_at: datetime | None = None
    is_asked: bool = True
