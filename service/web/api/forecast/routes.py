"""What is to come, counted."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from service.flow.reports.forecast import DEFAULT_DAYS, MAX_DAYS
from service.flow.reports.forecast import forecast_reminders as foretell
from service.web.api.endpoint import endpoint
from service.web.api.parameter_types import TextLine, WholeNumber
from service.web.api.request_input import Parameters
from service.web.services import Services


class ForecastQuery(Parameters):
    """How far ahead, and for whom."""

    days: WholeNumber = Field(
        default=DEFAULT_DAYS,
        ge=1,
        le=MAX_DAYS,
        description=f"a number of days from 1 to {MAX_DAYS}, today being the first",
    )
    authority: TextLine | None = Field(
        default=None,
        description="the code of an office, foretold with all below it; "
        "the settings' one by default",
    )


class ForecastDay(BaseModel):
    """The reminders of one local day."""

    day: date = Field(description="a local day of the office")
    reminders: int = Field(description="件: permits that a step falls due for")
    rules: dict[str, int] = Field(description="the same by permit type")


class Forecast(BaseModel):
    """The coming days, each of them, as the registers stand."""

    authority: str = Field(description="the code of the office, with all below it")
    as_of: datetime = Field(description="when it was computed")
    days: list[ForecastDay] = Field(description="every coming day, today first")


@endpoint("GET", "/v1/forecast", {200: Forecast}, error_statuses=(404,))
async def forecast(services: Services, query: ForecastQuery) -> Forecast:
    """Forecast the reminders of the coming days by permit type, as registers stand now.

    Days are the office's local days. Today is the whole day, with what was sent of it
    and what waits from earlier days. A held reminder counts on the day it is checked
    again.
    """
    law = await services.law_store.current_law()
    office = law.default_authority(query.authority or services.default_authority)
    now = services.clock.now()
    found = await foretell(
        office, query.days, services.law_store, services.forecast_store, services.clock
    )
    days = [ForecastDay.model_validate(one.public_fields()) for one in found]
    return Forecast(authority=office.code, as_of=now, days=days)
