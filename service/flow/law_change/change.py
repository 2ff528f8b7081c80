"""Preview a change of the law, or apply it in one transaction."""

from collections.abc import Callable, Iterator, Mapping, Sequence
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
from service.domain.law_change.objections import (
    find_forbidden_office_words,
    find_unpublished_years,
)
from service.domain.law_change.plan import ChangePlan, plan_change
from service.domain.lawbook.law import Law
from service.domain.lawbook.version_choice import Revision
from service.flow.ports import Clock

LawCheck = Callable[[Law], None]
"""Raises `PreconditionError` unless the law before a change is the one expected."""

ChangePlanner = Callable[[Law, Law, list[PermitGroup]], ChangePlan]
"""Plans a change from the law before it, the law after it, and the permits."""


def expect_any_law(before: Law) -> None:
    """Raise nothing: the change holds whatever the law was."""


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """A change of the law: the versions it installed and retired, and its plan."""

    installed_versions: tuple[str, ...]
    retired_versions: tuple[str, ...]
    before: Law = field(repr=False)
    after: Law = field(repr=False)
    plan: ChangePlan


class ChangeStore(Protocol):
    """Changes the stored law, and with it the dates of registered permits."""

    async def outdated_calendars(self) -> Mapping[str, date | None] | None:
        """The former `covered_until` of each calendar; None if permits are up to date.

        Permits are outdated when a release of the holidays changed a calendar.
        """

    async def revisions(self, rule: str) -> list[Revision]:
        """Every version of a rule that was ever installed, in order of installation."""

    async def preview(
        self, edit: Edit, plan: ChangePlanner, now: datetime
    ) -> ChangeResult:
        """Make the change, plan it, and roll everything back."""

    async def change(
        self,
        edit: Edit,
        plan: ChangePlanner,
        now: datetime,
        by: str,
        reason: str | None,
    ) -> ChangeResult:
        """Make the change, store its plan and its author `by`, in one transaction."""


async def preview_change(
    edit: Edit,
    store: ChangeStore,
    clock: Clock,
    *,
    check: LawCheck = expect_any_law,
    objections: Sequence[str] = (),
) -> ChangeResult:
    """Compute what a change would do; nothing is stored.

    Raises what `apply_change` raises, but objections are in the plan.
    """
    now = clock.now()
    return await store.preview(edit, _make_planner(edit, now, check, objections), now)


async def apply_change(
    edit: Edit,
    store: ChangeStore,
    clock: Clock,
    *,
    by: str,
    force_reason: str | None = None,
    check: LawCheck = expect_any_law,
    objections: Sequence[str] = (),
) -> ChangeResult:
    """Apply a change in one transaction, and record its author `by`.

    Due reminders get new dates or are superseded; messages under way are not touched.
    Raises `ConflictError` if permits would be texted twice or too late, if an office's
    words are forbidden in texts, if its days contradict published ones, or if a
    published year would not be any more, unless `force_reason` is given; and always if
    no version would govern a permit, or if a year is published while an earlier one is
    missing. `objections` are those to the edit that the caller found. A shadow version
    texts nobody, so there are no objections to it.
    """
    now = clock.now()
    plan = _make_planner(edit, now, check, objections)
    if not (isinstance(edit, RulesEdit) and edit.shadow):
        plan = _refuse_objections(force_reason, plan)
    return await store.change(edit, plan, now, by, force_reason)


def _make_planner(
    edit: Edit, now: datetime, check: LawCheck, found: Sequence[str]
) -> ChangePlanner:
    def plan(before: Law, after: Law, groups: list[PermitGroup]) -> ChangePlan:
        check(before)
        _refuse_gaps(edit, after)
        change = plan_change(before, after, groups, now)
        objections = (
            *found,
            *_edit_objections(edit, before, after),
            *change.objections,
        )
        return replace(change, objections=objections)

    return plan


def _refuse_gaps(edit: Edit, after: Law) -> None:
    for year in edit.years if isinstance(edit, CalendarYearsEdit) else ():
        refuse_missing_year(
            after.published_calendars[year.calendar], after.office_years
        )


def _edit_objections(edit: Edit, before: Law, after: Law) -> Iterator[str]:
    """Objections to the edit itself: forbidden words, days that contradict or go."""
    for office in edit.authorities if isinstance(edit, AuthoritiesEdit) else ():
        yield from find_forbidden_office_words(office)
    years = after.office_years if isinstance(edit, HolidaysEdit) else ()
    for year in edit.years if isinstance(edit, CalendarYearsEdit) else years:
        yield from find_contradictions(after.published_calendars[year.calendar], year)
    if isinstance(edit, CalendarYearsEdit):
        yield from find_unpublished_years(before, after)


def _refuse_objections(
    force_reason: str | None, planner: ChangePlanner
) -> ChangePlanner:
    def plan(before: Law, after: Law, groups: list[PermitGroup]) -> ChangePlan:
        change = planner(before, after, groups)
        if change.objections and not (force_reason and force_reason.strip()):
            remedy = "correct it, or force it with a reason"
            raise ConflictError(*change.objections, remedy=remedy)
        return change

    return plan
