"""Permits that the law dates alike, before and after a change of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from service.domain.deadlines.slot import GroupKey, Slot, current_slot
from service.domain.deadlines.window import Window
from service.domain.law.rule import RESERVED_STEPS, Version


@dataclass(frozen=True, slots=True)
class PermitGroup:
    """Permits of one series, authority and expiry date, and their present slots.

    `issued_on` is set if a version of the rule governs by issue date
    (`governed_by_issue`). `members` counts all permits, `active_permits` those that are
    reminded of. `texted_by_step` and `due_by_step` count permits by the steps of their
    reminders, `announced_closings` by the closing day that a text named last.
    `dated_by_version` is the version that gave the slots their dates. `expanded_at` and
    `redated_at` are, by step, when its reminders were created and when a change last
    moved it. `has_reminders`: at least one reminder was ever created.
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
    """A group with its version, slots and window after a change.

    `closing_ends_at` is the end of the closing day.
    """

    group: PermitGroup
    version: Version
    slots: tuple[Slot, ...]
    window: Window
    closing_ends_at: datetime

    @property
    def slot_keys(self) -> set[GroupKey]:
        """The keys (series, authority, expiry) of its slots, before and after."""
        group = self.group
        return {
            (series, group.authority, group.expires_on)
            for series in (group.series, self.version.series)
        }

    @property
    def is_changed(self) -> bool:
        """Whether the change alters anything that is stored of the group."""
        stored = (self.group.series, self.group.dated_by_version, self.group.slots)
        return stored != (self.version.series, self.version.key, self.slots)

    def keeps_step(self, step: str) -> bool:
        """Whether the version still has a step, or one that replaces it."""
        return step.startswith(RESERVED_STEPS) or any(
            step in {one.name, *one.replaces} for one in self.version.steps
        )

    def drops_step(self, step: str) -> bool:
        """Whether the group had a step until now that the version does not keep."""
        slots = self.group.slots
        names = {name for slot in slots for name in (slot.step, *slot.replaces)}
        return step in names and not self.keeps_step(step)

    def newly_current(self, now: datetime) -> Slot | None:
        """The slot that is current after the change and was not due before it."""
        slot = current_slot(self.slots, now)
        if not self.group.is_live or slot is None:
            return None
        former_slots = {former.step: former for former in self.group.slots}
        former = former_slots.get(slot.step)
        return slot if former is None or former.due_at > now else None
