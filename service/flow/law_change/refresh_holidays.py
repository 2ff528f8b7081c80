"""A newer release of the holidays: permits are dated by what it knows more."""

from collections.abc import Callable, Mapping
from datetime import date

from service.domain.calendars.calendar import Calendar
from service.domain.law_change.edits import Refresh
from service.flow.law_change.change import change
from service.flow.ports import ChangeStore, Clock
from service.flow.rows import Changed

AsKnown = Callable[[Mapping[str, date | None]], Mapping[str, Calendar]]
"""Every published calendar as it was when its days were known until then."""


async def refresh(
    store: ChangeStore, clock: Clock, as_known: AsKnown, *, by: str
) -> Changed | None:
    """Date permits by the calendars as they are published now; None: they are.

    Whatever speaks against it, for a date known to be wrong is worse: who was told
    too late a day is corrected.
    """
    until = await store.outdated()
    if until is None:
        return None
    edit = Refresh(as_known(until))
    return await change(edit, store, clock, by=by, force="the holidays say otherwise")
