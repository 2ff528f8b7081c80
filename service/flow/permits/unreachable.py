"""Permits without a phone that texts reach, and phones that are reachable again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Final, Protocol

from service.domain.lawbook.law import Law
from service.domain.reports.unreachable import UnreachablePermit, UnreachablePhone
from service.flow.permits.encryption import Recipient
from service.flow.permits.phone_reader import PhoneReader
from service.flow.ports import Clock

_PAGE_SIZE: Final = 500
"""Permits that are read at a time."""


@dataclass(frozen=True, slots=True)
class UnreachableRow:
    """A stored permit that is reminded, and whose phones no text reaches."""

    id: str
    series: str
    authority: str
    rule: str
    number: str
    holder: str
    expires_on: date
    phones: tuple[UnreachablePhone, ...]


class UnreachableStore(Protocol):
    """Stores which phones no text reaches."""

    async def page(
        self, authorities: Collection[str], now: datetime, after: str | None, limit: int
    ) -> list[UnreachableRow]:
        """Return the unreachable permits that follow the id `after`, by their ids.

        They are of live types, active, not being renewed, and have a step to come.
        """

    async def lift(
        self, phone: Recipient, by: str, reason: str | None, now: datetime
    ) -> None:
        """Mark a phone as reachable, and reopen its current reminders.

        Raises `ConflictError` if it was reachable already.
        """


@dataclass(frozen=True, slots=True)
class UnreachableDeps:
    """The ports of `find_unreachable` and `mark_reachable`."""

    store: UnreachableStore
    phone_reader: PhoneReader
    clock: Clock


async def find_unreachable(
    authorities: Collection[str], deps: UnreachableDeps, after: str | None, limit: int
) -> Sequence[UnreachablePermit]:
    """Find the unreachable permits that follow the id `after`, by their ids."""
    law = await deps.phone_reader.law_store.current_law()
    found = await deps.store.page(authorities, deps.clock.now(), after, limit)
    return [_with_closing_day(one, law) for one in found]


async def find_all_unreachable(
    authorities: Collection[str], deps: UnreachableDeps
) -> list[UnreachablePermit]:
    """Find all unreachable permits, the earliest closing first."""
    found: list[UnreachablePermit] = []
    while True:
        after = found[-1].id if found else None
        page = await find_unreachable(authorities, deps, after, _PAGE_SIZE)
        found += page
        if len(page) < _PAGE_SIZE:
            return sorted(found, key=attrgetter("closes_on", "authority", "rule", "id"))


async def mark_reachable(
    phone: str,
    authority: str,
    deps: UnreachableDeps,
    *,
    by: str,
    reason: str | None = None,
) -> Recipient:
    """Mark a phone as reachable, because a person knows that it is.

    Raises what `PhoneReader.read_valid` raises, and `ConflictError` if the phone was
    reachable already.
    """
    recipient = await deps.phone_reader.read_valid("unreachable", authority, phone)
    await deps.store.lift(recipient, by, reason, deps.clock.now())
    return recipient


def _with_closing_day(row: UnreachableRow, law: Law) -> UnreachablePermit:
    version = law.current_version(row.series)
    ladder = law.ladder(version.rule, version, row.authority, row.expires_on)
    return UnreachablePermit(
        id=row.id,
        authority=row.authority,
        rule=row.rule,
        number=row.number,
        holder=row.holder,
        phones=row.phones,
        closes_on=ladder.window.closes_on,
        expires_on=row.expires_on,
    )
