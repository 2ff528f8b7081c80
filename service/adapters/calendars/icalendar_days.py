"""Days off and worked, out of the events of an iCalendar file.

How the public files of China's days off mark a make-up workday (seen in 2026):

- Apple's subscription: `SUMMARY:国庆节（班）` and `X-APPLE-SPECIAL-DAY` with the value
  `ALTERNATE-WORKDAY`, days off `（休）` and `WORK-HOLIDAY`; festivals without days off
  bear no such mark;
- github.com/lanceliao/china-holiday-calender: `SUMMARY:元旦 补班 第1天/共1天`,
  from nine to six, days off `元旦 假期 第1天/共3天`, one event a day;
- github.com/NateScarlet/holiday-cn: `SUMMARY:上班(补元旦假期)`, days off `元旦假期`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from service.adapters.calendars.icalendar import CalendarEvent, IcsLine
from service.domain.calendars.calendar import DAY, is_weekend
from service.domain.calendars.office_year import NOTICE_YEARS
from service.domain.errors import Mistake

LONGEST_BLOCK: Final = timedelta(days=31)
"""No block of days off is longer; what exceeds it is a slip."""

APPLE_DAY_PROPERTY: Final = "X-APPLE-SPECIAL-DAY"
APPLE_DAY_IS_WORKED: Final = {"WORK-HOLIDAY": False, "ALTERNATE-WORKDAY": True}

_WORKED: Final = re.compile(r"班|(?<!non[- ])work(?:ing)?[ -]?day", re.IGNORECASE)
_NOISE: Final = re.compile(r"[（(]休[)）]|\s*第\d+天/共\d+天")


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day of the event that begins on line `at`."""

    line_number: int
    day: date
    name: str
    is_worked: bool


def days_of_events(
    events: Sequence[CalendarEvent], mistakes: list[Mistake]
) -> list[CalendarDay]:
    """Spread events over their days, in the order of the days.

    Every event is days off, unless it is marked as worked or cancelled; where some
    bear Apple's mark, only those count. Adds what is wrong to `mistakes`.
    """
    marked = any(event.first(APPLE_DAY_PROPERTY) for event in events)
    counting = [
        event for event in events if not marked or event.first(APPLE_DAY_PROPERTY)
    ]
    rows = [
        row
        for event in counting
        if event.words("STATUS") != "CANCELLED"
        for row in _days_of_event(event, mistakes)
    ]
    _refuse_contradictions(rows, mistakes)
    return sorted(rows, key=lambda row: row.day)


def _days_of_event(
    event: CalendarEvent, mistakes: list[Mistake]
) -> Iterator[CalendarDay]:
    for name in ("RRULE", "RDATE", "DURATION"):
        if line := event.first(name):
            expected = "each day named by DTSTART and DTEND"
            mistakes.append(Mistake(line.where, line.value, expected))
    first = _first_day(event, mistakes)
    last = first and _last_day(event, first, mistakes)
    if not first or not last:
        return
    name = _NOISE.sub("", event.words("SUMMARY")).strip() or "office"
    is_worked = _is_worked(event, mistakes)
    for step in range((last - first).days + 1):
        yield CalendarDay(event.line_number, first + step * DAY, name, is_worked)


def _is_worked(event: CalendarEvent, mistakes: list[Mistake]) -> bool:
    mark = event.first(APPLE_DAY_PROPERTY)
    if mark is None:
        words = f"{event.words('SUMMARY')}\n{event.words('CATEGORIES')}"
        return bool(_WORKED.search(words))
    if mark.value not in APPLE_DAY_IS_WORKED:
        expected = " or ".join(APPLE_DAY_IS_WORKED)
        mistakes.append(Mistake(mark.where, mark.value, expected))
    return APPLE_DAY_IS_WORKED.get(mark.value, False)


def _first_day(event: CalendarEvent, mistakes: list[Mistake]) -> date | None:
    if line := event.first("DTSTART"):
        found = _moment(event, line, mistakes)
        return found and _day(found)
    where = f"line {event.line_number}: DTSTART"
    mistakes.append(Mistake(where, "nothing", "the first day"))
    return None


def _last_day(
    event: CalendarEvent, first: date, mistakes: list[Mistake]
) -> date | None:
    """Find the last day: DTEND is the day after it, or a time on it (3.6.1)."""
    line = event.first("DTEND")
    end = _moment(event, line, mistakes) if line else first
    if line is None or end is None:
        return end
    if not first <= _day(end) <= first + LONGEST_BLOCK:
        expected = f"a day from {first} to {first + LONGEST_BLOCK}"
        mistakes.append(Mistake(line.where, line.value, expected))
        return None
    ends_within = isinstance(end, datetime) and end.time() != time.min
    return _day(end) if ends_within else max(first, _day(end) - DAY)


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _moment(
    event: CalendarEvent, line: IcsLine, mistakes: list[Mistake]
) -> date | None:
    found = event.moment(line)
    if found and found.year in NOTICE_YEARS:
        return found
    expected = (
        f"a day like 20261231, or a local time on it like 20261231T090000, "
        f"from {NOTICE_YEARS[0]} to {NOTICE_YEARS[-1]}"
    )
    mistakes.append(Mistake(line.where, line.value, expected))
    return None


def _refuse_contradictions(
    rows: Sequence[CalendarDay], mistakes: list[Mistake]
) -> None:
    off = {row.day: row.line_number for row in rows if not row.is_worked}
    for row in rows:
        if row.is_worked and (row.day in off or not is_weekend(row.day)):
            also = f", not off by line {off[row.day]}" if row.day in off else ""
            expected = f"a make-up workday on a Saturday or Sunday{also}"
            mistakes.append(
                Mistake(f"line {row.line_number}: worked", str(row.day), expected)
            )
