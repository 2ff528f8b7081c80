"""Due reminders become SMS: claim, POST, record.

A message row is POSTed at most once. Just before each POST the worker looks at its
own monotonic deadline, so that a process that slept past its lease sends nothing.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic
from uuid import uuid4

from service.domain.compose import facts
from service.domain.decide import End, Hold, decide
from service.domain.lawbook import Law
from service.domain.outcome import NotPosted, Outcome
from service.domain.segments import measure
from service.flow.ports import (
    Clock,
    Draft,
    Due,
    LawStore,
    Outgoing,
    Provider,
    SendStore,
    Vault,
    Words,
)
from service.flow.register import PHONE

CLAIMED = 200
"""Messages claimed and not yet POSTed, at most."""

IN_FLIGHT = 20
"""POSTs under way at once: Twilio refuses concurrency, not rate (error 20429)."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What sending needs of the outside; times in seconds."""

    laws: LawStore
    store: SendStore
    vault: Vault
    words: Words
    provider: Provider
    clock: Clock
    lease: float
    post_timeout: float


async def send(to: Sending) -> int:
    """Claim and POST until nothing sendable is due; how many were POSTed.

    A round in which nothing could be POSTed in time ends it: the next tick goes on.
    """
    owner = str(uuid4())
    law = await to.laws.law()
    posted = 0
    while True:
        now = to.clock.now()
        deadline = monotonic() + to.lease - 2 * to.post_timeout
        claim = await to.store.claim(
            now=now,
            owner=owner,
            lease=to.lease,
            limit=CLAIMED,
            compose=lambda due: compose(due, law, to),
        )
        if not claim.examined:
            return posted
        outcomes = await _post(claim.messages, to, deadline)
        await to.store.record(owner, outcomes, to.clock.now())
        in_time = [one for one, said in outcomes if not isinstance(said, NotPosted)]
        posted += len(in_time)
        if claim.messages and not in_time:
            return posted


def compose(due: Due, law: Law, to: Sending) -> Draft | End | Hold:
    """The text of a reminder, or why it is not sent now."""
    office = law.sender_of(due.authority)
    working = law.calendar(office.calendar).surely
    rule = law.rule(due.rule)
    if verdict := decide(
        due.candidate, to.clock.now(), office, working, rule.min_gap_days
    ):
        return verdict
    version = law.version(due.version)
    ladder = law.ladder(due.rule, version, due.authority, due.candidate.expires_on)
    language = due.language or office.language
    said = facts(rule, version, ladder.window, office, due.number, language)
    body = to.words.render_sms(due.template, said)
    return Draft(body, language, measure(body).segments)


async def _post(
    messages: Sequence[Outgoing], to: Sending, deadline: float
) -> list[tuple[Outgoing, Outcome]]:
    room = asyncio.Semaphore(IN_FLIGHT)

    async def one(message: Outgoing) -> tuple[Outgoing, Outcome]:
        async with room:
            if monotonic() > deadline:
                return message, NotPosted()
            phone = to.vault.open(message.to, PHONE)
            return message, await to.provider.send(replace(message, phone=phone))

    return list(await asyncio.gather(*map(one, messages)))
