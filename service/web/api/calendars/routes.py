"""Years of calendars: the published days, and the office's own over them."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from service.domain.calendars.office_year import NOTICE_YEARS, CalendarYear
from service.domain.errors import InvalidError, Mistake
from service.domain.formats.calendar_file import parse_calendar_year
from service.domain.law_change.edits import CalendarYearsEdit
from service.domain.lawbook.law import Law
from service.domain.lawbook.year_view import SpecialDayKind, view_year
from service.domain.untrusted.text import safe_label, show_value
from service.web.api.endpoint import endpoint
from service.web.api.law_change.models import (
    ChangeQuery,
    Impact,
    preview_or_apply,
    to_impact,
)
from service.web.api.parameter_types import Day, TextLine, WholeNumber
from service.web.api.request_input import JsonObject, Parameters, without_nulls
from service.web.services import Services

YEAR_PATH = "/v1/calendars/{code}/{year}"


class YearPath(Parameters):
    """Which year of which calendar."""

    code: TextLine = Field(description="the code of a calendar", examples=["CN"])
    year: WholeNumber = Field(
        ge=NOTICE_YEARS[0],
        le=NOTICE_YEARS[-1],
        description=f"a year from {NOTICE_YEARS[0]} to {NOTICE_YEARS[-1]}",
        examples=[2027],
    )


class DayOff(BaseModel):
    """A day that is not worked."""

    model_config = ConfigDict(extra="forbid")

    day: Day = Field(description="the day")
    name: str | None = Field(default=None, description="what it is called")


class YearFields(BaseModel):
    """The office's days of a year; `calendar` and `year` may repeat the address."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "published": False,
                    "source": "office notice 3",
                    "off": [{"day": "2027-03-05", "name": "office closed"}],
                }
            ]
        },
    )

    published: bool = Field(description="true: these are all days of the year's notice")
    source: str = Field(description="where they stand, such as the notice's number")
    off: list[DayOff] | None = Field(
        default=None, description="days that are not worked"
    )
    worked: list[Day] | None = Field(
        default=None, description="weekend days that are worked (调休)"
    )
    calendar: str | None = Field(default=None, description="may repeat the address")
    year: int | None = Field(default=None, description="may repeat the address")


class YearDay(BaseModel):
    """A day that is not as the week has it."""

    model_config = ConfigDict(from_attributes=True)

    day: date = Field(description="the day")
    kind: SpecialDayKind = Field(
        description="off; worked: a weekend day (调休); perhaps off: the year's notice "
        "is not published"
    )
    name: str = Field(description="what it is called")
    own: bool = Field(description="the office's own rows say so")


class Year(BaseModel):
    """A year of a calendar."""

    model_config = ConfigDict(from_attributes=True)

    calendar: str = Field(description="the code of the calendar")
    year: int = Field(description="the year")
    published: bool = Field(description="false: dates in it are provisional")
    covered_until: date | None = Field(
        description="until when days are known; null: for ever"
    )
    days: list[YearDay] = Field(description="in order")


@endpoint("GET", YEAR_PATH, {200: Year}, error_statuses=(404,))
async def get_year(services: Services, path: YearPath) -> Year:
    """Show the days off of a year and the weekend days that are worked."""
    return Year.model_validate(
        view_year(await services.law_store.current_law(), path.code, path.year)
    )


@endpoint("PUT", YEAR_PATH, {200: Impact}, error_statuses=(404, 409))
async def put_year(
    services: Services,
    path: YearPath,
    query: ChangeQuery,
    body: Annotated[JsonObject, YearFields],
    caller: str,
) -> Impact:
    """Install the office's days of a year, and date permits by them.

    They replace the days that the office had installed for that year. 409 if they
    contradict published days, unless `force` gives a reason, and if they are published
    before the year that precedes them.
    """
    edit = CalendarYearsEdit(
        [_read_year(without_nulls(body), path, await services.law_store.current_law())]
    )
    return to_impact(await preview_or_apply(services, edit, query, caller), edit, query)


def _read_year(body: JsonObject, path: YearPath, law: Law) -> CalendarYear:
    address = {"calendar": law.calendar(path.code).code, "year": path.year}
    mistakes = [
        Mistake(
            name, show_value(body[name]), f"{safe_label(str(said))}, as in the address"
        )
        for name, said in address.items()
        if body.get(name, said) != said
    ]
    try:
        year = parse_calendar_year(
            {**body, **address}, "calendar", calendars=law.published_calendars
        )
    except InvalidError as error:
        raise InvalidError(error.where, [*mistakes, *error.mistakes]) from None
    if mistakes:
        raise InvalidError("calendar", mistakes)
    return year
