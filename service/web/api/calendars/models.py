"""Models of a year of a calendar: request body, answer, parameters."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from service.domain.calendars.office_year import NOTICE_YEARS
from service.domain.lawbook.year_view import SpecialDayKind
from service.formats.calendar_year import YearFields
from service.web.api.parameter_types import TextLine, WholeNumber
from service.web.api.request_input import Parameters


class YearPath(Parameters):
    """The address of one year of a calendar."""

    code: TextLine = Field(description="the code of a calendar", examples=["CN"])
    year: WholeNumber = Field(
        ge=NOTICE_YEARS[0],
        le=NOTICE_YEARS[-1],
        description=f"a year from {NOTICE_YEARS[0]} to {NOTICE_YEARS[-1]}",
        examples=[2027],
    )


class YearBody(YearFields):
    """The office's own days of a year."""

    model_config = ConfigDict(
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

    calendar: str | None = Field(
        default=None, description="may repeat the code in the address"
    )
    year: Annotated[int, Field(ge=NOTICE_YEARS[0], le=NOTICE_YEARS[-1])] | None = Field(
        default=None, description="may repeat the year in the address"
    )


class YearDay(BaseModel):
    """A weekday off, or a weekend day that is worked."""

    model_config = ConfigDict(from_attributes=True)

    day: date = Field(description="the day")
    kind: SpecialDayKind = Field(
        description="off; worked (a weekend day, 调休); or perhaps off (the notice of "
        "the "
        "year is not published)"
    )
    name: str = Field(description="the name of the day")
    own: bool = Field(description="true if the office installed the day itself")


class Year(BaseModel):
    """A year of a calendar."""

    model_config = ConfigDict(from_attributes=True)

    calendar: str = Field(description="the code of the calendar")
    year: int = Field(description="the year")
    published: bool = Field(
        description="false: closing dates in this year are provisional"
    )
    covered_until: date | None = Field(
        description="the last day that is known; null if there is no limit"
    )
    days: list[YearDay] = Field(description="the days, in order")
