"""Public holidays of the `holidays` library as calendars of the domain.

Those of the United States, and of England and Wales, are computed by law and known
for ever. China moves weekends by a notice each autumn
(国务院办公厅关于…部分节假日安排的通知); the library has the notices since 2001, and
for years without one only the statutory days of 全国年节及纪念日放假办法. Days before
2001 are those days and weekends: nobody is reminded of them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import MappingProxyType
from typing import Final

import holidays
from holidays import HolidayBase

from service.domain.calendars.calendar import DAY, SATURDAY, Calendar, build_calendar
from service.domain.calendars.office_year import last_day_of_notice

YEARS: Final = range(1980, 2101)
"""The library's tables of the lunar calendar end with 2100."""

LONGEST_BLOCKS: Final = {
    "New Year's Day": (2, 2),
    "Chinese New Year": (2, 7),
    "Tomb-Sweeping Day": (2, 2),
    "Labor Day": (2, 4),
    "Dragon Boat Festival": (2, 2),
    "Mid-Autumn Festival": (2, 2),
    "National Day": (0, 7),
}
"""How many days around its first statutory day a notice took off at most since 2014.

Spring Festival ran from two days before (2026) to seven days after (2024), National
Day to the eighth of October when Mid-Autumn fell beside it (2017, 2020, 2025).
"""

MAKE_UP_REACH: Final = 14
"""Days; no make-up workday since 2014 lay further than 11 from a statutory day."""

_STEPS_TO_WEEKEND_DAYS: Final = [
    [
        step * DAY
        for step in range(-MAKE_UP_REACH, MAKE_UP_REACH + 1)
        if (day + step) % 7 >= SATURDAY
    ]
    for day in range(7)
]
"""The steps from a day of each weekday to the weekend days within reach."""

_BRACKETED: Final = re.compile(r" \(.*?\)")


class _Calendars(Mapping[str, Calendar]):
    """Every calendar by code, built when it is first asked for; some may be given."""

    def __init__(self, given: Mapping[str, Calendar] = MappingProxyType({})) -> None:
        self._given = given

    def __getitem__(self, code: str) -> Calendar:
        return self._given.get(code) or _build(code)

    def __contains__(self, code: object) -> bool:
        return code in _BUILDERS

    def __iter__(self) -> Iterator[str]:
        return iter(_BUILDERS)

    def __len__(self) -> int:
        return len(_BUILDERS)


@cache
def calendars() -> Mapping[str, Calendar]:
    """Give every calendar there is, by code; each is built once, when asked for."""
    return _Calendars()


def calendars_known_until(
    known_until: Mapping[str, date | None],
) -> Mapping[str, Calendar]:
    """Give every calendar as it was when its days were known until then.

    What follows from the law alone is given as it is known today.
    """
    china_until = known_until.get("CN")
    return _Calendars({"CN": china(china_until.year)}) if china_until else calendars()


def great_britain() -> Calendar:
    """Give the working days of England and Wales.

    Bank holidays follow from the law; a single one that is proclaimed (the
    coronation of 2023) is there once the library knows it.
    """
    found = _country("united_kingdom", "GB")(subdiv="ENG", years=YEARS)
    return build_calendar(
        "GB", YEARS, {day: _strip_brackets(name) for day, name in found.items()}
    )


def united_states() -> Calendar:
    """Give the federal working days of the United States."""
    found = _country("united_states", "US")(years=YEARS)
    return build_calendar(
        "US", YEARS, {day: _strip_brackets(name) for day, name in found.items()}
    )


def china(published_through: int) -> Calendar:
    """Give China's working days as if notices after that year were not out yet."""
    found = _chinese_holidays()
    known_until = last_day_of_notice(published_through)
    statutory = {day for day, name in found.items() if _is_statutory(name)}
    days_off = {
        day: _strip_brackets(name)
        for day, name in found.items()
        if day <= known_until or day in statutory
    }
    return build_calendar(
        "CN",
        YEARS,
        days_off,
        worked=[day for day in found.weekend_workdays if day <= known_until],
        covered_until=known_until,
        maybe_off=dict(
            _possible_days_off({day: days_off[day] for day in sorted(statutory)})
        ),
        maybe_working=_possible_workdays(statutory),
    )


def last_published_year() -> int:
    """Find the last year whose notice the library knows: none came without 调休."""
    return max(day.year for day in _chinese_holidays().weekend_workdays)


@cache
def _chinese_holidays() -> HolidayBase:
    return _country("china", "CN")(years=YEARS, language="en_US")


def _country(module: str, name: str) -> type[HolidayBase]:
    """Load one country from its file: its package imports all 251, 7 MiB of them."""
    file = Path(holidays.__file__).with_name("countries") / f"{module}.py"
    spec = spec_from_file_location(f"service_holidays_{module}", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file}: no module of holidays here", path=str(file))
    loaded = module_from_spec(spec)
    spec.loader.exec_module(loaded)
    country: type[HolidayBase] = getattr(loaded, name)
    return country


def _is_statutory(name: str) -> bool:
    parts = name.split("; ")
    return any(not part.startswith("Day off") and "obs" not in part for part in parts)


def _strip_brackets(name: str) -> str:
    return _BRACKETED.sub("", name)


def _possible_days_off(statutory: Mapping[date, str]) -> Iterator[tuple[date, str]]:
    """Span the longest block around the first day of each festival of each year."""
    seen = set[tuple[str, int]]()
    for day, name in statutory.items():
        for festival in set(name.split("; ")) & LONGEST_BLOCKS.keys():
            if (festival, day.year) not in seen:
                seen.add((festival, day.year))
                before, after = LONGEST_BLOCKS[festival]
                for offset in range(-before, after + 1):
                    yield day + offset * DAY, f"perhaps {festival}"


def _possible_workdays(statutory: set[date]) -> set[date]:
    """List the weekend days that a notice may turn into workdays."""
    near = {
        day + step
        for day in statutory
        for step in _STEPS_TO_WEEKEND_DAYS[day.weekday()]
    }
    return near - statutory


_BUILDERS: Final[Mapping[str, Callable[[], Calendar]]] = {
    "CN": lambda: china(last_published_year()),
    "GB": great_britain,
    "US": united_states,
}


@cache
def _build(code: str) -> Calendar:
    return _BUILDERS[code]()
