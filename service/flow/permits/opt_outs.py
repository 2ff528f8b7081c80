"""Whom nobody may text any more: by their own word, the provider's or the office's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from service.flow.permits.encryption import Recipient
from service.flow.permits.read_phone import PhoneReader, read_phone
from service.flow.ports import Clock

Via = Literal["inbound", "provider", "api", "command"]
"""How an opt-out came: a text to us, a provider that refuses to text, people."""


@dataclass(frozen=True, slots=True)
class OptOut:
    """A phone that is texted no more, masked; `id` only tells pages apart."""

    id: str
    phone: str
    since: datetime
    via: Via


class OptOutStore(Protocol):
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
class OptOutDeps:
    """What opting out for somebody needs of the outside."""

    store: OptOutStore
    phone_reader: PhoneReader
    clock: Clock


async def opt_out(
    phone: str,
    authority: str,
    deps: OptOutDeps,
    *,
    via: Via,
    by: str,
    reason: str | None = None,
) -> tuple[OptOut, bool]:
    """Opt a phone out; the opt-out, and whether it is new.

    It may be of no register yet: one that brings it later finds it opted out. Raises
    what `dial` raises.
    """
    found = await read_phone("opt-out", phone, authority, deps.phone_reader)
    return await deps.store.opt_out(found, via, by, reason, deps.clock.now())


async def lift_opt_out(
    phone: str, authority: str, deps: OptOutDeps, *, by: str, reason: str | None = None
) -> Recipient:
    """Text a phone again; raises what `dial` raises, `ConflictError` for no opt-out.

    A block of the provider's own stays: only its holder's START lifts that.
    """
    found = await read_phone("opt-out", phone, authority, deps.phone_reader)
    await deps.store.lift(found, by, reason, deps.clock.now())
    return found
