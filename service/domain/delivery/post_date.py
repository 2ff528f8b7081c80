"""The instant at which a message was POSTed: the provider's date, within our claim."""

from datetime import datetime, timedelta


def date_post(
    dated_at: datetime | None, claimed_at: datetime, lease: timedelta, now: datetime
) -> datetime:
    """When a message was POSTed, which decides the day on which it counts.

    `dated_at` is the provider's date; None if it gives none, and then the claim's
    instant counts. The worker could POST from `claimed_at` on, for as long as its
    `lease`, and not after `now`, when the acceptance became known.
    """
    latest = min(claimed_at + max(lease, timedelta()), now)
    return min(max(dated_at or claimed_at, claimed_at), latest)
