"""Send a test to a clerk's own phone: claimed, begun and recorded like any message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import uuid4

from service.domain.delivery.circuit import PostEvidence
from service.domain.delivery.outcome import NotPosted, Outcome
from service.domain.errors import ConflictError
from service.domain.law.authority import Authority
from service.domain.messages.test_text import word_test
from service.flow.monotonic import monotonic_now
from service.flow.permits.encryption import Recipient
from service.flow.sending.circuit import open_access
from service.flow.sending.claim_rows import Outcomes
from service.flow.sending.provider import Outgoing
from service.flow.sending.send import MAX_CLAIM_AGE, SendDeps, SendTurn

_VALID_FOR: Final = 3600.0
"""Seconds for which a provider may queue a test."""


@dataclass(frozen=True, slots=True)
class TextToClaim:
    """A test to claim: by which owner and person, for which phone, in which words."""

    owner: str
    lease: float
    generation: int
    by: str
    phone: Recipient
    office: Authority
    body: str
    valid_for: float = _VALID_FOR


class OwnPhoneStore(Protocol):
    """Claims tests; what follows is as for any message."""

    async def claim(self, text: TextToClaim, now: datetime) -> Outgoing:
        """Insert the message of a test.

        Raises `ConflictError` if the phone has opted out, or while the provider is out.
        """


async def send_test(
    phone: Recipient,
    office: Authority,
    deps: SendDeps,
    store: OwnPhoneStore,
    *,
    by: str,
) -> tuple[str, Outcome]:
    """Send one test; return the id of its message, and what became of its POST.

    It is POSTed at most once: after a kill, the next pass settles what was begun, and
    nobody sends it again. While sending is paused it is `NotPosted`. Raises what
    `OwnPhoneStore.claim` raises.
    """
    provider, owner, now = deps.poster.provider, str(uuid4()), deps.clock.now()
    access = await open_access(deps.circuit_store, provider, owner, deps.lease)
    if access is None:
        raise ConflictError(f"{provider.name}: is out, as doctor says; try again later")
    deadline = monotonic_now() + min(deps.lease - 2 * deps.post_timeout, MAX_CLAIM_AGE)
    text = TextToClaim(
        owner=owner,
        lease=deps.lease,
        generation=access.generation,
        by=by,
        phone=phone,
        office=office,
        body=word_test(office, now),
    )
    message = await store.claim(text, now)
    turn = SendTurn(deps, access, now, await deps.law_store.current_law())
    found: list[Outcome] = []

    async def record_and_begin(
        outcomes: Outcomes, evidence: PostEvidence, group: Sequence[Outgoing]
    ) -> frozenset[str]:
        found.extend(outcome for _, outcome in outcomes)
        return await turn.record_and_begin(outcomes, evidence, group)

    await deps.poster.post([message], deadline, record_and_begin)
    return message.id, found[-1] if found else NotPosted()
