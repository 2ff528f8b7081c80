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
from functools import partial
from uuid import uuid4

from service.domain.compose import facts
from service.domain.decide import End, Hold, decide
from service.domain.errors import LawChangedError, SetUpError
from service.domain.lawbook import Law
from service.domain.outcome import NotPosted, Outcome, RefusalKind, Refused
from service.domain.rule import CONTACT_NOW, Version, corrects
from service.domain.schedule import Window
from service.domain.segments import measure
from service.domain.status import ReminderState
from service.domain.validity import valid_for
from service.flow.ports import Clock, LawStore, Provider, SendStore, Vault, Words
from service.flow.register import PHONE
from service.flow.rows import Claim, Draft, Due, Outgoing

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
    posted = 0
    while True:
        deadline = _elapsed() + to.lease - 2 * to.post_timeout
        claim = await _claim(owner, to)
        if not claim.examined:
            return posted
        outcomes = await _post(claim.messages, to, deadline)
        await to.store.record(owner, outcomes, to.clock.now())
        in_time = [one for one, said in outcomes if not isinstance(said, NotPosted)]
        posted += len(in_time)
        if claim.messages and not in_time:
            return posted


async def _claim(owner: str, to: Sending) -> Claim:
    """Claim by the law in force; one that changes just then is read again."""
    while True:
        law = await to.laws.law()
        try:
            return await to.store.claim(
                now=to.clock.now(),
                owner=owner,
                lease=to.lease,
                limit=CLAIMED,
                compose=partial(compose, law=law, to=to),
                law=law.digest,
            )
        except LawChangedError:
            continue


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
    window, today = ladder.window, now.astimezone(office.zone).date()
    if _over(due.step, version, window, today):
        return End(ReminderState.MISSED, "window closed")
    if corrects(due.step) and not _told_too_late(due, window):
        return End(ReminderState.SUPERSEDED, "told date holds again")
    language = due.language or office.language
    said = facts(rule, version, window, office, due.number, language)
    body = to.words.render_sms(due.template, said)
    told_on = None if window.provisional else window.closes_on
    lasts = valid_for(now, office, due.candidate.until_at)
    return Draft(body, language, measure(body).segments, told_on, lasts)


def _over(step: str, version: Version, window: Window, today: date) -> bool:
    """Whether a text would advise to apply by a day that is past."""
    after = {one.name for one in version.steps if one.after_closing}
    return step not in after | {CONTACT_NOW} and window.closes_on < today


def _told_too_late(due: Due, window: Window) -> bool:
    told_on = due.candidate.last_told_on
    return told_on is not None and told_on > window.closes_on


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
