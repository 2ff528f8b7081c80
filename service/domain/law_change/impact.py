"""The impact of a change of the law on permits, in figures for one screen."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from service.domain.deadlines.slot import Slot
from service.domain.law.rule import RESERVED_STEPS
from service.domain.law_change.group import RedatedGroup
from service.domain.lawbook.law import Law

WEEK: Final = timedelta(weeks=1)

IMPACT_WEEKS: Final = 12
"""Weeks covered by the volume forecast."""


@dataclass(slots=True)
class ClosingShift:
    """How many closings move in one direction, and by how many calendar days."""

    permits: int = 0
    least_days: int = 0
    most_days: int = 0

    def add(self, permits: int, days: int) -> None:
        """Count permits whose closing moves by so many days."""
        self.least_days = min(self.least_days, days) if self.permits else days
        self.most_days = max(self.most_days, days)
        self.permits += permits


@dataclass(slots=True)
class Impact:
    """Counts of active permits; `redated` and `superseded` count due reminders.

    `permits` get another version or another date. Of their closings, some move
    `earlier`, some `later`; some become `exact` that were provisional; some are `past`
    after the change, although the permit still runs. By step: `late` permits are texted
    at the next tick; `kept` ones were texted and are not texted again; `dropped` ones
    were texted in a step that is gone. `corrected` ones were announced a day that is
    too late. `due_before` and `due_after` count reminders by the Monday of their week.
    """

    permits: int = 0
    earlier: ClosingShift = field(default_factory=ClosingShift)
    later: ClosingShift = field(default_factory=ClosingShift)
    exact: int = 0
    past: int = 0
    late: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    redated: int = 0
    superseded: int = 0
    corrected: int = 0
    due_before: Counter[date] = field(default_factory=Counter)
    due_after: Counter[date] = field(default_factory=Counter)
    first_monday: date = date.min

    def weeks(self) -> list[tuple[date, int, int]]:
        """(Monday, reminders due in its week before, and after the change)."""
        mondays = [self.first_monday + week * WEEK for week in range(IMPACT_WEEKS)]
        return [(day, self.due_before[day], self.due_after[day]) for day in mondays]


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def compute_impact(
    changed_groups: Sequence[RedatedGroup], before: Law, after: Law, now: datetime
) -> Impact:
    """Count what a change does to the groups that it alters; `corrected` stays 0."""
    impact = Impact(first_monday=monday_of(now.date()))
    for group in changed_groups:
        _count_closing(group, before, after, now, impact)
        _count_steps(group, now, impact)
        _count_weeks(group, now, impact)
    return impact


def _count_closing(
    redated_group: RedatedGroup, before: Law, after: Law, now: datetime, impact: Impact
) -> None:
    group = redated_group.group
    impact.permits += group.active_permits
    former = before.compute_ladder(
        group.rule,
        before.current_version(group.series),
        group.authority,
        group.expires_on,
    ).window
    moved = (redated_group.window.closes_on - former.closes_on).days
    if moved:
        (impact.later if moved > 0 else impact.earlier).add(
            group.active_permits, abs(moved)
        )
    if former.closing_may_move and not redated_group.window.closing_may_move:
        impact.exact += group.active_permits
    today = now.astimezone(after.sending_office(group.authority).zone).date()
    if (
        redated_group.window.closes_on < today <= group.expires_on
        and former.closes_on >= today
    ):
        impact.past += group.active_permits


def _count_steps(redated_group: RedatedGroup, now: datetime, impact: Impact) -> None:
    group, steps = redated_group.group, {slot.step for slot in redated_group.slots}
    for step, count in group.texted_by_step.items():
        if redated_group.keeps_step(step):
            impact.kept[step] += count
        elif redated_group.drops_step(step):
            impact.dropped[step] += count
    for step, count in group.due_by_step.items():
        if step.startswith(RESERVED_STEPS):
            continue
        if step in steps:
            impact.redated += count
        else:
            impact.superseded += count
    if slot := redated_group.newly_current(now):
        impact.late[slot.step] += _count_texted_at_once(redated_group, slot)


def _count_texted_at_once(redated_group: RedatedGroup, slot: Slot) -> int:
    """How many permits of the group the next tick would text in this step."""
    group = redated_group.group
    done = sum(
        group.texted_by_step.get(step, 0) for step in (slot.step, *slot.replaces)
    )
    return max(0, group.active_permits - done)


def _count_weeks(redated_group: RedatedGroup, now: datetime, impact: Impact) -> None:
    last = impact.first_monday + IMPACT_WEEKS * WEEK
    for counts, slots in (
        (impact.due_before, redated_group.group.slots),
        (impact.due_after, redated_group.slots),
    ):
        for slot in slots:
            if now < slot.due_at and slot.due_at.date() < last:
                counts[monday_of(slot.due_at.date())] += (
                    redated_group.group.active_permits
                )
