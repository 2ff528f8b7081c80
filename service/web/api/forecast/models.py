"""Models of the forecast: parameters and answer."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from service.flow.reports.forecast import DEFAULT_DAYS, MAX_DAYS
from service.web.api.parameter_types import TextLine, WholeNumber
from service.web.api.request_input import Parameters


class ForecastQuery(Parameters):
    """How many days, for which authority."""

    days: WholeNumber = Field(
        default=DEFAULT_DAYS,
        ge=1,
        le=MAX_DAYS,
        description=f"a number of days from 1 to {MAX_DAYS}, today being the first",
    )
    authority: TextLine | None = Field(
        default=None,
        description="the code of an authority, all below it included; "
        "the one in the settings by default",
    )


class ForecastDay(BaseModel):
    """The reminders of one local day."""

    day: date = Field(description="a local day of the office")
    reminders: int = Field(
        description="件: reminders that fall due, one per permit and step"
    )
    rules: dict[str, int] = Field(
        description="the reminders of each permit type, by its code"
    )


class Forecast(BaseModel):
    """The reminders of each coming day, computed from the registered permits."""

    authority: str = Field(
        description="the code of the authority; all below it are included"
    )
    as_of: datetime = Field(description="when it was computed")
    days: list[ForecastDay] = Field(description="every coming day, today first")
