"""The inbox: texts to us that were not understood, for people to read and decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from service.domain.delivery.operator_request import parse_operator_request
from service.domain.untrusted.text import safe_label
from service.flow.permits.encryption import INBOUND_COLUMN
from service.flow.permits.opt_outs import Via
from service.flow.ports import Clock, Vault

_LONGEST_TEXT: Final = 1600
"""Characters; the most of one SMS at Twilio."""


class InboxDecision(StrEnum):
    """How a person reads a text: no more texts are wanted, or anything else."""

    OPT_OUT = "opt-out"
    HANDLED = "handled"


@dataclass(frozen=True, slots=True)
class InboxPermit:
    """A permit that a text may be about; a personal number is masked."""

    authority: str
    rule: str
    number: str
    holder: str


@dataclass(frozen=True, slots=True)
class InboxText:
    """A text that waits for a person; `id` is the provider's.

    `phone` is masked; None if an earlier release received the text, which stored no
    phone that no register had. `permits` are those of our last text before it, or else
    those registered with the phone, at most 20.
    """

    id: str
    provider: str
    received_at: datetime
    phone: str | None
    text: str
    permits: tuple[InboxPermit, ...]


class InboxStore(Protocol):
    """Texts that wait for a person."""

    async def page(
        self, offices: Sequence[str] | None, after: str | None, limit: int
    ) -> Sequence[tuple[InboxText, bytes]]:
        """Texts that follow the id `after`, oldest first, each with its encrypted body.

        Only those about permits of these offices; None for all texts. Raises
        `UnknownError` if no text has the id `after`.
        """

    async def decide(
        self,
        text_id: str,
        decision: InboxDecision,
        *,
        via: Via,
        by: str,
        reason: str,
        now: datetime,
    ) -> None:
        """Take a text out of the inbox in one transaction, and log who did so and why.

        Raises `UnknownError`, and `ConflictError` if it is not in the inbox, or if its
        phone is to be opted out and was not stored.
        """


@dataclass(frozen=True, slots=True)
class InboxDeps:
    """The ports of the inbox."""

    store: InboxStore
    vault: Vault
    clock: Clock


async def read_inbox(
    offices: Sequence[str] | None, after: str | None, limit: int, deps: InboxDeps
) -> list[InboxText]:
    """The texts that wait for a person after the id `after`, oldest first.

    Each text is in one line: phones are masked in it, line ends are blanks, other
    control characters escaped. Raises `UnknownError` if no text has the id `after`.
    """
    return [
        replace(one, text=_one_line(deps.vault.decrypt(body, INBOUND_COLUMN)))
        for one, body in await deps.store.page(offices, after, limit)
    ]


async def decide_text(
    text_id: str,
    decision: InboxDecision,
    request: Mapping[str, object],
    deps: InboxDeps,
    *,
    via: Via,
    by: str,
) -> None:
    """Take a text out of the inbox; `OPT_OUT` also opts its phone out.

    Raises `InvalidError` without a reason, and what `InboxStore.decide` raises.
    """
    await deps.store.decide(
        text_id,
        decision,
        via=via,
        by=by,
        reason=parse_operator_request(request, "reason")["reason"],
        now=deps.clock.now(),
    )


def _one_line(text: str) -> str:
    return safe_label(" ".join(text.split()), _LONGEST_TEXT)
