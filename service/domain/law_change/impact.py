"""The impact of a change of the law on permits, in figures for one screen."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

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
    at the next tick because of the change; `kept` ones were texted and are not texted
    again; `dropped` ones were texted in a step that is gone. `corrected` ones were
    announced a day that is too late. `due_before` and `due_after` count reminders to be
    sent before and after the change, by the Monday of their week in the zone of the
    office that sends.
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
        """(Monday, reminders to send in its week before, and after the change)."""
        mondays = [self.first_monday + week * WEEK for week in range(IMPACT_WEEKS)]
        return [(day, self.due_before[day], self.due_after[day]) for day in mondays]


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def compute_impact(
    changed_groups: Sequence[RedatedGroup], before: Law, after: Law, now: datetime
) -> Impact:
    """Count what a change does to the groups that it alters; `corrected` stays 0."""
    impact = Impact(first_monday=_first_monday(changed_groups, after, now))
    for group in changed_groups:
        _count_closing(group, before, after, now, impact)
        _count_steps(group, now, impact)
        _count_weeks(group, before, after, now, impact)
    return impact


def _first_monday(
    changed_groups: Sequence[RedatedGroup], law: Law, now: datetime
) -> date:
    """The Monday of this week where the offices concerned are; the earliest of them."""
    offices = {
        law.sending_office(code)
        for code in {one.group.authority for one in changed_groups}
    } or {*law.authorities.values()}
    days = (now.astimezone(office.zone).date() for office in offices)
    return monday_of(min(days, default=now.date()))


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
    if late := redated_group.texted_at_once(now):
        impact.late[late.step] += late.permits


def _count_weeks(
    redated_group: RedatedGroup,
    before: Law,
    after: Law,
    now: datetime,
    impact: Impact,
) -> None:
    group, redated = redated_group.group, redated_group
    last = impact.first_monday + IMPACT_WEEKS * WEEK
    for counts, law, slots, excluding_steps in (
        (impact.due_before, before, group.slots, redated.former_excluding_steps),
        (impact.due_after, after, redated.slots, redated.excluding_steps),
    ):
        zone = law.sending_office(group.authority).zone
        for slot in slots:
            due_on = slot.due_at.astimezone(zone).date()
            if now < slot.due_at and due_on < last:
                counts[monday_of(due_on)] += group.count_to_text(
                    slot, excluding_steps[slot.step]
                )
