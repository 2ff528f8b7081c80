"""The ladder: what a version makes of one expiry date in one office."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from service.domain.deadlines.window import Window


@dataclass(frozen=True, slots=True)
class Slot:
    """One step on one expiry date: due at an instant (UTC), current until another.

    `closes_at` is the end of the last step with it on its side of the closing: what
    closes soonest is texted first. Who was texted in a step that it `replaces` is not
    texted in it.
    """

    step: str
    due_at: datetime
    until_at: datetime
    closes_at: datetime
    template: str
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ladder:
    """A window, and its slots in order of time."""

    window: Window
    slots: tuple[Slot, ...]


def current_slot(slots: Sequence[Slot], now: datetime) -> Slot | None:
    """Pick the slot whose half-open time [due_at, until_at) holds `now`."""
    return next((slot for slot in slots if slot.due_at <= now < slot.until_at), None)
