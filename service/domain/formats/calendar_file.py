"""An office's days of a year as parsed TOML or JSON become a CalendarYear."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Final

from service.domain.calendars.calendar import is_weekend
from service.domain.calendars.office_year import (
    DECEMBER_REACH,
    NOTICE_YEARS,
    CalendarYear,
)
from service.domain.errors import InvalidError
from service.domain.formats import values as reader
from service.domain.formats.table import Table

MAX_ROWS: Final = 366
"""Rows of one kind: more than a day each is a slip."""


def parse_calendar_year(
    values: Mapping[str, object], where: str, *, calendars: Collection[str]
) -> CalendarYear:
    """Read a year from a file or a request.

    Raises `InvalidError` at `where` with all the mistakes: unknown keys, values of
    the wrong form, a calendar not among the known, days outside the year (29 to 31
    December before it belong to it), a day named twice, a notice without days off or
    with workdays that are worked anyway.
    """
    table = Table("", values)
    year = table.read("year", _year)
    published = table.read("published", reader.flag)
    off = _off(table, least=1 if published else 0)
    worked = _worked(table)
    found = CalendarYear(
        calendar=table.read("calendar", reader.one_of(calendars)),
        year=year,
        off={day: name for _, day, name in off},
        worked=frozenset(day for _, day in worked),
        published=published,
        source=table.read("source", reader.text),
    )
    table.refuse_unread()
    _refuse_days(table, year, [*((key, day) for key, day, _ in off), *worked])
    if published:
        _refuse_weekdays(table, worked)
    if table.mistakes:
        raise InvalidError(where, table.mistakes)
    return found


def _year(value: object) -> int:
    if value in NOTICE_YEARS and isinstance(value, int):
        return value
    expected = f"a year from {NOTICE_YEARS[0]} to {NOTICE_YEARS[-1]}"
    raise reader.ExpectedError(expected)


def _few(value: object) -> bool:
    if isinstance(value, list) and len(value) > MAX_ROWS:
        expected = f"at most {MAX_ROWS} of them"
        raise reader.ExpectedError(expected)
    return True


def _off(table: Table, *, least: int) -> Sequence[tuple[str, date, str]]:
    if not table.read("off", _few, default=True):
        return ()
    return table.tables("off", _day_off, least=least)


def _day_off(table: Table) -> tuple[str, date, str]:
    name = table.read("name", reader.text, default="office")
    return f"{table.path}.day", table.read("day", reader.day), name


def _worked(table: Table) -> list[tuple[str, date]]:
    if not table.read("worked", _few, default=True):
        return []
    listed = table.read("worked", _dates, default=())
    values = {f"worked[{at}]": day for at, day in enumerate(listed or (), start=1)}
    days = Table("", values)
    found = [(key, days.read(key, reader.day)) for key in values]
    table.mistakes += days.mistakes
    return found


def _dates(value: object) -> Sequence[object]:
    if isinstance(value, list):
        return value
    expected = "a list of dates like 2026-12-31"
    raise reader.ExpectedError(expected)


def _refuse_days(
    table: Table, year: int | None, days: Sequence[tuple[str, date | None]]
) -> None:
    seen = dict[date, str]()
    for key, day in days:
        if year is None or day is None:
            continue
        first = date(year, 1, 1) - DECEMBER_REACH
        if not first <= day <= date(year, 12, 31):
            table.add_mistake(key, day, f"a day from {first} to {year}-12-31")
        elif day in seen:
            table.add_mistake(key, day, f"another day than {seen[day]}")
        seen.setdefault(day, key)


def _refuse_weekdays(table: Table, worked: Sequence[tuple[str, date | None]]) -> None:
    for key, day in worked:
        if day is not None and not is_weekend(day):
            table.add_mistake(
                key, day, "a Saturday or Sunday: other days are worked anyway"
            )


def calendar_year_to_dict(office_year: CalendarYear) -> dict[str, object]:
    """Say a year as `year_from` reads it, in nothing but what JSON knows."""
    return {
        "calendar": office_year.calendar,
        "year": office_year.year,
        "published": office_year.published,
        "source": office_year.source,
        "off": [
            {"day": str(day), "name": office_year.off[day]}
            for day in sorted(office_year.off)
        ],
        "worked": [str(day) for day in sorted(office_year.worked)],
    }
