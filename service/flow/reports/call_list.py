"""List the holders whom the office must call, because no text reaches them in time."""

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
    """An active permit without a filed renewal; permit number and phones are masked.

    `texted_steps` are the steps of its expiry date whose text was sent or is about to
    be. `hold_reason` is why one of them is held for longer than hours, `failure_reason`
    why the latest text did not arrive. `unknown_outcome` is what was seen of a text of
    which nobody knows whether it was sent, perhaps nothing; None if there is none.
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
    unknown_outcome: str | None

    @property
    def group(self) -> GroupKey:
        """The key of the permits that the law dates alike."""
        return self.series, self.authority, self.expires_on


class CallListStore(Protocol):
    """Reads the permits whose holders may have to be called."""

    async def live_groups(
        self, offices: Collection[str], now: datetime, soon: datetime
    ) -> list[GroupKey]:
        """Live groups with a step due by `soon`, whose permits may still run."""

    async def unfiled_permits(
        self, groups: Sequence[GroupKey], now: datetime
    ) -> list[UnfiledPermit]:
        """The permits of these groups that are active and without a filed renewal."""


async def list_calls(
    offices: Collection[str], law_store: LawStore, store: CallListStore, clock: Clock
) -> list[CallListEntry]:
    """List the permits whose holders must be called, earliest expiry first.

    These are permits

    - past closing, if the law does not clearly accept late applications, or if no text
      was sent since closing;
    - past closing or close to it, if no text can reach the holder or the latest failed;
    - within days of closing, if a limit, a pause, a slow sender or a stale register
      holds the text back, or if its outcome is unknown.
    """
    law, now = await law_store.current_law(), clock.now()
    groups = dict[GroupKey, CallGroup]()
    # Steps fall due before their closing: this includes every group that closes soon.
    soon = now + CALL_BEFORE_CLOSING + timedelta(days=1)
    for key in await store.live_groups(offices, now, soon):
        if group := find_call_group(law, *key, now):
            groups[key] = group
    entries = [
        _call(permit, groups[permit.group], reasons)
        for permit in await store.unfiled_permits(list(groups), now)
        if (reasons := _reasons(permit, groups[permit.group]))
    ]
    return sorted(
        entries,
        key=lambda one: (one.expires_on, one.authority, one.rule, one.number),
    )


def _reasons(permit: UnfiledPermit, group: CallGroup) -> list[str]:
    return group.call_reasons(
        permit.phone_state,
        permit.texted_steps,
        permit.hold_reason,
        permit.failure_reason,
        unknown_outcome=permit.unknown_outcome,
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
