"""Whom the office must call, since no text reaches them, or none in time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from service.domain.reports.call_list import SOON, Call, Calling, Reach, calling
from service.flow.ports import Clock, LawStore

GroupKey = tuple[str, str, date]
"""(series, authority, expiry date)."""


@dataclass(frozen=True, slots=True)
class Unfiled:
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
    reach: Reach
    texted: frozenset[str]
    held: str | None
    failed: str | None
    doubted: bool

    @property
    def group(self) -> GroupKey:
        """The permits that the law dates alike."""
        return self.series, self.authority, self.expires_on


class CallStore(Protocol):
    """Permits that may have to be called."""

    async def live_groups(
        self, offices: Collection[str], now: datetime, soon: datetime
    ) -> list[GroupKey]:
        """Groups that are live, had a step by `soon`, and may not be past their end."""

    async def unfiled(self, groups: Sequence[GroupKey], now: datetime) -> list[Unfiled]:
        """The permits of some groups that are active and not being renewed."""


async def calls(
    offices: Collection[str], laws: LawStore, store: CallStore, clock: Clock
) -> list[Call]:
    """List the permits to be called, what ends soonest first.

    Past closing and not past their end where the law refuses late filing or is silent
    on it, or where nothing was texted since; those closing soon, or late, that no text
    can reach, or whose latest text failed; and those that close within days while a
    limit, a pause, a slow sender or a stale register holds their text back, or while
    nobody knows whether it went out.
    """
    law, now = await laws.law(), clock.now()
    found = dict[GroupKey, Calling]()
    # A step comes before its closing, so that no group that closes soon is left out.
    soon = now + SOON + timedelta(days=1)
    for key in await store.live_groups(offices, now, soon):
        if group := calling(law, *key, now):
            found[key] = group
    rows = [(one, found[one.group]) for one in await store.unfiled(list(found), now)]
    told = [
        _call(one, group, reasons)
        for one, group in rows
        if (reasons := _reasons(one, group))
    ]
    return sorted(
        told, key=lambda it: (it.expires_on, it.authority, it.rule, it.number)
    )


def _reasons(one: Unfiled, group: Calling) -> list[str]:
    return group.reasons(
        one.reach, one.texted, one.held, one.failed, doubted=one.doubted
    )


def _call(one: Unfiled, group: Calling, reasons: Sequence[str]) -> Call:
    return Call(
        authority=one.authority,
        rule=one.rule,
        number=one.number,
        holder=one.holder,
        phones="; ".join(one.phones),
        closes_on=group.ladder.window.closes_on,
        expires_on=one.expires_on,
        why=", ".join(reasons),
    )
