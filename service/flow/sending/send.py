"""Due reminders become SMS: claim, POST, record, round by round."""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final
from uuid import uuid4

from service.domain.delivery.outcome import Accepted, NotPosted, Refused
from service.domain.errors import LawChangedError
from service.domain.lawbook.law import Law
from service.domain.reminders.limits import HORIZON, limits_of
from service.flow.ports import Clock, LawStore, Said, SendStore, Words
from service.flow.rows import Claim, Claiming
from service.flow.sending.breaker import WatchStore, watch
from service.flow.sending.plan_claim import Planning
from service.flow.sending.post import Posted, Poster, elapsed

log = logging.getLogger(__name__)

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
    posting: Poster
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
    turn = _Turn(to, str(uuid4()), since, await to.laws.law())
    lanes = [turn.lane() for _ in range(to.posting.lanes)]
    ended = await asyncio.gather(*lanes, return_exceptions=True)
    failed = [one for one in ended if isinstance(one, BaseException)]
    for one in failed[1:]:
        log.error("a second lane broke off as well", exc_info=one)
    for one in failed:
        raise one
    done = [one for one in ended if isinstance(one, Sent)]
    return Sent(sum(one.posted for one in done), all(one.more for one in done))


@dataclass(slots=True)
class _Turn:
    """Who sends since when, by which law; until when, and whose sender is busy."""

    to: Sending
    owner: str
    since: datetime
    law: Law
    ends_at: float = field(default_factory=lambda: elapsed() + TURN)
    busy: dict[str, float] = field(default_factory=dict)

    async def lane(self) -> Sent:
        """Round by round: while one lane POSTs, another one claims.

        What is taken, as mostly, is written down together with the next claim.
        """
        to, posted = self.to, 0
        said: Said = ()
        try:
            while elapsed() < self.ends_at and not to.posting.stopping():
                deadline = elapsed() + min(to.lease - 2 * to.post_timeout, FRESH)
                most = self._most()
                if not most:
                    return Sent(posted, more=False)
                claim, said = await self._claim(most, said), ()
                if not claim.examined:
                    if not self.busy:
                        return Sent(posted, more=False)
                    await asyncio.sleep(min(self.busy.values()) - elapsed())
                    continue
                done = await to.posting.post(claim.messages, deadline)
                await to.posting.provider.hand_over()
                said = done.said
                in_time = sum(not isinstance(one, NotPosted) for _, one in said)
                posted += in_time
                if not all(isinstance(one, Accepted) for _, one in said):
                    said = await self._record(said)
                if self._ends(done, in_time):
                    return Sent(posted, more=False)
        except BaseException:
            self.ends_at = elapsed()
            raise
        finally:
            await self._record(said)
        return Sent(posted, more=True)

    def _ends(self, done: Posted, in_time: int) -> bool:
        """Whether it was the last round of its lane, or of all where it is `over`."""
        if done.over:
            self.ends_at = elapsed()
        return done.over or bool(done.said and not in_time)

    def _most(self) -> int:
        """How many one lane may claim; none while the provider takes none."""
        room = self.to.posting.pace.room(elapsed())
        return min(CLAIMED, ROUNDS * room) // self.to.posting.lanes

    async def _claim(self, most: int, said: Said) -> Claim:
        """Claim by the law and words in force; what changes just then is read again.

        Offices whose sender is busy are left alone.
        """
        to = self.to
        self.busy = {one: at for one, at in self.busy.items() if at > elapsed()}
        while True:
            law, now = self.law, to.clock.now()
            planning = Planning(law, await to.words.current(law.digest), now)
            how = Claiming(
                owner=self.owner,
                lease=to.lease,
                most=most,
                since=self.since,
                law=law.digest,
                without=_issuing(frozenset(self.busy), law),
                limits=limits_of(law.authorities.values(), now),
                plan=partial(planning.plan, most=most),
            )
            try:
                claim = await to.store.claim(how, now, said)
            except LawChangedError:
                self.law = await to.laws.law()
            else:
                self.busy |= dict.fromkeys(claim.busy, elapsed() + HORIZON / 2)
                return claim

    async def _record(self, said: Said) -> Said:
        """Write down what became of POSTs, and look whether too many were refused.

        What is left to write down: nothing.
        """
        if said:
            to = self.to
            await to.store.record(self.owner, said, to.clock.now())
            if any(isinstance(one, Refused) for _, one in said):
                await watch(to.watching, to.clock)
        return ()


def _issuing(offices: frozenset[str], law: Law) -> frozenset[str]:
    """The authorities for which these offices send."""
    if not offices:
        return offices
    return frozenset(
        code for code in law.authorities if law.sender_of(code).code in offices
    )
