"""Whom the office must call, since no text reaches them, or none in time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from service.domain.deadlines.slot import GroupKey
from service.domain.reports.call_list import (
    CALL_BEFORE_CLOSING,
    CallGroup,
    CallListEntry,
    PhoneState,
    find_call_group,
)
from service.flow.ports import Clock, LawStore


@dataclass(frozen=True, slots=True)
class UnfiledPermit:
    """A permit that runs on without a filed renewal, numbers as they may be shown.

    `texted` are the steps of its expiry date whose text went out or is about to; `held`
    is what holds one of them back for longer than hours, `failed` why the latest of
    them did not arrive; `doubted`: nobody knows what became of one of them.
    """

    series: str
    authority: str
    rule: str
    number: str
    holder: str
    expires_on: date
    phones: tuple[str, ...]
    phone_state: PhoneState
    texted_steps: frozenset[str]
    hold_reason: str | None
    failure_reason: str | None
    outcome_unknown: bool

    @property
    def group(self) -> GroupKey:
        """The permits that the law dates alike."""
        return self.series, self.authority, self.expires_on


class CallListStore(Protocol):
    """Permits that may have to be called."""

    async def live_groups(
        self, offices: Collection[str], now: datetime, soon: datetime
    ) -> list[GroupKey]:
        """Groups that are live, had a step by `soon`, and may not be past their end."""

    async def unfiled_permits(
        self, groups: Sequence[GroupKey], now: datetime
    ) -> list[UnfiledPermit]:
        """The permits of some groups that are active and not being renewed."""


async def list_calls(
    offices: Collection[str], law_store: LawStore, store: CallListStore, clock: Clock
) -> list[CallListEntry]:
    """List the permits to be called, what ends soonest first.

    Past closing and not past their end where the law refuses late filing or is silent
    on it, or where nothing was texted since; those closing soon, or late, that no text
    can reach, or whose latest text failed; and those that close within days while a
    limit, a pause, a slow sender or a stale register holds their text back, or while
    nobody knows whether it went out.
    """
    law, now = await law_store.current_law(), clock.now()
    found = dict[GroupKey, CallGroup]()
    # A step comes before its closing, so that no group that closes soon is left out.
    soon = now + CALL_BEFORE_CLOSING + timedelta(days=1)
    for key in await store.live_groups(offices, now, soon):
        if group := find_call_group(law, *key, now):
            found[key] = group
    rows = [
        (one, found[one.group]) for one in await store.unfiled_permits(list(found), now)
    ]
    told = [
        _call(one, group, reasons)
        for one, group in rows
        if (reasons := _reasons(one, group))
    ]
    return sorted(
        told, key=lambda it: (it.expires_on, it.authority, it.rule, it.number)
    )


def _reasons(permit: UnfiledPermit, group: CallGroup) -> list[str]:
    return group.call_reasons(
        permit.phone_state,
        permit.texted_steps,
        permit.hold_reason,
        permit.failure_reason,
        outcome_unknown=permit.outcome_unknown,
    )


def _call(
    permit: UnfiledPermit, group: CallGroup, reasons: Sequence[str]
) -> CallListEntry:
    return CallListEntry(
        authority=permit.authority,
        rule=permit.rule,
        number=permit.number,
        holder=permit.holder,
        phones="; ".join(permit.phones),
        closes_on=group.ladder.window.closes_on,
        expires_on=permit.expires_on,
        why=", ".join(reasons),
    )
