"""A calendar file: the days off and the make-up workdays of a year."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
)

from service.domain.calendars.calendar import is_weekend
from service.domain.calendars.office_year import (
    DECEMBER_REACH,
    NOTICE_YEARS,
    CalendarYear,
)
from service.formats.field_types import Day, Line, Rows
from service.formats.file_model import (
    Expected,
    FileContext,
    FileModel,
    Finding,
    Path,
    expected,
    refuse,
)
from service.formats.parse import parse

MAX_ROWS: Final = 366
"""Rows of one kind: more than a day each is a slip."""

_FIRST, _LAST = NOTICE_YEARS[0], NOTICE_YEARS[-1]


@dataclass(frozen=True, slots=True)
class YearContext(FileContext):
    """What each day is checked against: the codes of calendars, and the year's kind."""

    calendars: Collection[str]
    year: object
    published: bool


def _known_calendar(code: str, info: ValidationInfo) -> str:
    context = info.context
    if isinstance(context, YearContext) and code not in context.calendars:
        raise expected(f"one of {', '.join(sorted(context.calendars))}")
    return code


def _within_year(day: date, info: ValidationInfo) -> date:
    year = info.context.year if isinstance(info.context, YearContext) else None
    if isinstance(year, int) and year in NOTICE_YEARS:
        first = date(year, 1, 1) - DECEMBER_REACH
        if not first <= day <= date(year, 12, 31):
            raise expected(f"a day from {first} to {year}-12-31")
    return day


def _make_up_workday(day: date, info: ValidationInfo) -> date:
    context = info.context
    if isinstance(context, YearContext) and context.published and not is_weekend(day):
        raise expected("a Saturday or Sunday: other days are worked anyway")
    return day


def _few(rows: object) -> object:
    if isinstance(rows, list) and len(rows) > MAX_ROWS:
        raise expected(f"at most {MAX_ROWS} of them")
    return rows


def _dates(rows: object) -> object:
    if not isinstance(rows, list):
        raise expected("a list of dates like 2026-12-31")
    return rows


DayOfYear = Annotated[Day, AfterValidator(_within_year)]


class DayOff(FileModel):
    """A day that is not worked."""

    day: DayOfYear = Field(description="the day")
    name: Line | None = Field(
        default=None, description="what it is called; office unless given"
    )


class YearFields(FileModel):
    """The days of a year, its calendar and number aside."""

    published: bool = Field(
        description="true: these are all days of the year's notice; false: only days "
        "that this office adds or takes away"
    )
    source: Line = Field(description="where they stand, such as the notice's number")
    off: (
        Annotated[Rows[DayOff], Field(max_length=MAX_ROWS), BeforeValidator(_few)]
        | None
    ) = Field(
        default=None,
        validate_default=True,
        description="days that are not worked; a published year has some",
    )
    worked: (
        Annotated[
            Rows[Annotated[DayOfYear, AfterValidator(_make_up_workday)]],
            Field(max_length=MAX_ROWS),
            BeforeValidator(_few),
            BeforeValidator(_dates),
        ]
        | None
    ) = Field(default=None, description="weekend days that are worked (调休)")

    @field_validator("off")
    @classmethod
    def _each_day_off_once(
        cls, off: tuple[DayOff, ...] | None, info: ValidationInfo
    ) -> tuple[DayOff, ...] | None:
        if info.data.get("published") and not off:
            raise expected("a list of 1 or more tables")
        days = [((at, "day"), one.day) for at, one in enumerate(off or ())]
        refuse(_doubled(days, {}, "off[{}].day"))
        return off

    @field_validator("worked")
    @classmethod
    def _each_workday_once(
        cls, worked: tuple[date, ...] | None, info: ValidationInfo
    ) -> tuple[date, ...] | None:
        off = enumerate(info.data.get("off") or (), start=1)
        taken = {one.day: f"off[{at}].day" for at, one in off}
        days = [((at,), day) for at, day in enumerate(worked or ())]
        refuse(_doubled(days, taken, "worked[{}]"))
        return worked


class YearName(FileModel):
    """The calendar and the year that a file is about."""

    calendar: Annotated[Line, AfterValidator(_known_calendar)] = Field(
        description="the code of the calendar they belong to", examples=["CN"]
    )
    year: Annotated[
        int,
        Field(ge=_FIRST, le=_LAST),
        Expected(f"a year from {_FIRST} to {_LAST}"),
    ] = Field(description="the year; from 29 December before it on", examples=[2027])


class YearFile(YearFields, YearName):
    """The days of a year of a calendar."""

    def to_domain(self) -> CalendarYear:
        """The year as it is laid over its calendar."""
        return CalendarYear(
            calendar=self.calendar,
            year=self.year,
            off={one.day: one.name or "office" for one in self.off or ()},
            worked=frozenset(self.worked or ()),
            published=self.published,
            source=self.source,
        )


def _doubled(
    days: Sequence[tuple[Path, date]], taken: Mapping[date, str], named: str
) -> Iterator[Finding]:
    """Find the days that stand there already; each place is named by its number."""
    seen = dict(taken)
    for at, (key, day) in enumerate(days, start=1):
        if day in seen:
            yield key, day, f"another day than {seen[day]}"
        seen.setdefault(day, named.format(at))


def parse_calendar_year(
    values: Mapping[str, object],
    where: str,
    *,
    calendars: Collection[str],
    already_checked: bool = False,
) -> CalendarYear:
    """Read a year from a file, a request or the database.

    Raises `InvalidError` at `where` with all the mistakes: unknown keys, values of
    the wrong form, a calendar not among the known, days outside the year (29 to 31
    December before it belong to it), a day named twice, a notice without days off or
    with workdays that are worked anyway. A stored year is `already_checked`: its lines
    may be longer than new ones.
    """
    context = YearContext(
        calendars,
        values.get("year"),
        published=values.get("published") is True,
        already_checked=already_checked,
    )
    return parse(YearFile, values, where, context).to_domain()
