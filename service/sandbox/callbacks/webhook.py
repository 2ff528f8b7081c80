"""One webhook, ready to go."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingWebhook:
    """What to tell whom, after `delay` seconds.

    One with a `rank` waits for the others of its message and goes in order of ranks.
    """

    url: str
    sid: str
    status: str
    fields: Mapping[str, str]
    delay: float = 0.0
    rank: float | None = None
    content: str = "form"
    algorithm: str = "sha1"
