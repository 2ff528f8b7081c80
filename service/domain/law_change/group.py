"""Permits that the law dates alike, before and after a change of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from service.domain.deadlines.slot import GroupKey, Slot, current_slot
from service.domain.deadlines.window import Window
from service.domain.law.rule import RESERVED_STEPS, Version


@dataclass(frozen=True, slots=True)
class PermitGroup:
    """Permits of one series, authority and expiry date, and their slots, as they stand.

    `issued_on` tells them apart where a version of the rule governs `by_issue`. Of its
    `members`, `permits` are reminded; `texted` and `due` count them by step,
    `told` by the closing day they were told last. `dated_by` is the version that dated
    the slots, `expanded` says since when a step's reminders are born, `redated` when a
    change moved it last, `reminded` whether any ever were born, `live` whether anything
    is sent.
    """

    rule: str
    series: str
    authority: str
    expires_on: date
    issued_on: date | None
    governed_by_issue: bool
    members: int
    active_permits: int
    slots: tuple[Slot, ...]
    dated_by_version: str | None
    expanded_at: Mapping[str, datetime]
    redated_at: Mapping[str, datetime]
    has_reminders: bool
    texted_by_step: Mapping[str, int]
    due_by_step: Mapping[str, int]
    announced_closings: Mapping[date, int]
    is_live: bool


@dataclass(frozen=True, slots=True)
class RedatedGroup:
    """A group, and the version and slots it comes to have.

    `closed_at` is the end of the closing day.
    """

    group: PermitGroup
    version: Version
    slots: tuple[Slot, ...]
    window: Window
    closing_ends_at: datetime

    @property
    def slot_keys(self) -> set[GroupKey]:
        """Where its slots are kept, before and after."""
        group = self.group
        return {
            (series, group.authority, group.expires_on)
            for series in (group.series, self.version.series)
        }

    @property
    def is_changed(self) -> bool:
        """Whether anything stored is different afterwards."""
        known = (self.group.series, self.group.dated_by_version, self.group.slots)
        return known != (self.version.series, self.version.key, self.slots)

    def keeps_step(self, step: str) -> bool:
        """Whether who was texted in a step has nothing in its place to come."""
        return step.startswith(RESERVED_STEPS) or any(
            step in {one.name, *one.replaces} for one in self.version.steps
        )

    def drops_step(self, step: str) -> bool:
        """Whether a step there was until now is gone with nothing in its place."""
        slots = self.group.slots
        known = {name for slot in slots for name in (slot.step, *slot.replaces)}
        return step in known and not self.keeps_step(step)

    def newly_current(self, now: datetime) -> Slot | None:
        """Find the step that is current at once although nobody expected it yet."""
        slot = current_slot(self.slots, now)
        if not self.group.is_live or slot is None:
            return None
        known = {former.step: former for former in self.group.slots}
        former = known.get(slot.step)
        return slot if former is None or former.due_at > now else None
