"""Due reminders become SMS: claim, POST, record, round by round."""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import uuid4

from service.domain.caps import HORIZON, limits_of
from service.domain.errors import LawChangedError
from service.domain.lawbook import Law
from service.domain.outcome import NotPosted, Refused
from service.flow.plan import Planning
from service.flow.ports import Clock, LawStore, SendStore, Words
from service.flow.post import Posting, Run, Said, elapsed
from service.flow.rows import Claim, Claiming
from service.flow.watch import WatchStore, watch

CLAIMED: Final = 200
"""Messages claimed and not yet POSTed, at most."""

_AHEAD: Final = CLAIMED // 2
"""Messages that wait for their POST while as many are claimed."""

_NOTHING: Final = Claim(0, (), frozenset())

TURN: Final = 30.0
"""Seconds after which others get their turn: what fell due, what became of the rest."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What sending needs of the outside; times in seconds."""

    laws: LawStore
    store: SendStore
    words: Words
    posting: Posting
    clock: Clock
    lease: float
    post_timeout: float
    watching: WatchStore


@dataclass(frozen=True, slots=True)
class Sent:
    """How many messages were POSTed, and whether something sendable is left."""

    posted: int
    more: bool


async def send(to: Sending) -> Sent:
    """Claim and POST until nothing sendable is due, or the turn is over.

    The next messages are claimed while the last are being POSTed. Where none of some
    could be POSTed in time it ends: the next tick goes on. Told to stop it claims no
    more, and POSTs no more of what is claimed.
    """
    try:
        async with asyncio.TaskGroup() as group:
            return await _send(to.posting.run(group), to)
    except BaseExceptionGroup as several:  # callers know a database's error by its type
        raise several.exceptions[0] from None


async def _send(run: Run, to: Sending) -> Sent:
    owner, turn_ends = str(uuid4()), elapsed() + TURN
    posted, busy = 0, frozenset[str]()
    while True:
        more = elapsed() < turn_ends and not to.posting.stopping()
        claim = _NOTHING
        if more and not run.over:
            deadline = elapsed() + to.lease - 2 * to.post_timeout
            claim = await _claim(owner, busy, to)
            run.give(claim.messages, deadline)
            busy |= claim.busy
        await run.until(_AHEAD if claim.examined else 0)
        said = run.take()
        posted += await _record(owner, said, run, to)
        if claim.examined or said:  # what came back may be due again at once
            continue
        if run.over or not (more and busy):
            return Sent(posted, more=not (more or run.over))
        busy = frozenset()
        await asyncio.sleep(HORIZON / 2)


async def _record(owner: str, said: Said, run: Run, to: Sending) -> int:
    """Write down what was answered; how many were POSTed."""
    if not said:
        return 0
    await to.posting.provider.hand_over()
    await to.store.record(owner, said, to.clock.now())
    if any(isinstance(outcome, Refused) for _, outcome in said):
        await watch(to.watching, to.clock)
    in_time = sum(not isinstance(outcome, NotPosted) for _, outcome in said)
    run.over = run.over or not in_time
    return in_time


async def _claim(owner: str, busy: frozenset[str], to: Sending) -> Claim:
    """Claim by the law and words in force; what changes just then is read again.

    Offices whose sender is `busy` are left alone.
    """
    while True:
        law, now = await to.laws.law(), to.clock.now()
        planning = Planning(law, await to.words.current(law.digest), now)
        how = Claiming(
            owner=owner,
            lease=to.lease,
            most=_AHEAD,
            law=law.digest,
            without=_issuing(busy, law),
            limits=limits_of(law.authorities.values(), now),
            plan=partial(planning.plan, most=_AHEAD),
        )
        try:
            return await to.store.claim(how, now)
        except LawChangedError:
            continue


def _issuing(offices: frozenset[str], law: Law) -> frozenset[str]:
    """The authorities for which these offices send."""
    if not offices:
        return offices
    return frozenset(
        code for code in law.authorities if law.sender_of(code).code in offices
    )
