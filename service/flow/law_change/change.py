"""Changing the law: previewed, refused where it would wrong people, applied whole."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Protocol

from service.domain.calendars.office_year import (
    find_contradictions,
    refuse_missing_year,
)
from service.domain.errors import ConflictError
from service.domain.law_change.edits import (
    AuthoritiesEdit,
    CalendarYearsEdit,
    Edit,
    HolidaysEdit,
    RulesEdit,
)
from service.domain.law_change.group import PermitGroup
from service.domain.law_change.objections import find_forbidden_office_words
from service.domain.law_change.plan import ChangePlan, plan_change
from service.domain.lawbook.law import Law
from service.domain.lawbook.version_choice import Revision
from service.flow.ports import Clock

ChangePlanner = Callable[[Law, Law, list[PermitGroup]], ChangePlan]
"""What a change of the law does, from the law before and after and the permits."""


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """What a change of the law came to: the versions it made or took back, its plan."""

    installed_versions: tuple[str, ...]
    retired_versions: tuple[str, ...]
    before: Law = field(repr=False)
    after: Law = field(repr=False)
    plan: ChangePlan


class ChangeStore(Protocol):
    """Changing the law, and with it the dates of permits already registered."""

    async def outdated_calendars(self) -> Mapping[str, date | None] | None:
        """Until when calendars were covered when permits were dated; None: no change.

        They change when a release of the holidays knows more.
        """

    async def revisions(self, rule: str) -> list[Revision]:
        """Every version of a rule that was ever installed, in that order."""

    async def preview(
        self, edit: Edit, plan: ChangePlanner, now: datetime
    ) -> ChangeResult:
        """Make the change, plan, and take everything back."""

    async def change(
        self,
        edit: Edit,
        plan: ChangePlanner,
        now: datetime,
        by: str,
        reason: str | None,
    ) -> ChangeResult:
        """Make the change and store its plan, in one transaction, and note who did."""


async def preview_change(edit: Edit, store: ChangeStore, clock: Clock) -> ChangeResult:
    """Say what a change would do, and leave everything as it is.

    Raises what `change` raises, but for objections: they are in the plan.
    """
    now = clock.now()
    return await store.preview(edit, _make_planner(edit, now), now)


async def apply_change(
    edit: Edit,
    store: ChangeStore,
    clock: Clock,
    *,
    by: str,
    force_reason: str | None = None,
) -> ChangeResult:
    """Apply a change in one transaction and write down who made it.

    Due reminders are re-dated or superseded, what is under way ends as it began.
    Raises `ConflictError` for what would text people twice or too late, for an office's
    words that no holder may be told, and for its days at odds with published ones,
    unless `force` gives the reason; and always where a permit would fall under no
    version, or a year is published before the one before it. A shadow texts nobody, so
    that nothing speaks against it.
    """
    now = clock.now()
    plan = _make_planner(edit, now)
    if not (isinstance(edit, RulesEdit) and edit.shadow):
        plan = _refuse_objections(force_reason, plan)
    return await store.change(edit, plan, now, by, force_reason)


def _make_planner(edit: Edit, now: datetime) -> ChangePlanner:
    def plan(before: Law, after: Law, groups: list[PermitGroup]) -> ChangePlan:
        _refuse_gaps(edit, after)
        made = plan_change(before, after, groups, now)
        return replace(
            made, objections=(*_edit_objections(edit, after), *made.objections)
        )

    return plan


def _refuse_gaps(edit: Edit, after: Law) -> None:
    for year in edit.years if isinstance(edit, CalendarYearsEdit) else ():
        refuse_missing_year(
            after.published_calendars[year.calendar], after.office_years
        )


def _edit_objections(edit: Edit, after: Law) -> Iterator[str]:
    """Say where the office's words, or days against those published, cannot stand."""
    for office in edit.authorities if isinstance(edit, AuthoritiesEdit) else ():
        yield from find_forbidden_office_words(office)
    years = after.office_years if isinstance(edit, HolidaysEdit) else ()
    for year in edit.years if isinstance(edit, CalendarYearsEdit) else years:
        yield from find_contradictions(after.published_calendars[year.calendar], year)


def _refuse_objections(
    force_reason: str | None, planner: ChangePlanner
) -> ChangePlanner:
    def plan(before: Law, after: Law, groups: list[PermitGroup]) -> ChangePlan:
        made = planner(before, after, groups)
        if made.objections and not (force_reason and force_reason.strip()):
            reasons = "; ".join(made.objections)
            raise ConflictError(f"{reasons}; mend it, or force it with a reason")
        return made

    return plan
