"""How long a text may still travel: a stuck queue must not fire at night."""

from datetime import datetime

from service.domain.law.authority import Authority


def valid_for(now: datetime, office: Authority, until_at: datetime) -> float:
    """Seconds until the office stops texting today, or the text stops being true.

    Negative where that is past. `until_at` is the end of the step it tells of.
    """
    today = now.astimezone(office.zone).date()
    ends_at = min(office.to_utc(today, office.sends_until), until_at)
    return (ends_at - now).total_seconds()
