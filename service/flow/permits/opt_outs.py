"""Whom nobody may text any more: by their own word, the provider's or the office's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from service.flow.permits.read_phone import Dialling, dial
from service.flow.ports import Clock
from service.flow.rows import Recipient

Via = Literal["inbound", "provider", "api", "command"]
"""How an opt-out came: a text to us, a provider that refuses to text, people."""


@dataclass(frozen=True, slots=True)
class OptOut:
    """A phone that is texted no more, masked; `id` only tells pages apart."""

    id: str
    phone: str
    since: datetime
    via: Via


class ConsentStore(Protocol):
    """Opt-outs."""

    async def page(self, after: str | None, limit: int | None) -> Sequence[OptOut]:
        """The opt-outs from the one after `after`, in the order of their ids."""

    async def opt_out(
        self, phone: Recipient, via: Via, by: str, reason: str | None, now: datetime
    ) -> tuple[OptOut, bool]:
        """Text a phone no more, known or not; the opt-out, and whether it is new.

        What is due to it ends in the same transaction. An opt-out that stands keeps
        its date and cause.
        """

    async def lift(
        self, phone: Recipient, by: str, reason: str | None, now: datetime
    ) -> None:
        """Text a phone again, and reopen what is current for it.

        Raises `ConflictError` where it has not opted out.
        """


@dataclass(frozen=True, slots=True)
class Consent:
    """What opting out for somebody needs of the outside."""

    store: ConsentStore
    dialling: Dialling
    clock: Clock


async def opt_out(
    phone: str,
    authority: str,
    to: Consent,
    *,
    via: Via,
    by: str,
    reason: str | None = None,
) -> tuple[OptOut, bool]:
    """Opt a phone out; the opt-out, and whether it is new.

    It may be of no register yet: one that brings it later finds it opted out. Raises
    what `dial` raises.
    """
    found = await dial("opt-out", phone, authority, to.dialling)
    return await to.store.opt_out(found, via, by, reason, to.clock.now())


async def lift(
    phone: str, authority: str, to: Consent, *, by: str, reason: str | None = None
) -> Recipient:
    """Text a phone again; raises what `dial` raises, `ConflictError` for no opt-out.

    A block of the provider's own stays: only its holder's START lifts that.
    """
    found = await dial("opt-out", phone, authority, to.dialling)
    await to.store.lift(found, by, reason, to.clock.now())
    return found
