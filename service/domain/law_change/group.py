"""Permits that the law dates alike, before and after a change of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from service.domain.deadlines.slot import GroupKey, Slot, current_slot
from service.domain.deadlines.window import Window
from service.domain.law.rule import RESERVED_STEPS, Version

ReminderFate = Literal["texted", "due", "suppressed", "before start", "ended"]
"""What became of a reminder: "texted" it was or may have been, "before start" it was
missed, "ended" unsent for another reason that does not last."""

StepFates = frozenset[tuple[str, ReminderFate]]
"""The steps in which a permit has a reminder, and what became of each."""


@dataclass(frozen=True, slots=True)
class PermitGroup:
    """Permits of one series, authority and expiry date, and their present slots.

    `issued_on` is set if a version of the rule governs by issue date
    (`governed_by_issue`). `members` counts all permits, `active_permits` those in
    force, `textable_permits` those of them without a filed renewal whose phone can be
    texted, and `permits_by_fates` the ones among these that have reminders.
    `texted_by_step` and `due_by_step` count permits by the steps of their reminders,
    `announced_closings` by the closing day that a text named last.
    `dated_by_version` is the version that gave the slots their dates. `expanded_at` and
    `redated_at` are, by step, when its reminders were created and when a change last
    moved it. `has_reminders`: at least one reminder was ever created. `live_from` is
    None if its type is not live.
    """

    rule: str
    series: str
    authority: str
    expires_on: date
    issued_on: date | None
    governed_by_issue: bool
    members: int
    active_permits: int
    textable_permits: int
    permits_by_fates: Mapping[StepFates, int]
    slots: tuple[Slot, ...]
    dated_by_version: str | None
    expanded_at: Mapping[str, datetime]
    redated_at: Mapping[str, datetime]
    has_reminders: bool
    texted_by_step: Mapping[str, int]
    due_by_step: Mapping[str, int]
    announced_closings: Mapping[date, int]
    live_from: datetime | None

    def count_to_text(self, slot: Slot, excluding_steps: Collection[str]) -> int:
        """How many permits will be texted in a slot that is not due yet.

        Nobody who was texted in it, or in one of `excluding_steps`.
        """
        if self.live_from is None or slot.due_at < self.live_from:
            return 0
        texted = (slot.step, *excluding_steps)
        return self.textable_permits - sum(
            count
            for fates, count in self.permits_by_fates.items()
            if _has_fate(fates, texted, "texted")
        )


def _has_fate(fates: StepFates, steps: Collection[str], *wanted: ReminderFate) -> bool:
    return any(step in steps and fate in wanted for step, fate in fates)


@dataclass(frozen=True, slots=True)
class RedatedGroup:
    """A group with its version, slots and window after a change.

    `excluding_steps` are, by step, the steps whose text excludes one in it: those that
    it replaces, and later ones; `former_excluding_steps` are those before the change.
    `closing_ends_at` is the end of the closing day.
    """

    group: PermitGroup
    version: Version
    slots: tuple[Slot, ...]
    excluding_steps: Mapping[str, Collection[str]]
    former_excluding_steps: Mapping[str, Collection[str]]
    window: Window
    closing_ends_at: datetime

    @property
    def slot_keys(self) -> set[GroupKey]:
        """The keys of its slots, before and after."""
        former = self.group.series, self.group.authority, self.group.expires_on
        return {former, self.new_key}

    @property
    def new_key(self) -> GroupKey:
        """The key of its slots after the change."""
        return self.version.series, self.group.authority, self.group.expires_on

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

    def texted_at_once(self, now: datetime) -> "TextedAtOnce | None":
        """Whom the next tick texts because of the change; None where it is nobody."""
        slot, live_from = current_slot(self.slots, now), self.group.live_from
        if slot is None or live_from is None or live_from > now:
            return None
        former = current_slot(self.group.slots, now)
        was_current = former is not None and former.step == slot.step
        if former and former == replace(slot, closes_at=former.closes_at):
            return None
        wanted: list[ReminderFate] = ["ended"]
        if not was_current:
            wanted.append("due")
        if slot.due_at >= live_from:
            wanted.append("before start")
        excluding = self.excluding_steps[slot.step]
        texted = {
            fates: count
            for fates, count in self.group.permits_by_fates.items()
            if not _has_fate(fates, excluding, "texted")
            and (
                _has_fate(fates, [slot.step], *wanted)
                or not (was_current or slot.step in dict(fates))
            )
        }
        without_reminders = 0
        if not was_current:
            known = sum(self.group.permits_by_fates.values())
            without_reminders = self.group.textable_permits - known
        again = sum(
            count for fates, count in texted.items() if "texted" in dict(fates).values()
        )
        permits = sum(texted.values()) + without_reminders
        return TextedAtOnce(slot.step, permits, again) if permits else None


@dataclass(frozen=True, slots=True)
class TextedAtOnce:
    """Permits that the next tick texts; `texted_before` counts those texted before."""

    step: str
    permits: int
    texted_before: int
