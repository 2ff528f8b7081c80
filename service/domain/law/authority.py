"""A licensing office: its zone, its sending hours, and the name it texts under."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

from service.domain.law.rule import BilingualText, Language

Weekday = Literal[
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
]

WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)
"""By ISO weekday, the first for 1."""


@dataclass(frozen=True, slots=True)
class Authority:
    """An office, the words that its texts use, and the hours in which it sends.

    `code` is its administrative division code (行政区划代码) or another stable
    slug. `sending_days` is "working" (the working days of `calendar`) or the ISO
    weekdays 1..7 on which it texts, between `sends_from` and `sends_until` local
    time. `unqualified_days` decides how days are counted where a law says only 日:
    "safe" takes working days for closings and calendar days for openings, which gives
    the holder the safer date. `margin_working_days` moves the announced closing earlier
    by so many more working days.

    `sent_from` is the phone number or messaging service that sends its texts (None: the
    one of the settings). `messages_per_second` and `segments_per_second` limit that
    sender, `daily_limit` the texts of the office in a day (None: no limit). One phone
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

    def validity_seconds(self, now: datetime, until_at: datetime) -> float:
        """Seconds until the office stops texting today, or until the step ends.

        A text that a carrier holds up must not arrive at night, nor after `until_at`,
        the end of its step. Negative if one of the two has passed.
        """
        today = now.astimezone(self.zone).date()
        ends_at = min(self.to_utc(today, self.sends_until), until_at)
        return (ends_at - now).total_seconds()

    def to_utc(self, day: date, time_of_day: time) -> datetime:
        """Local wall time in UTC; a time that summer time skips becomes a later one."""
        return datetime.combine(day, time_of_day, self.zone).astimezone(UTC)


UnqualifiedDays = Literal["safe", "working", "calendar"]
"""How an office reads 日 without 工作 before it; "safe" gives the safer date."""
