"""A pause of sending, and what it covers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

BREAKER_NAME: Final = "breaker"
"""The maker of a pause after too many refusals, until a person resumes sending."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A stop that a person, the breaker or the volume guard ordered.

    `scope` is "all", or "rule:", "authority:" or "office:" with a code.
    """

    scope: str
    since: datetime
    by: str
    reason: str
