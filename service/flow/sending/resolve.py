"""Deciding by hand what a provider's list could not: send again, or give up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Protocol

from service.domain.delivery.unknown_outcome import Doubt, objection
from service.domain.formats.operator_request import order_from
from service.flow.ports import Clock


class Decision(StrEnum):
    """What a person decides of a message whose outcome is unknown."""

    RESEND = "resend"
    GIVE_UP = "give up"


class ResolveStore(Protocol):
    """Messages that wait for a person."""

    async def resolve(
        self,
        message_id: str,
        decision: Decision,
        *,
        by: str,
        reason: str,
        now: datetime,
        objection: Callable[[Doubt], str | None],
    ) -> None:
        """Decide a message in one transaction, and write down who did and why.

        Raises `UnknownError`, and `ConflictError` for what `objection` says of it.
        """


@dataclass(frozen=True, slots=True)
class Resolving:
    """What deciding needs; `patience` is how long settling waits for proof."""

    store: ResolveStore
    clock: Clock
    patience: timedelta


async def resolve(
    message_id: str,
    decision: Decision,
    order: Mapping[str, object],
    to: Resolving,
    by: str,
) -> None:
    """Decide one message for a reason that is kept with who gave it.

    To resend makes its reminders due once more, in a new message; to give up fails
    them. Raises `InvalidError`, `UnknownError`, and `ConflictError` where the message
    is not for a person to decide.
    """
    await to.store.resolve(
        message_id,
        decision,
        by=by,
        reason=order_from(order, "reason")["reason"],
        now=to.clock.now(),
        objection=partial(objection, patience=to.patience),
    )
