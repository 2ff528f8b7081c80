"""Deciding by hand what a provider's list could not: send again, or give up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Protocol

from service.domain.delivery.operator_request import parse_operator_request
from service.domain.delivery.unknown_outcome import UnknownOutcome, undecidable_reason
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
        objection: Callable[[UnknownOutcome], str | None],
    ) -> None:
        """Decide a message in one transaction, and write down who did and why.

        Raises `UnknownError`, and `ConflictError` for what `objection` says of it.
        """


@dataclass(frozen=True, slots=True)
class ResolveDeps:
    """What deciding needs; `patience` is how long settling waits for proof."""

    store: ResolveStore
    clock: Clock
    settle_after: timedelta


async def resolve(
    message_id: str,
    decision: Decision,
    request: Mapping[str, object],
    deps: ResolveDeps,
    by: str,
) -> None:
    """Decide one message for a reason that is kept with who gave it.

    To resend makes its reminders due once more, in a new message; to give up fails
    them. Raises `InvalidError`, `UnknownError`, and `ConflictError` where the message
    is not for a person to decide.
    """
    await deps.store.resolve(
        message_id,
        decision,
        by=by,
        reason=parse_operator_request(request, "reason")["reason"],
        now=deps.clock.now(),
        objection=partial(undecidable_reason, settle_after=deps.settle_after),
    )
