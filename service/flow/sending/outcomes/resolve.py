"""Resolve an unknown outcome by hand: send the reminders again, or give them up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Protocol

from service.domain.delivery.operator_request import parse_operator_request
from service.domain.delivery.unknown_outcome import UnknownOutcome, undecidable_reason
from service.domain.masked_text import mask_text
from service.flow.ports import Clock


class Decision(StrEnum):
    """An operator's decision on a message whose outcome is unknown."""

    RESEND = "resend"
    GIVE_UP = "give up"


def decision_note(by: str, reason: str) -> str:
    """The reason that a decided message and its reminders get, phones masked.

    It is the same whether the action log has masked `by` and `reason` already or not:
    digits at the end of a name can look like the beginning of a phone in the reason.
    """
    return mask_text(f"operator {mask_text(by)}: {mask_text(reason)}")


class ResolveStore(Protocol):
    """Messages that wait for an operator."""

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
        """Apply a decision in one transaction, and log who made it and why.

        Raises `UnknownError`, and `ConflictError` with the reason that `objection`
        gives.
        """


@dataclass(frozen=True, slots=True)
class ResolveDeps:
    """The ports that resolving needs.

    `settle_after` is how long settling waits for proof of absence.
    """

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
    """Apply an operator's decision on one message; its reason is logged.

    `RESEND` makes its reminders due again, to be sent in a new message; `GIVE_UP` fails
    them. Raises `InvalidError`, `UnknownError`, and `ConflictError` if the message does
    not wait for an operator.
    """
    await deps.store.resolve(
        message_id,
        decision,
        by=by,
        reason=parse_operator_request(request, "reason")["reason"],
        now=deps.clock.now(),
        objection=partial(undecidable_reason, settle_after=deps.settle_after),
    )
