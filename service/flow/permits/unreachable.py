"""Whom no text reaches any more, and phones that take texts again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from service.domain.lawbook.law import Law
from service.domain.reports.unreachable import DeadPhone, Unreached
from service.flow.permits.read_phone import Dialling, dial
from service.flow.ports import Clock
from service.flow.rows import Recipient


@dataclass(frozen=True, slots=True)
class Unheard:
    """A permit that is reminded and of which no phone takes texts, as it is stored."""

    id: str
    series: str
    authority: str
    rule: str
    number: str
    holder: str
    expires_on: date
    phones: tuple[DeadPhone, ...]


class ReachStore(Protocol):
    """Phones that take no texts."""

    async def page(
        self, offices: Collection[str], now: datetime, after: str | None, limit: int
    ) -> list[Unheard]:
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
class Reach:
    """What asking for the unreachable needs of the outside."""

    store: ReachStore
    dialling: Dialling
    clock: Clock


async def unreached(
    offices: Collection[str], to: Reach, after: str | None, limit: int
) -> Sequence[Unreached]:
    """List permits that no text reaches, from the one after `after`, by their ids."""
    law = await to.dialling.laws.law()
    found = await to.store.page(offices, to.clock.now(), after, limit)
    return [_dated(one, law) for one in found]


async def lift(
    phone: str, authority: str, to: Reach, *, by: str, reason: str | None = None
) -> Recipient:
    """Text a phone again, as somebody knows that it works.

    Raises what `dial` raises, and `ConflictError` for one that is not unreachable.
    """
    found = await dial("unreachable", phone, authority, to.dialling)
    await to.store.lift(found, by, reason, to.clock.now())
    return found


def _dated(one: Unheard, law: Law) -> Unreached:
    version = law.standing(one.series)
    ladder = law.ladder(version.rule, version, one.authority, one.expires_on)
    return Unreached(
        id=one.id,
        authority=one.authority,
        rule=one.rule,
        number=one.number,
        holder=one.holder,
        phones=one.phones,
        closes_on=ladder.window.closes_on,
        expires_on=one.expires_on,
    )
