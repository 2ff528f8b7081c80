"""Years of calendars: the published days, and the office's own days."""

from typing import Annotated

from aiohttp import web

from service.domain.calendars.office_year import CalendarYear
from service.domain.errors import InvalidError, Mistake
from service.domain.law_change.edits import CalendarYearsEdit
from service.domain.lawbook.law import Law
from service.domain.lawbook.revisions import calendar_year_revision
from service.domain.lawbook.year_view import view_year
from service.domain.untrusted.text import safe_label, show_private
from service.formats.calendar_year import parse_calendar_year
from service.web.api.calendars.models import Year, YearBody, YearPath
from service.web.api.endpoint import endpoint, json_reply
from service.web.api.law_change.answer import preview_or_apply, to_impact
from service.web.api.law_change.models import ChangeQuery, Impact
from service.web.api.preconditions import Precondition
from service.web.api.request_input import JsonObject, without_nulls
from service.web.services import Services

YEAR_PATH = "/v1/calendars/{code}/{year}"


@endpoint("GET", YEAR_PATH, {200: Year}, error_statuses=(404,), etag=True)
async def get_year(services: Services, path: YearPath) -> web.Response:
    """Show the days off of a year and the weekend days that are worked."""
    law = await services.law_store.current_law()
    shown = Year.model_validate(view_year(law, path.code, path.year))
    return json_reply(shown, revision=_revision(law, path))


@endpoint("PUT", YEAR_PATH, {200: Impact}, error_statuses=(404, 409))
async def put_year(
    services: Services,
    path: YearPath,
    query: ChangeQuery,
    body: Annotated[JsonObject, YearBody],
    *,
    caller: str,
    precondition: Precondition,
) -> Impact:
    """Install the office's days of a year, and date permits by them.

    They replace the days that the office had installed for that year. 409 if they
    contradict published days or take back a published year, unless `force` gives a
    reason, and if they are published before the year that precedes them.
    """
    edit = CalendarYearsEdit(
        [_read_year(without_nulls(body), path, await services.law_store.current_law())]
    )

    def check(before: Law) -> None:
        precondition.check(_revision(before, path))

    changed = await preview_or_apply(services, edit, query, caller, check=check)
    return to_impact(changed, edit, query)


def _revision(law: Law, path: YearPath) -> str:
    return calendar_year_revision(law, law.calendar(path.code).code, path.year)


def _read_year(body: JsonObject, path: YearPath, law: Law) -> CalendarYear:
    address = {"calendar": law.calendar(path.code).code, "year": path.year}
    mistakes = [
        Mistake(
            name,
            show_private(body[name]),
            f"{safe_label(str(value))}, as in the address",
        )
        for name, value in address.items()
        if body.get(name, value) != value
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
