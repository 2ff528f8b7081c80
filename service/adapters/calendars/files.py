"""An office's own days from disk: a year as TOML, or years as iCalendar (.ics).

```toml
calendar = "CN"
year = 2027
published = true            # the year's notice is out, and this is all of it;
source = "国办发明电〔…〕…号"   # false: only days that this office adds or takes away
worked = [2027-02-20]
[[off]]
day = 2027-02-05
name = "春节"
```
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path

from service.adapters.calendars.icalendar import IcsLine, read_ics
from service.adapters.calendars.icalendar_days import CalendarDay, days_of_events
from service.adapters.files.read import read_file, read_toml
from service.domain.calendars.office_year import DECEMBER_REACH, CalendarYear
from service.domain.errors import InvalidError, Mistake
from service.formats.calendar_year import parse_calendar_year


def read_years(
    path: Path,
    *,
    calendars: Collection[str],
    calendar: str | None = None,
    published: bool = False,
) -> list[CalendarYear]:
    """Read the years of a file in their order.

    A .toml file holds one year (`parse_calendar_year`). An .ics file states neither its
    calendar nor whether it is complete: its days belong to `calendar`, or to the one
    that X-WR-CALNAME names; it is `published` where it holds all days of its years'
    notices. Days from 29 December on belong to the next year. Raises `SetUpError` for
    a file that cannot be read, and `InvalidError` with all the mistakes, each with key
    or line.
    """
    kind = path.suffix.lower()
    if kind == ".ics":
        return _read_icalendar(path, calendar, published=published, calendars=calendars)
    if kind != ".toml":
        mistake = Mistake("file", path.name, "a .toml or .ics file")
        raise InvalidError(str(path), [mistake])
    if calendar is not None or published:
        mistake = Mistake("calendar and published", "options", "keys of the .toml file")
        raise InvalidError(str(path), [mistake])
    return [parse_calendar_year(read_toml(path), str(path), calendars=calendars)]


def _read_icalendar(
    path: Path, calendar: str | None, *, published: bool, calendars: Collection[str]
) -> list[CalendarYear]:
    mistakes = list[Mistake]()
    feed = read_ics(read_file(path), str(path))
    rows = days_of_events(feed.events, mistakes)
    code = _calendar_code(calendar, feed.name, calendars, mistakes)
    if not rows and not mistakes:
        mistakes.append(
            Mistake("file", "no days off", "an event for each block of them")
        )
    if mistakes:
        raise InvalidError(str(path), mistakes)
    said = {"calendar": code, "published": published, "source": path.name}
    return [
        parse_calendar_year(
            said | values, f"{path}: {values['year']}", calendars=calendars
        )
        for values in _year_tables(rows)
    ]


def _calendar_code(
    calendar: str | None,
    name: IcsLine | None,
    calendars: Collection[str],
    mistakes: list[Mistake],
) -> str:
    code = calendar or (name.value if name else "")
    if code not in calendars:
        where = "calendar" if calendar or not name else name.where
        expected = f"one of {', '.join(sorted(calendars))}, here or beside the file"
        mistakes.append(Mistake(where, f'"{code}"' if code else "nothing", expected))
    return code


def _year_tables(rows: Sequence[CalendarDay]) -> Iterator[dict[str, object]]:
    for year, listed in groupby(rows, lambda row: (row.day + DECEMBER_REACH).year):
        off = dict[date, list[str]]()
        worked = set[date]()
        for row in listed:
            if row.is_worked:
                worked.add(row.day)
            else:
                off.setdefault(row.day, []).append(row.name)
        yield {
            "year": year,
            "off": [{"day": day, "name": _join_names(off[day])} for day in off],
            "worked": sorted(worked),
        }


def _join_names(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(names))
