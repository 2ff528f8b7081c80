"""Due reminders become SMS: claim, POST, record.

A message row is POSTed at most once. Just before each POST the worker looks at its
own monotonic deadline, so that a process that slept past its lease sends nothing.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import uuid4

from service.domain.compose import facts
from service.domain.decide import End, Hold, decide
from service.domain.errors import SetUpError
from service.domain.lawbook import Law
from service.domain.outcome import NotPosted, Outcome, RefusalKind, Refused
from service.domain.rule import Version
from service.domain.schedule import Window
from service.domain.segments import measure
from service.domain.status import ReminderState
from service.flow.ports import Clock, LawStore, Provider, SendStore, Vault, Words
from service.flow.register import PHONE
from service.flow.rows import Draft, Due, Outgoing

log = logging.getLogger(__name__)

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
        deadline = _elapsed() + to.lease - 2 * to.post_timeout
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
    now = to.clock.now()
    office = law.sender_of(due.authority)
    working = law.calendar(office.calendar).surely
    rule = law.rule(due.rule)
    if verdict := decide(due.candidate, now, office, working, rule.min_gap_days):
        return verdict
    version = law.version(due.version)
    if rule.never is not None or version.reference.confidence == "unverified":
        return End(ReminderState.SUPPRESSED, "rule unverified")
    ladder = law.ladder(due.rule, version, due.authority, due.candidate.expires_on)
    if _over(due.step, version, ladder.window, now.astimezone(office.zone).date()):
        return End(ReminderState.MISSED, "window closed")
    language = due.language or office.language
    said = facts(rule, version, ladder.window, office, due.number, language)
    body = to.words.render_sms(due.template, said)
    return Draft(body, language, measure(body).segments)


def _over(step: str, version: Version, window: Window, today: date) -> bool:
    """Whether a text would advise to apply by a day that is past."""
    after = {one.name for one in version.steps if one.after_closing}
    return step not in after and window.closes_on < today


async def _post(
    messages: Sequence[Outgoing], to: Sending, deadline: float
) -> list[tuple[Outgoing, Outcome]]:
    """POST messages, some at once; none after the deadline or a refused account."""
    room = asyncio.Semaphore(IN_FLIGHT)
    refused = asyncio.Event()

    async def one(message: Outgoing) -> tuple[Outgoing, Outcome]:
        async with room:
            if refused.is_set() or _elapsed() > deadline:
                return message, NotPosted()
            outcome = await _post_one(message, to)
            if isinstance(outcome, Refused) and outcome.kind is RefusalKind.ACCOUNT:
                refused.set()
            return message, outcome

    return list(await asyncio.gather(*map(one, messages)))


async def _post_one(message: Outgoing, to: Sending) -> Outcome:
    try:
        phone = to.vault.open(message.to, PHONE)
    except SetUpError:
        log.exception("message %s: its phone cannot be read", message.id)
        return NotPosted("phone cannot be read")
    return await to.provider.send(replace(message, phone=phone))


def _elapsed() -> float:
    """Seconds on a clock that goes on while the machine sleeps, where there is one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
