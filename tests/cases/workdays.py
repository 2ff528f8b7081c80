"""Working days without the service: by notice, by statute, or by a guess."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from typing import Final

import chinese_calendar
from chinese_calendar import constants

Works = Callable[[date], bool]

DAY: Final = timedelta(days=1)
PUBLISHED: Final = date(2026, 12, 31)
"""The last day in China that a notice decides on."""

MON, THU, SAT, SUN = 0, 3, 5, 6

FIXED: Final = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
FLOATING: Final = (
    (1, MON, 3),
    (2, MON, 3),
    (5, MON, -1),
    (9, MON, 1),
    (10, MON, 2),
    (11, THU, 4),
)
"""America's moving holidays, 5 U.S.C. 6103: month, weekday, and which one."""

JUNETEENTH: Final = date(2021, 6, 18)
"""The first Juneteenth, on Saturday the 19th, observed the day before."""

PROCLAIMED: Final = frozenset({date(2023, 5, 8)})
"""Britain's only extra holiday since the Queen's funeral: the coronation."""

FESTIVALS: Final = {
    "New Year's Day": ("2024-01-01", "2025-01-01", "2026-01-01", "2027-01-01"),
    "Spring Festival": ("2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06"),
    "Tomb-sweeping Day": ("2024-04-04", "2025-04-04", "2026-04-05", "2027-04-05"),
    "Labour Day": ("2024-05-01", "2025-05-01", "2026-05-01", "2027-05-01"),
    "Dragon Boat Festival": ("2024-06-10", "2025-05-31", "2026-06-19", "2027-06-09"),
    "Mid-autumn Festival": ("2024-09-17", "2025-10-06", "2026-09-25", "2027-09-15"),
    "National Day": ("2024-10-01", "2025-10-01", "2026-10-01", "2027-10-01"),
}
"""The day of each festival by year; lunar ones are from an almanac."""


class UnpublishedError(Exception):
    """Nobody has published yet whether the day is a working day."""


def china(day: date) -> bool:
    """Whether a notice makes it a working day; raises `UnpublishedError`."""
    if day > PUBLISHED:
        raise UnpublishedError(day)
    return bool(chinese_calendar.is_workday(day))


def america(day: date) -> bool:
    """Whether it is a federal working day."""
    return day.weekday() < SAT and day not in _federal(day.year)


def britain(day: date) -> bool:
    """Whether it is a working day in England and Wales."""
    return day.weekday() < SAT and day not in _bank(day.year)


@cache
def _federal(year: int) -> frozenset[date]:
    holidays = {date(at, month, day) for at in (year, year + 1) for month, day in FIXED}
    observed = {day - DAY if day.weekday() == SAT else day for day in holidays}
    observed = {day + DAY if day.weekday() == SUN else day for day in observed}
    floating = {_nth(year, *which) for which in FLOATING}
    return frozenset(
        day
        for day in observed | floating
        if day.month != JUNETEENTH.month or day >= JUNETEENTH
    )


@cache
def _bank(year: int) -> frozenset[date]:
    good_friday = _easter(year) - 2 * DAY
    bank = {good_friday, good_friday + 3 * DAY}
    bank |= {
        _nth(year, month, MON, which) for month, which in ((5, 1), (5, -1), (8, -1))
    }
    for month, day in ((1, 1), (12, 25), (12, 26)):
        substitute = date(year, month, day)
        while substitute.weekday() >= SAT or substitute in bank:
            substitute += DAY
        bank.add(substitute)
    return frozenset(bank | PROCLAIMED)


def _easter(year: int) -> date:
    """Find Easter Sunday (the anonymous Gregorian reckoning, Nature 1876)."""
    golden, century, rest = year % 19, year // 100, year % 100
    shift = (8 * century + 13) // 25
    epact = (19 * golden + century - century // 4 - shift + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 19 * week) // 433
    month = (epact + week - 7 * late + 90) // 25
    return date(year, month, (epact + week - 7 * late + 33 * month + 19) % 32)


def _nth(year: int, month: int, weekday: int, which: int) -> date:
    first = date(year, month, 1)
    days = [first + n * DAY for n in range(31)]
    found = [one for one in days if one.month == month and one.weekday() == weekday]
    return found[which if which < 0 else which - 1]


def arranged_like(year: int) -> Works:
    """China's working days with 2027 arranged around its festivals as `year` was."""
    off, worked = _moved(year, constants.holidays), _moved(year, constants.workdays)

    def works(day: date) -> bool:
        if day <= PUBLISHED:
            return bool(chinese_calendar.is_workday(day))
        return day not in off and (day.weekday() < SAT or day in worked)

    return works


def _moved(year: int, arranged: dict[date, str]) -> set[date]:
    """Move a year's days around its festivals to those of 2027."""
    by = {
        name: date.fromisoformat(days[-1]) - date.fromisoformat(days[year - 2024])
        for name, days in FESTIVALS.items()
    }
    return {day + by[name] for day, name in arranged.items() if day.year == year}
