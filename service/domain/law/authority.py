"""A licensing office: where it is, when it may text, in whose name."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from service.domain.law.rule import BilingualText, Language


@dataclass(frozen=True, slots=True)
class Authority:
    """An office and the words and hours it sends with.

    `code` is its administrative division code (行政区划代码) or another stable
    slug. `sending_days` is "working" (the working days of `calendar`) or the ISO
    weekdays 1..7 on which it texts, between `sends_from` and `sends_until` local
    time. `unqualified_days` decides how a bare 日 in a law is counted: "safe" takes
    working days for closings and calendar days for openings, whichever tells the
    holder the safer date. `margin_working_days` moves told closings earlier still.

    `sent_from` is the phone number or messaging service its texts come from; None: the
    settings' one. A sender starts no more texts and segments a second than it may, an
    office no more texts a day than `daily_limit`; None: as many as there are. One phone
    gets at most `recipient_daily_limit` texts a day.
    """

    code: str
    name: BilingualText
    zone: ZoneInfo
    calendar: str
    signature: BilingualText
    apply_at: BilingualText
    helpline: str
    opt_out: BilingualText
    sends_from: time = time(9, 30)
    sends_until: time = time(17, 30)
    sending_days: Literal["working"] | frozenset[int] = "working"
    language: Language = "zh"
    unqualified_days: Literal["safe", "working", "calendar"] = "safe"
    margin_working_days: int = 0
    parent: str | None = None
    sends: bool = True
    sent_from: str | None = None
    messages_per_second: float | None = None
    segments_per_second: float | None = None
    daily_limit: int | None = None
    recipient_daily_limit: int = 2

    def sends_on(self, day: date, working_days: Container[date]) -> bool:
        """Whether the office texts on a local date, given its working days."""
        if self.sending_days == "working":
            return day in working_days
        return day.isoweekday() in self.sending_days

    def next_sending_at(self, now: datetime, working_days: Container[date]) -> datetime:
        """First instant at or after `now` at which the office texts."""
        local = now.astimezone(self.zone)
        day = local.date()
        if self.sends_on(day, working_days):
            if local.time() < self.sends_from:
                return self.to_utc(day, self.sends_from)
            if local.time() < self.sends_until:
                return now
        day += timedelta(days=1)
        while not self.sends_on(day, working_days):
            day += timedelta(days=1)
        return self.to_utc(day, self.sends_from)

    def day_start(self, instant: datetime) -> datetime:
        """The office's midnight before an instant, in UTC."""
        return self.to_utc(instant.astimezone(self.zone).date(), time())

    def to_utc(self, day: date, time_of_day: time) -> datetime:
        """Local wall time in UTC; one that summer time skips comes later."""
        return datetime.combine(day, time_of_day, self.zone).astimezone(UTC)


UnqualifiedDays = Literal["safe", "working", "calendar"]
"""How an office reads a bare 日; "safe" is whichever tells the safer date."""
