"""The validity period of a text: a stuck queue must not deliver it at night."""

from datetime import datetime

from service.domain.law.authority import Authority


def valid_for(now: datetime, office: Authority, until_at: datetime) -> float:
    """Seconds until the office stops texting today, or until the step ends.

    `until_at` is the end of the text's step, when its text is not true any more.
    Negative if one of the two has passed.
    """
    today = now.astimezone(office.zone).date()
    ends_at = min(office.to_utc(today, office.sends_until), until_at)
    return (ends_at - now).total_seconds()
