"""Due reminders become SMS: claim, POST, record, round by round."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import uuid4

from service.domain.caps import HORIZON, limits_of
from service.domain.errors import LawChangedError
from service.domain.lawbook import Law
from service.domain.outcome import NotPosted, Refused
from service.flow.plan import Planning
from service.flow.ports import Clock, LawStore, SendStore, Words
from service.flow.post import Posted, Posting, elapsed
from service.flow.rows import Claim, Claiming
from service.flow.watch import WatchStore, watch

CLAIMED: Final = 200
"""Messages claimed and not yet POSTed, at most."""

ROUNDS: Final = 10
"""Messages claimed for each that may be under way at once."""

FRESH: Final = 10.0
"""Seconds for which it holds what a claim has seen: who opted out, what is paused."""

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

    A round in which nothing could be POSTed in time ends it: the next tick goes on.
    Told to stop it claims no more, and POSTs no more of what is claimed.
    """
    owner, since, over = str(uuid4()), to.clock.now(), elapsed() + TURN
    posted, busy = 0, dict[str, float]()
    while elapsed() < over and not to.posting.stopping():
        deadline = elapsed() + min(to.lease - 2 * to.post_timeout, FRESH)
        busy = {office: at for office, at in busy.items() if at > elapsed()}
        most = min(CLAIMED, ROUNDS * to.posting.pace.room(elapsed()))
        if not most:
            return Sent(posted, more=False)
        claim = await _claim(owner, frozenset(busy), since, most, to)
        busy |= dict.fromkeys(claim.busy, elapsed() + HORIZON / 2)
        if not claim.examined:
            if not busy:
                return Sent(posted, more=False)
            await asyncio.sleep(min(busy.values()) - elapsed())
            continue
        done = await to.posting.post(claim.messages, deadline)
        if done.said:
            await _record(owner, done, to)
        in_time = sum(not isinstance(said, NotPosted) for _, said in done.said)
        posted += in_time
        if done.over or (claim.messages and not in_time):
            return Sent(posted, more=False)
    return Sent(posted, more=True)


async def _record(owner: str, done: Posted, to: Sending) -> None:
    await to.posting.provider.hand_over()
    await to.store.record(owner, done.said, to.clock.now())
    if any(isinstance(said, Refused) for _, said in done.said):
        await watch(to.watching, to.clock)


async def _claim(
    owner: str, busy: frozenset[str], since: datetime, most: int, to: Sending
) -> Claim:
    """Claim by the law and words in force; what changes just then is read again.

    Offices whose sender is `busy` are left alone.
    """
    while True:
        law, now = await to.laws.law(), to.clock.now()
        planning = Planning(law, await to.words.current(law.digest), now)
        how = Claiming(
            owner=owner,
            lease=to.lease,
            most=most,
            since=since,
            law=law.digest,
            without=_issuing(busy, law),
            limits=limits_of(law.authorities.values(), now),
            plan=partial(planning.plan, most=most),
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
