"""Years of calendars: the published days, and the office's own over them."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from service.domain.calendars.office_year import CalendarYear
from service.domain.errors import InvalidError, Mistake
from service.domain.formats.calendar_file import YEARS, year_from
from service.domain.formats.raw import label, shown
from service.domain.law_change.edits import Years
from service.domain.lawbook.law import Law
from service.domain.lawbook.year_view import Kind, almanac
from service.web.api.endpoint import endpoint
from service.web.api.law_change.models import ChangeQuery, Impact, impact, make
from service.web.api.parameter_types import Day, Line, Whole
from service.web.api.request_input import Json, Parameters, without_nulls
from service.web.services import Desk

ONE = "/v1/calendars/{code}/{year}"


class YearPath(Parameters):
    """Which year of which calendar."""

    code: Line = Field(description="the code of a calendar", examples=["CN"])
    year: Whole = Field(
        ge=YEARS[0],
        le=YEARS[-1],
        description=f"a year from {YEARS[0]} to {YEARS[-1]}",
        examples=[2027],
    )


class DayOff(BaseModel):
    """A day that is not worked."""

    model_config = ConfigDict(extra="forbid")

    day: Day
    name: str | None = None


class YearFields(BaseModel):
    """The office's days of a year; `calendar` and `year` may repeat the address."""

    model_config = ConfigDict(extra="forbid")

    published: bool = Field(description="true: these are all days of the year's notice")
    source: str = Field(description="where they stand, such as the notice's number")
    off: list[DayOff] | None = None
    worked: list[Day] | None = Field(
        default=None, description="weekend days that are worked (调休)"
    )
    calendar: str | None = None
    year: int | None = None


class YearDay(BaseModel):
    """A day that is not as the week has it."""

    model_config = ConfigDict(from_attributes=True)

    day: date
    kind: Kind
    name: str
    own: bool = Field(description="the office's own rows say so")


class Year(BaseModel):
    """A year of a calendar."""

    model_config = ConfigDict(from_attributes=True)

    calendar: str
    year: int
    published: bool = Field(description="false: dates in it are provisional")
    covered_until: date | None = Field(
        description="until when days are known; null: for ever"
    )
    days: list[YearDay]


@endpoint("GET", ONE, {200: Year}, refusals=(404,))
async def get_year(desk: Desk, path: YearPath) -> Year:
    """Show the days off of a year and the weekend days that are worked."""
    return Year.model_validate(almanac(await desk.laws.law(), path.code, path.year))


@endpoint("PUT", ONE, {200: Impact}, refusals=(404, 409))
async def put_year(
    desk: Desk,
    path: YearPath,
    query: ChangeQuery,
    body: Annotated[Json, YearFields],
    caller: str,
) -> Impact:
    """Install the office's days of a year, and date permits by them.

    They replace what the office had said of that year. 409 where they contradict
    published days, unless forced with a reason, and where the year before is not
    published yet.
    """
    edit = Years([_year(without_nulls(body), path, await desk.laws.law())])
    return impact(await make(desk, edit, query, caller), edit, query)


def _year(body: Json, path: YearPath, law: Law) -> CalendarYear:
    address = {"calendar": law.calendar(path.code).code, "year": path.year}
    mistakes = [
        Mistake(name, shown(body[name]), f"{label(str(said))}, as in the address")
        for name, said in address.items()
        if body.get(name, said) != said
    ]
    try:
        year = year_from({**body, **address}, "calendar", calendars=law.published)
    except InvalidError as error:
        raise InvalidError(error.where, [*mistakes, *error.mistakes]) from None
    if mistakes:
        raise InvalidError("calendar", mistakes)
    return year
