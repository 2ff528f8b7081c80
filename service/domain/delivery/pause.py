"""A pause of sending, and what it covers."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Pause:
    """A stop that a person or the volume guard ordered.

    `scope` is "all", or "rule:", "authority:" or "office:" with a code.
    """

    scope: str
    since: datetime
    by: str
    reason: str
