"""One webhook to be posted."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingWebhook:
    """The fields to post to a URL, after `delay` seconds.

    Webhooks with a `rank` wait for their message's final status, then go in order of
    rank.
    """

    url: str
    sid: str
    status: str
    fields: Mapping[str, str]
    delay: float = 0.0
    rank: float | None = None
    content: str = "form"
    algorithm: str = "sha1"
