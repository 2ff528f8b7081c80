"""The forecast of reminders by day."""

from service.flow.reports.forecast import forecast_reminders
from service.web.api.authority_scope import requested_authority
from service.web.api.endpoint import endpoint
from service.web.api.forecast.models import Forecast, ForecastDay, ForecastQuery
from service.web.services import Services


@endpoint("GET", "/v1/forecast", {200: Forecast}, error_statuses=(404,))
async def forecast(services: Services, query: ForecastQuery) -> Forecast:
    """Forecast the reminders of the coming days by permit type, as registers stand now.

    Days are the office's local days. Today is the whole day, with what was sent of it
    and what waits from earlier days. A held reminder counts on the day it is checked
    again.
    """
    _, office = await requested_authority(services, query.authority)
    now = await services.forecast_store.known_until(services.clock.now())
    found = await forecast_reminders(
        office, query.days, services.law_store, services.forecast_store, services.clock
    )
    days = [ForecastDay.model_validate(one.public_fields()) for one in found]
    return Forecast(authority=office.code, as_of=now, days=days)
