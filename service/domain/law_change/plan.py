"""A change of the law, laid over the permits already registered.

One pure function answers both "what would it do" and "do it": what was previewed is
what is applied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from service.domain.calendars.calendar import DAY
from service.domain.errors import ConflictError, NeverRemindsError, NotInForceError
from service.domain.law_change.group import Group, Regroup
from service.domain.law_change.impact import Impact, impact
from service.domain.law_change.objections import objections
from service.domain.lawbook.law import Law


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be stored, what it means, and what speaks against it.

    `correcting` are the groups in which some were told a later closing than is true,
    `deserted` the places of slots whose last permit has left.
    """

    regroups: tuple[Regroup, ...]
    deserted: tuple[tuple[str, str, date], ...]
    correcting: tuple[Regroup, ...]
    impact: Impact
    objections: tuple[str, ...]


def replan(before: Law, after: Law, groups: Sequence[Group], now: datetime) -> Plan:
    """Date every group by the law `after`, and compare.

    Raises `ConflictError` where a permit would fall under no version.
    """
    regroups = [_regroup(group, after) for group in groups if group.members]
    touched = [one for one in regroups if one.touched]
    places = {place for one in touched for place in one.places}
    told = impact(touched, before, after, now)
    correcting = [(one, _told_too_late(one, now)) for one in regroups]
    told.corrected = sum(count for _, count in correcting)
    return Plan(
        regroups=tuple(one for one in regroups if one.places & places),
        deserted=tuple(
            (one.series, one.authority, one.expires_on)
            for one in groups
            if not one.members
        ),
        correcting=tuple(one for one, count in correcting if count),
        impact=told,
        objections=tuple(objections(touched, after.beyond(before), now)),
    )


def _regroup(group: Group, law: Law) -> Regroup:
    try:
        version = law.version_for(
            group.rule, group.authority, group.expires_on, group.issued_on
        )
    except (NotInForceError, NeverRemindsError) as error:
        reason = f"{group.members} permits would fall under no version: {error}"
        raise ConflictError(reason) from None
    reckoned = law.reckon(group.rule, version, group.authority, group.expires_on)
    found = reckoned.ladder()
    office, ends_on = law.sender_of(group.authority), found.window.closes_on + DAY
    closed_at = office.instant(ends_on, time(0))
    return Regroup(group, version, found.slots, found.window, closed_at)


def _told_too_late(one: Regroup, now: datetime) -> int:
    """How many were told a later closing than is true, and can still keep to it."""
    if not one.group.told or one.window.provisional:
        return 0
    if one.closed_at <= now:
        return 0
    closes_on = one.window.closes_on
    return sum(count for day, count in one.group.told.items() if day > closes_on)
