"""Take over a newer release of the published holidays."""

from collections.abc import Callable, Mapping
from datetime import date

from service.domain.calendars.calendar import Calendar
from service.domain.law_change.edits import HolidaysEdit
from service.flow.law_change.change import ChangeResult, ChangeStore, apply_change
from service.flow.ports import Clock

CalendarsAsOf = Callable[[Mapping[str, date | None]], Mapping[str, Calendar]]
"""Gives each published calendar as it was at its former `covered_until`."""


async def refresh_holidays(
    store: ChangeStore, clock: Clock, calendars_as_of: CalendarsAsOf, *, by: str
) -> ChangeResult | None:
    """Compute all dates again by the calendars of today; None if none has changed.

    Objections do not stop it, because a date known to be wrong is worse. Permits that
    were announced too late a day get a correction.
    """
    covered_until = await store.outdated_calendars()
    if covered_until is None:
        return None
    edit = HolidaysEdit(calendars_as_of(covered_until))
    return await apply_change(
        edit, store, clock, by=by, force_reason="the holidays say otherwise"
    )
