"""A change of the law, laid over the permits already registered.

One pure function answers both "what would it do" and "do it": what was previewed is
what is applied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from service.domain.calendars.calendar import DAY
from service.domain.deadlines.slot import GroupKey
from service.domain.errors import ConflictError, NeverRemindsError, NotInForceError
from service.domain.law_change.group import PermitGroup, RedatedGroup
from service.domain.law_change.impact import Impact, compute_impact
from service.domain.law_change.objections import find_objections
from service.domain.lawbook.law import Law


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """What is to be stored, what it means, and what speaks against it.

    `correcting` are the groups in which some were told a later closing than is true,
    `deserted` the places of slots whose last permit has left.
    """

    redated_groups: tuple[RedatedGroup, ...]
    empty_slot_keys: tuple[GroupKey, ...]
    groups_to_correct: tuple[RedatedGroup, ...]
    impact: Impact
    objections: tuple[str, ...]


def plan_change(
    before: Law, after: Law, groups: Sequence[PermitGroup], now: datetime
) -> ChangePlan:
    """Date every group by the law `after`, and compare.

    Raises `ConflictError` where a permit would fall under no version.
    """
    regroups = [_redate_group(group, after) for group in groups if group.members]
    touched = [one for one in regroups if one.is_changed]
    places = {place for one in touched for place in one.slot_keys}
    told = compute_impact(touched, before, after, now)
    correcting = [(one, _count_announced_too_late(one, now)) for one in regroups]
    told.corrected = sum(count for _, count in correcting)
    return ChangePlan(
        redated_groups=tuple(one for one in regroups if one.slot_keys & places),
        empty_slot_keys=tuple(
            (one.series, one.authority, one.expires_on)
            for one in groups
            if not one.members
        ),
        groups_to_correct=tuple(one for one, count in correcting if count),
        impact=told,
        objections=tuple(find_objections(touched, after.versions_not_in(before), now)),
    )


def _redate_group(group: PermitGroup, law: Law) -> RedatedGroup:
    try:
        version = law.version_for(
            group.rule, group.authority, group.expires_on, group.issued_on
        )
    except (NotInForceError, NeverRemindsError) as error:
        reason = f"{group.members} permits would fall under no version: {error}"
        raise ConflictError(reason) from None
    reckoned = law.compute_ladder(
        group.rule, version, group.authority, group.expires_on
    )
    found = reckoned.to_ladder()
    office, ends_on = law.sending_office(group.authority), found.window.closes_on + DAY
    closed_at = office.to_utc(ends_on, time(0))
    return RedatedGroup(group, version, found.slots, found.window, closed_at)


def _count_announced_too_late(group: RedatedGroup, now: datetime) -> int:
    """How many were told a later closing than is true, and can still keep to it."""
    if not group.group.announced_closings or group.window.provisional:
        return 0
    if group.closing_ends_at <= now:
        return 0
    closes_on = group.window.closes_on
    return sum(
        count
        for day, count in group.group.announced_closings.items()
        if day > closes_on
    )
