"""Whom no text reaches any more, and phones that take texts again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from service.domain.lawbook.law import Law
from service.domain.reports.unreachable import UnreachablePermit, UnreachablePhone
from service.flow.permits.encryption import Recipient
from service.flow.permits.read_phone import PhoneReader, read_phone
from service.flow.ports import Clock


@dataclass(frozen=True, slots=True)
class UnreachableRow:
    """A permit that is reminded and of which no phone takes texts, as it is stored."""

    id: str
    series: str
    authority: str
    rule: str
    number: str
    holder: str
    expires_on: date
    phones: tuple[UnreachablePhone, ...]


class UnreachableStore(Protocol):
    """Phones that take no texts."""

    async def page(
        self, offices: Collection[str], now: datetime, after: str | None, limit: int
    ) -> list[UnreachableRow]:
        """Such permits of some offices, from the one after `after`, by their ids.

        Those of live types that are active, not being renewed, and have a step whose
        time is not over.
        """

    async def lift(
        self, phone: Recipient, by: str, reason: str | None, now: datetime
    ) -> None:
        """Text a phone again, and reopen what is current for it.

        Raises `ConflictError` where it is not unreachable.
        """


@dataclass(frozen=True, slots=True)
class UnreachableDeps:
    """What asking for the unreachable needs of the outside."""

    store: UnreachableStore
    phone_reader: PhoneReader
    clock: Clock


async def unreached(
    offices: Collection[str], to: UnreachableDeps, after: str | None, limit: int
) -> Sequence[UnreachablePermit]:
    """List permits that no text reaches, from the one after `after`, by their ids."""
    law = await to.phone_reader.law_store.current_law()
    found = await to.store.page(offices, to.clock.now(), after, limit)
    return [_with_closing_day(one, law) for one in found]


async def lift(
    phone: str,
    authority: str,
    to: UnreachableDeps,
    *,
    by: str,
    reason: str | None = None,
) -> Recipient:
    """Text a phone again, as somebody knows that it works.

    Raises what `dial` raises, and `ConflictError` for one that is not unreachable.
    """
    found = await read_phone("unreachable", phone, authority, to.phone_reader)
    await to.store.lift(found, by, reason, to.clock.now())
    return found


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
