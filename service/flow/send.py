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
from service.flow.post import Posting, elapsed
from service.flow.rows import Claim, Claiming
from service.flow.watch import WatchStore, watch

CLAIMED: Final = 200
"""Messages claimed and not yet POSTed, at most."""

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
    owner, over = str(uuid4()), elapsed() + TURN
    posted, busy = 0, frozenset[str]()
    while elapsed() < over and not to.posting.stopping():
        deadline = elapsed() + to.lease - 2 * to.post_timeout
        claim = await _claim(owner, busy, to)
        busy |= claim.busy
        if not claim.examined:
            if not busy:
                return Sent(posted, more=False)
            busy = frozenset()
            await asyncio.sleep(HORIZON / 2)
            continue
        outcomes = await to.posting.post(claim.messages, deadline)
        await to.posting.provider.hand_over()
        await to.store.record(owner, outcomes, to.clock.now())
        if any(isinstance(said, Refused) for _, said in outcomes):
            await watch(to.watching, to.clock)
        in_time = [one for one, said in outcomes if not isinstance(said, NotPosted)]
        posted += len(in_time)
        if claim.messages and not in_time:
            return Sent(posted, more=False)
    return Sent(posted, more=True)


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
            most=CLAIMED,
            law=law.digest,
            without=_issuing(busy, law),
            limits=limits_of(law.authorities.values(), now),
            plan=partial(planning.plan, most=CLAIMED),
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
