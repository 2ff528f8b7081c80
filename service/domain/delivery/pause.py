"""A pause of sending, and what it covers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

BREAKER_NAME: Final = "breaker"
"""The maker of a pause after too many refusals, until a person resumes sending."""

RESEND_GUARD_NAME: Final = "resend guard"
"""The maker of a pause of automatic re-sends: a proven absence turned out false."""

PROVIDERS: Final = ("sandbox", "twilio", "outbox")
"""The providers, by the names that the setting `PROVIDER` has."""


def resend_scope(provider: str) -> str:
    """The scope whose pause stops automatic re-sends, and no ordinary sending."""
    return f"resend:{provider}"


@dataclass(frozen=True, slots=True)
class Pause:
    """A stop that a person, the breaker, the volume or the resend guard ordered.

    `scope` is "all", or "rule:", "authority:" or "office:" with a code, or "resend:"
    with a provider.
    """

    scope: str
    since: datetime
    by: str
    reason: str
