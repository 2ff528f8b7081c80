"""Changing the law: previewed, refused where it would wrong people, applied whole."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from service.domain.calendars.office_year import contradictions, refuse_gap
from service.domain.errors import ConflictError
from service.domain.law_change.edits import Apply, Edit, Offices, Refresh, Years
from service.domain.law_change.group import Group
from service.domain.law_change.objections import untellable
from service.domain.law_change.plan import Plan, replan
from service.domain.lawbook.law import Law
from service.flow.ports import ChangeStore, Clock
from service.flow.rows import Changed, Planner


async def preview(edit: Edit, store: ChangeStore, clock: Clock) -> Changed:
    """Say what a change would do, and leave everything as it is.

    Raises what `change` raises, but for objections: they are in the plan.
    """
    now = clock.now()
    return await store.preview(edit, _planner(edit, now), now)


async def change(
    edit: Edit,
    store: ChangeStore,
    clock: Clock,
    *,
    by: str,
    force: str | None = None,
) -> Changed:
    """Apply a change in one transaction and write down who made it.

    Due reminders are re-dated or superseded, what is under way ends as it began.
    Raises `ConflictError` for what would text people twice or too late, for an office's
    words that no holder may be told, and for its days at odds with published ones,
    unless `force` gives the reason; and always where a permit would fall under no
    version, or a year is published before the one before it. A shadow texts nobody, so
    that nothing speaks against it.
    """
    now = clock.now()
    plan = _planner(edit, now)
    if not (isinstance(edit, Apply) and edit.shadow):
        plan = _unless(force, plan)
    return await store.change(edit, plan, now, by, force)


def _planner(edit: Edit, now: datetime) -> Planner:
    def plan(before: Law, after: Law, groups: list[Group]) -> Plan:
        _refuse_gaps(edit, after)
        made = replan(before, after, groups, now)
        return replace(made, objections=(*_at_odds(edit, after), *made.objections))

    return plan


def _refuse_gaps(edit: Edit, after: Law) -> None:
    for year in edit.years if isinstance(edit, Years) else ():
        refuse_gap(after.published[year.calendar], after.years)


def _at_odds(edit: Edit, after: Law) -> Iterator[str]:
    """Say where the office's words, or days against those published, cannot stand."""
    for office in edit.offices if isinstance(edit, Offices) else ():
        yield from untellable(office)
    years = after.years if isinstance(edit, Refresh) else ()
    for year in edit.years if isinstance(edit, Years) else years:
        yield from contradictions(after.published[year.calendar], year)


def _unless(force: str | None, planner: Planner) -> Planner:
    def plan(before: Law, after: Law, groups: list[Group]) -> Plan:
        made = planner(before, after, groups)
        if made.objections and not (force and force.strip()):
            reasons = "; ".join(made.objections)
            raise ConflictError(f"{reasons}; mend it, or force it with a reason")
        return made

    return plan
