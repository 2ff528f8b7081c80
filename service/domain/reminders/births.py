"""What becomes of a group of slots at one instant: who is born due, who is missed."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.domain.deadlines.slot import Slot, current
from service.domain.delivery.status import ReminderState

BEFORE_START = "before start"
"""The step fell due before its (authority, rule) went live: never texted."""

OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True)
class Birth:
    """A row for each permit of the group in one step.

    `early_only`: only permits that had the date before the step fell due get one.
    """

    slot: Slot
    state: ReminderState
    reason: str | None
    early_only: bool


@dataclass(frozen=True, slots=True)
class Births:
    """The births of one group, the current step last."""

    rows: tuple[Birth, ...]
    current: Slot | None


def births(
    slots: Sequence[Slot],
    now: datetime,
    live_from: datetime,
    redated: Container[str] = (),
    *,
    catch_up: bool = False,
) -> Births:
    """Each permit gets the current step only; steps missed in the past say so.

    A step that a change of the law has moved behind the start (`redated`) was not
    decided against: whoever is in it now is told. Where the start catches up, so is
    everybody whose step is current.
    """
    standing = current(slots, now)
    rows = [
        Birth(slot, ReminderState.MISSED, _why(slot, live_from), early_only=True)
        for slot in slots
        if slot.due_at <= now and slot is not standing
    ]
    if standing is not None:
        early = standing.due_at < live_from and standing.step not in redated
        rows.append(_current(standing, early=early and not catch_up))
    return Births(tuple(rows), standing)


def _current(slot: Slot, *, early: bool) -> Birth:
    if early:
        return Birth(slot, ReminderState.MISSED, BEFORE_START, early_only=False)
    return Birth(slot, ReminderState.DUE, None, early_only=False)


def _why(slot: Slot, live_from: datetime) -> str:
    return BEFORE_START if slot.due_at < live_from else OVERTAKEN
