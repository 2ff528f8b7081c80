"""What the law gives all permits of one type, authority, expiry and issue."""

from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache

from service.domain.calendars.calendar import DAY
from service.domain.deadlines.slot import Slot
from service.domain.lawbook.law import LADDER_CACHE_SIZE, Law
from service.domain.permits.term import RenewalTest


@dataclass(frozen=True, slots=True)
class PermitDates:
    """Series, version and slots; `closes_on` is the closing day if it is certain.

    `closing_ends_at` is the end of the closing day. Without an expiry date there are
    no slots and no closing.
    """

    series: str
    version: str
    renewal_test: RenewalTest
    slots: tuple[Slot, ...] = ()
    closes_on: date | None = None
    closing_ends_at: datetime | None = None


@lru_cache(LADDER_CACHE_SIZE)
def find_dates(
    law: Law,
    rule: str,
    authority: str,
    expires_on: date | None,
    issued_on: date | None,
    *,
    today: date,
) -> PermitDates:
    """Find the dates of permits, as of `today`: it counts where there is no expiry.

    Raises `UnknownError`, `NotInForceError`, `NeverRemindsError` and `InvalidError`.
    """
    version = law.version_for(rule, authority, expires_on or today, issued_on)
    validity = law.rule(rule).validity
    if expires_on is None:
        renewal_test = RenewalTest.of(today, validity, None)
        return PermitDates(version.series, version.key, renewal_test)
    ladder = law.ladder(rule, version, authority, expires_on)
    window, sender = ladder.window, law.sending_office(authority)
    closes_on = window.closes_on
    return PermitDates(
        version.series,
        version.key,
        RenewalTest.of(today, validity, window),
        ladder.slots,
        closes_on=None if window.closing_may_move else closes_on,
        closing_ends_at=sender.to_utc(closes_on + DAY, time(0)),
    )
