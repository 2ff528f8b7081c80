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


async def send(to: Sending, since: datetime) -> Sent:
    """Claim and POST until nothing sendable is due, or the turn is over.

    Of what was never sent only what was born by `since`: the volume guard has seen it.
    A round in which nothing could be POSTed in time ends it: the next tick goes on.
    Told to stop it claims no more, and POSTs no more of what is claimed.
    """
    over, posted, busy = elapsed() + TURN, 0, dict[str, float]()
    turn = _Turn(to, str(uuid4()), since, await to.laws.law())
    while elapsed() < over and not to.posting.stopping():
        deadline = elapsed() + min(to.lease - 2 * to.post_timeout, FRESH)
        busy = {office: at for office, at in busy.items() if at > elapsed()}
        most = min(CLAIMED, ROUNDS * to.posting.pace.room(elapsed()))
        if not most:
            return Sent(posted, more=False)
        claim = await turn.claim(frozenset(busy), most)
        busy |= dict.fromkeys(claim.busy, elapsed() + HORIZON / 2)
        if not claim.examined:
            if not busy:
                return Sent(posted, more=False)
            await asyncio.sleep(min(busy.values()) - elapsed())
            continue
        done = await to.posting.post(claim.messages, deadline)
        if done.said:
            await turn.record(done)
        in_time = sum(not isinstance(said, NotPosted) for _, said in done.said)
        posted += in_time
        if done.over or (claim.messages and not in_time):
            return Sent(posted, more=False)
    return Sent(posted, more=True)


@dataclass(slots=True)
class _Turn:
    """Who sends since when, by which law."""

    to: Sending
    owner: str
    since: datetime
    law: Law

    async def claim(self, busy: frozenset[str], most: int) -> Claim:
        """Claim by the law and words in force; what changes just then is read again.

        Offices whose sender is `busy` are left alone.
        """
        to = self.to
        while True:
            law, now = self.law, to.clock.now()
            planning = Planning(law, await to.words.current(law.digest), now)
            how = Claiming(
                owner=self.owner,
                lease=to.lease,
                most=most,
                since=self.since,
                law=law.digest,
                without=_issuing(busy, law),
                limits=limits_of(law.authorities.values(), now),
                plan=partial(planning.plan, most=most),
            )
            try:
                return await to.store.claim(how, now)
            except LawChangedError:
                self.law = await to.laws.law()

    async def record(self, done: Posted) -> None:
        """Write down what became of POSTs, and look whether too many were refused."""
        to = self.to
        await to.posting.provider.hand_over()
        await to.store.record(self.owner, done.said, to.clock.now())
        if any(isinstance(said, Refused) for _, said in done.said):
            await watch(to.watching, to.clock)


def _issuing(offices: frozenset[str], law: Law) -> frozenset[str]:
    """The authorities for which these offices send."""
    if not offices:
        return offices
    return frozenset(
        code for code in law.authorities if law.sender_of(code).code in offices
    )
