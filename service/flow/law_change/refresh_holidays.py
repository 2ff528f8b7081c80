"""A newer release of the holidays: permits are dated by what it knows more."""

from collections.abc import Callable, Mapping
from datetime import date

from service.domain.calendars.calendar import Calendar
from service.domain.law_change.edits import HolidaysEdit
from service.flow.law_change.change import ChangeResult, ChangeStore, apply_change
from service.flow.ports import Clock

CalendarsAsOf = Callable[[Mapping[str, date | None]], Mapping[str, Calendar]]
"""Every published calendar as it was when its days were known until then."""


async def refresh_holidays(
    store: ChangeStore, clock: Clock, calendars_as_of: CalendarsAsOf, *, by: str
) -> ChangeResult | None:
    """Date permits by the calendars as they are published now; None: they are.

    Whatever speaks against it, for a date known to be wrong is worse: who was told
    too late a day is corrected.
    """
    until = await store.outdated_calendars()
    if until is None:
        return None
    edit = HolidaysEdit(calendars_as_of(until))
    return await apply_change(
        edit, store, clock, by=by, force_reason="the holidays say otherwise"
    )
