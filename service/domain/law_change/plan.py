"""The plan of a change of the law: new dates for the permits already registered.

The same pure function makes the plan for a preview and for applying the change, so what
was previewed is what is applied.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from service.domain.calendars.calendar import DAY
from service.domain.deadlines.slot import GroupKey, Slot
from service.domain.errors import ConflictError, NeverRemindsError, NotInForceError
from service.domain.law_change.group import PermitGroup, RedatedGroup
from service.domain.law_change.impact import Impact, compute_impact
from service.domain.law_change.objections import find_objections
from service.domain.lawbook.law import Law


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """What to store, its impact in figures, and the objections.

    `empty_slot_keys` are the keys of slots without a permit. `groups_to_correct` have
    permits to which a text announced a closing that is too late.
    """

    redated_groups: tuple[RedatedGroup, ...]
    empty_slot_keys: tuple[GroupKey, ...]
    groups_to_correct: tuple[RedatedGroup, ...]
    impact: Impact
    objections: tuple[str, ...]


def plan_change(
    before: Law, after: Law, groups: Sequence[PermitGroup], now: datetime
) -> ChangePlan:
    """Compute the dates of every group by the law `after`, and compare.

    Raises `ConflictError` if no version would govern a permit any more.
    """
    redated = [_redate_group(group, before, after) for group in groups if group.members]
    changed = [one for one in redated if one.is_changed]
    changed_keys = {key for one in changed for key in one.slot_keys}
    to_correct = [(one, _count_announced_too_late(one, now)) for one in redated]
    impact = compute_impact(changed, before, after, now)
    impact.corrected = sum(count for _, count in to_correct)
    return ChangePlan(
        redated_groups=tuple(one for one in redated if one.slot_keys & changed_keys),
        empty_slot_keys=tuple(
            (group.series, group.authority, group.expires_on)
            for group in groups
            if not group.members
        ),
        groups_to_correct=tuple(one for one, count in to_correct if count),
        impact=impact,
        objections=tuple(find_objections(changed, after.versions_not_in(before), now)),
    )


def _redate_group(group: PermitGroup, before: Law, after: Law) -> RedatedGroup:
    try:
        version = after.version_for(
            group.rule, group.authority, group.expires_on, group.issued_on
        )
    except (NotInForceError, NeverRemindsError) as error:
        reason = f"{group.members} permits would fall under no version: {error}"
        raise ConflictError(reason) from None
    ladder = after.ladder(group.rule, version, group.authority, group.expires_on)
    office = after.sending_office(group.authority)
    former_version = group.dated_by_version or version.key
    return RedatedGroup(
        group,
        version,
        ladder.slots,
        _excluding_steps(after, group.rule, version.key, ladder.slots),
        _excluding_steps(before, group.rule, former_version, group.slots),
        ladder.window,
        closing_ends_at=office.to_utc(ladder.window.closes_on + DAY, time(0)),
    )


def _excluding_steps(
    law: Law, rule: str, version: str, slots: Sequence[Slot]
) -> Mapping[str, Collection[str]]:
    """By step, the steps whose text excludes one in it: replaced, and later ones."""
    if rule not in law.rules:
        return {}
    order = law.step_order(rule)
    return {
        slot.step: {*slot.replaces, *order.later_than(slot.step, version)}
        for slot in slots
    }


def _count_announced_too_late(group: RedatedGroup, now: datetime) -> int:
    """How many permits were announced too late a closing that has not passed yet."""
    if not group.group.announced_closings or group.window.closing_may_move:
        return 0
    if group.closing_ends_at <= now:
        return 0
    closes_on = group.window.closes_on
    return sum(
        count
        for day, count in group.group.announced_closings.items()
        if day > closes_on
    )
