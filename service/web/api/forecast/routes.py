"""What is to come, counted."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from service.flow.reports.forecast import DAYS, MOST
from service.flow.reports.forecast import forecast as foretell
from service.web.api.endpoint import endpoint
from service.web.api.parameter_types import Line, Whole
from service.web.api.request_input import Parameters
from service.web.services import Desk


class ForecastQuery(Parameters):
    """How far ahead, and for whom."""

    days: Whole = Field(
        default=DAYS,
        ge=1,
        le=MOST,
        description=f"a number of days from 1 to {MOST}, today being the first",
    )
    authority: Line | None = Field(
        default=None,
        description="the code of an office, foretold with all below it; "
        "the settings' one by default",
    )


class ForecastDay(BaseModel):
    """The reminders of one local day."""

    day: date
    reminders: int = Field(description="件: permits that a step falls due for")
    rules: dict[str, int] = Field(description="the same by permit type")


class Forecast(BaseModel):
    """The coming days, each of them, as the registers stand."""

    authority: str
    as_of: datetime
    days: list[ForecastDay]


@endpoint("GET", "/v1/forecast", {200: Forecast}, refusals=(404,))
async def forecast(desk: Desk, query: ForecastQuery) -> Forecast:
    """Foretell the reminders of the coming days by permit type.

    Today's are those of the whole day, with what waits from earlier days.
    """
    law = await desk.laws.law()
    office = law.default_authority(query.authority or desk.default_authority)
    now = desk.clock.now()
    found = await foretell(office, query.days, desk.laws, desk.forecasting, desk.clock)
    days = [ForecastDay.model_validate(one.told()) for one in found]
    return Forecast(authority=office.code, as_of=now, days=days)
