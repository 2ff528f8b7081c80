"""Opt-outs: phones that must not be texted, recorded and lifted by people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from service.flow.permits.encryption import Recipient
from service.flow.permits.phone_reader import PhoneReader
from service.flow.ports import Clock

Via = Literal["inbound", "provider", "api", "command"]
"""How an opt-out came: by a text to us, a refusal of the provider, or a person."""


@dataclass(frozen=True, slots=True)
class OptOut:
    """A masked phone that is not texted; `id` is only the cursor of pages."""

    id: str
    phone: str
    since: datetime
    via: Via


class OptOutStore(Protocol):
    """Stores opt-outs."""

    async def page(self, after: str | None, limit: int | None) -> Sequence[OptOut]:
        """Return the opt-outs that follow the id `after`, in the order of their ids."""

    async def opt_out(
        self, phone: Recipient, via: Via, by: str, reason: str | None, now: datetime
    ) -> tuple[OptOut, bool]:
        """Opt a phone out, known or not; the opt-out, and whether it is new.

        Its due reminders end in the same transaction. A former opt-out keeps its date
        and cause.
        """

    async def lift(
        self, phone: Recipient, by: str, reason: str | None, now: datetime
    ) -> None:
        """Lift an opt-out, and reopen the current reminders of the phone.

        Raises `ConflictError` if the phone has not opted out.
        """


@dataclass(frozen=True, slots=True)
class OptOutDeps:
    """The ports of `opt_out` and `lift_opt_out`."""

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

    The phone may be in no register yet: permits registered later respect the opt-out.
    Raises what `PhoneReader.read_valid` raises.
    """
    recipient = await deps.phone_reader.read_valid("opt-out", authority, phone)
    return await deps.store.opt_out(recipient, via, by, reason, deps.clock.now())


async def lift_opt_out(
    phone: str, authority: str, deps: OptOutDeps, *, by: str, reason: str | None = None
) -> Recipient:
    """Lift an opt-out; the phone it was for.

    Raises what `PhoneReader.read_valid` raises, and `ConflictError` if the phone has
    not opted out. If the provider itself blocks the phone, it goes on doing so until
    the holder texts START.
    """
    recipient = await deps.phone_reader.read_valid("opt-out", authority, phone)
    await deps.store.lift(recipient, by, reason, deps.clock.now())
    return recipient
