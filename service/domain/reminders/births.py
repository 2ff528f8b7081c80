"""What becomes of a group of slots at one instant: who is born due, who is missed."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from service.domain.deadlines.slot import Slot, current_slot
from service.domain.delivery.status import ReminderState
from service.domain.reminders.reasons import BEFORE_START, OVERTAKEN


@dataclass(frozen=True, slots=True)
class PlannedReminder:
    """A row for each permit of the group in one step.

    `early_only`: only permits that had the date before the step fell due get one.
    """

    slot: Slot
    state: ReminderState
    reason: str | None
    only_registered_before_due: bool


@dataclass(frozen=True, slots=True)
class BirthPlan:
    """The births of one group, the current step last."""

    rows: tuple[PlannedReminder, ...]
    current: Slot | None


def plan_births(
    slots: Sequence[Slot],
    now: datetime,
    live_from: datetime,
    redated_steps: Container[str] = (),
    *,
    catch_up: bool = False,
) -> BirthPlan:
    """Each permit gets the current step only; steps missed in the past say so.

    A step that a change of the law has moved behind the start (`redated`) was not
    decided against: whoever is in it now is told. Where the start catches up, so is
    everybody whose step is current.
    """
    standing = current_slot(slots, now)
    rows = [
        PlannedReminder(
            slot,
            ReminderState.MISSED,
            _missed_reason(slot, live_from),
            only_registered_before_due=True,
        )
        for slot in slots
        if slot.due_at <= now and slot is not standing
    ]
    if standing is not None:
        early = standing.due_at < live_from and standing.step not in redated_steps
        rows.append(_current(standing, early=early and not catch_up))
    return BirthPlan(tuple(rows), standing)


def _current(slot: Slot, *, early: bool) -> PlannedReminder:
    if early:
        return PlannedReminder(
            slot, ReminderState.MISSED, BEFORE_START, only_registered_before_due=False
        )
    return PlannedReminder(
        slot, ReminderState.DUE, None, only_registered_before_due=False
    )


def _missed_reason(slot: Slot, live_from: datetime) -> str:
    return BEFORE_START if slot.due_at < live_from else OVERTAKEN


@dataclass(frozen=True, slots=True)
class DueGroup:
    """The slots of one (series, authority, expiry date), some due and not expanded.

    `version` is the revision that dated the slots. A change of the law moved the
    `redated_steps`. With `catch_up`, steps current at the start are texted too.
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

    def plan_births(self, now: datetime) -> BirthPlan:
        """Decide what becomes of its slots at an instant."""
        return plan_births(
            self.slots, now, self.live_from, self.redated_steps, catch_up=self.catch_up
        )
