"""What a change of the law would do to permits, in figures for one screen."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from service.domain.deadlines.slot import Slot
from service.domain.law.rule import RESERVED
from service.domain.law_change.group import Regroup
from service.domain.lawbook.law import Law

WEEK: Final = timedelta(weeks=1)

WEEKS: Final = 12
"""How many weeks ahead the volume is told."""


@dataclass(slots=True)
class Shift:
    """How many permits' closing moves one way, and by how many calendar days."""

    permits: int = 0
    least: int = 0
    most: int = 0

    def add(self, permits: int, days: int) -> None:
        """Count permits whose closing moves so many days."""
        self.least = min(self.least, days) if self.permits else days
        self.most = max(self.most, days)
        self.permits += permits


@dataclass(slots=True)
class Impact:
    """Figures of permits that are reminded, but where something else is said.

    `permits` change their version or any date. Of their closings some come `earlier`,
    some `later`, some become `exact` that were provisional, some are `past` although
    the permit still runs. By step: `late` are texted at the next tick, `kept` were
    texted already and are not again, `dropped` were texted in a step that is gone.
    `redated` and `superseded` count due reminders, `corrected` permits that were told
    too late a day. `weeks` has the reminders that fall due in the weeks from each
    Monday on, before and after.
    """

    permits: int = 0
    earlier: Shift = field(default_factory=Shift)
    later: Shift = field(default_factory=Shift)
    exact: int = 0
    past: int = 0
    late: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    redated: int = 0
    superseded: int = 0
    corrected: int = 0
    before: Counter[date] = field(default_factory=Counter)
    after: Counter[date] = field(default_factory=Counter)
    first_monday: date = date.min

    def weeks(self) -> list[tuple[date, int, int]]:
        """The Mondays from the first on, each with the reminders before and after."""
        mondays = [self.first_monday + at * WEEK for at in range(WEEKS)]
        return [(day, self.before[day], self.after[day]) for day in mondays]


def monday(day: date) -> date:
    """Find the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def impact(
    touched: Sequence[Regroup], before: Law, after: Law, now: datetime
) -> Impact:
    """Count what becomes of the groups a change touches; corrections are not known."""
    told = Impact(first_monday=monday(now.date()))
    for one in touched:
        _count_closing(one, before, after, now, told)
        _count_steps(one, now, told)
        _count_weeks(one, now, told)
    return told


def _count_closing(
    one: Regroup, before: Law, after: Law, now: datetime, told: Impact
) -> None:
    group = one.group
    told.permits += group.permits
    former = before.reckon(
        group.rule, before.standing(group.series), group.authority, group.expires_on
    ).window
    moved = (one.window.closes_on - former.closes_on).days
    if moved:
        (told.later if moved > 0 else told.earlier).add(group.permits, abs(moved))
    if former.provisional and not one.window.provisional:
        told.exact += group.permits
    today = now.astimezone(after.sender_of(group.authority).zone).date()
    if one.window.closes_on < today <= group.expires_on and former.closes_on >= today:
        told.past += group.permits


def _count_steps(one: Regroup, now: datetime, told: Impact) -> None:
    group, steps = one.group, {slot.step for slot in one.slots}
    for step, count in group.texted.items():
        if one.keeps(step):
            told.kept[step] += count
        elif one.drops(step):
            told.dropped[step] += count
    for step, count in group.due.items():
        if step.startswith(RESERVED):
            continue
        if step in steps:
            told.redated += count
        else:
            told.superseded += count
    if slot := one.late(now):
        told.late[slot.step] += _waiting(one, slot)


def _waiting(one: Regroup, slot: Slot) -> int:
    """How many would be texted in a step at once."""
    group = one.group
    done = sum(group.texted.get(step, 0) for step in (slot.step, *slot.replaces))
    return max(0, group.permits - done)


def _count_weeks(one: Regroup, now: datetime, told: Impact) -> None:
    last = told.first_monday + WEEKS * WEEK
    for counts, slots in ((told.before, one.group.slots), (told.after, one.slots)):
        for slot in slots:
            if now < slot.due_at and slot.due_at.date() < last:
                counts[monday(slot.due_at.date())] += one.group.permits
