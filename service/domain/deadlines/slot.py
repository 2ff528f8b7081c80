"""A ladder: the window and the slots of one expiry date, by one version and office."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from service.domain.deadlines.window import Window

GroupKey = tuple[str, str, date]
"""(series, authority, expiry date): permits with this key in common share slots."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One step on one expiry date: due at an instant (UTC), current until another.

    `closes_at` is the end of the last step before the closing, or after it for a step
    that is itself after it: reminders that close soonest are sent first. A holder
    texted in a step that this one `replaces` is not texted in it.
    """

    step: str
    due_at: datetime
    until_at: datetime
    closes_at: datetime
    template: str
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ladder:
    """A window, and its slots in the order they fall due.

    `grace_ends` has the last day (local, included) on which a late application helps,
    by each step after the closing.
    """

    window: Window
    slots: tuple[Slot, ...]
    grace_ends: Mapping[str, date] = field(default_factory=dict)


def current_slot(slots: Sequence[Slot], now: datetime) -> Slot | None:
    """The slot with due_at <= now < until_at, if there is one."""
    return next((slot for slot in slots if slot.due_at <= now < slot.until_at), None)
