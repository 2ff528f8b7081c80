"""Which reminders to create for a group of slots: due in one step, missed in others."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from service.domain.deadlines.slot import Slot, current_slot
from service.domain.delivery.status import ReminderState
from service.domain.law.step_order import StepOrder
from service.domain.reminders.reasons import BEFORE_START, OVERTAKEN


@dataclass(frozen=True, slots=True)
class PlannedReminder:
    """A reminder to create for each permit of the group, in one step.

    `only_registered_before_due`: only for permits that had this expiry date before the
    step fell due.
    """

    slot: Slot
    state: ReminderState
    reason: str | None
    only_registered_before_due: bool


@dataclass(frozen=True, slots=True)
class ReminderPlan:
    """The reminders to create for one group, the current step last."""

    rows: tuple[PlannedReminder, ...]
    current: Slot | None


def plan_reminders(
    slots: Sequence[Slot],
    now: datetime,
    live_from: datetime,
    redated_steps: Container[str] = (),
    *,
    catch_up: bool = False,
) -> ReminderPlan:
    """Plan a due reminder in the current step, and missed ones in the steps before it.

    A current step that fell due before `live_from` is missed too, unless a change of
    the law moved it there (it is in `redated_steps`) or the office catches up at its
    start (`catch_up`).
    """
    current = current_slot(slots, now)
    rows = [
        PlannedReminder(
            slot,
            ReminderState.MISSED,
            _missed_reason(slot, live_from),
            only_registered_before_due=True,
        )
        for slot in slots
        if slot.due_at <= now and slot is not current
    ]
    if current is not None:
        early = current.due_at < live_from and current.step not in redated_steps
        state, reason = ReminderState.DUE, None
        if early and not catch_up:
            state, reason = ReminderState.MISSED, BEFORE_START
        rows.append(
            PlannedReminder(current, state, reason, only_registered_before_due=False)
        )
    return ReminderPlan(tuple(rows), current)


def _missed_reason(slot: Slot, live_from: datetime) -> str:
    return BEFORE_START if slot.due_at < live_from else OVERTAKEN


@dataclass(frozen=True, slots=True)
class DueGroup:
    """The slots of one (series, authority, expiry date), some due and not expanded.

    `version` is the revision that gave the slots their dates, `step_order` the order of
    its rule's steps; a change of the law moved those in `redated_steps`. With
    `catch_up`, steps current at the start are sent too.
    """

    rule: str
    series: str
    version: str
    authority: str
    expires_on: date
    slots: tuple[Slot, ...]
    unexpanded_steps: frozenset[str]
    redated_steps: frozenset[str]
    live_from: datetime
    catch_up: bool
    step_order: StepOrder

    def excluding_steps(self, slot: Slot) -> tuple[str, ...]:
        """The steps whose text excludes one in this slot: replaced ones, later ones."""
        later = self.step_order.later_than(slot.step, self.version)
        return tuple(sorted({*slot.replaces, *later}))

    def plan_reminders(self, now: datetime) -> ReminderPlan:
        """Plan the reminders of the group at an instant."""
        return plan_reminders(
            self.slots, now, self.live_from, self.redated_steps, catch_up=self.catch_up
        )
