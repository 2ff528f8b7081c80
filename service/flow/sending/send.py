"""Due reminders become SMS: claim, POST, record, round by round."""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final, Protocol
from uuid import uuid4

from service.domain.delivery.outcome import Accepted, NotPosted, Refused
from service.domain.errors import LawChangedError
from service.domain.lawbook.law import Law
from service.domain.reminders.limits import CLAIM_HORIZON, compute_limits
from service.flow.ports import Clock, LawStore, TemplateLibrary
from service.flow.sending.breaker import BreakerStore, check_breaker
from service.flow.sending.claim_rows import Claim, ClaimRequest, Outcomes
from service.flow.sending.plan_claim import ClaimPlanner
from service.flow.sending.post import Poster, PostResult, monotonic_now

log = logging.getLogger(__name__)

MAX_CLAIMED: Final = 200
"""Messages claimed and not yet POSTed, at most."""

CLAIMED_PER_POST: Final = 10
"""Messages claimed for each that may be under way at once."""

MAX_CLAIM_AGE: Final = 10.0
"""Seconds for which it holds what a claim has seen: who opted out, what is paused."""

MAX_TURN: Final = 30.0
"""Seconds after which others get their turn: what fell due, what became of the rest."""


class ClaimStore(Protocol):
    """From due reminders to messages, and what became of each POST."""

    async def claim(
        self, request: ClaimRequest, now: datetime, outcomes: Outcomes = ()
    ) -> Claim:
        """Take due reminders in one transaction: end, hold, or turn into messages.

        What closes soonest goes first. What was `said` to the owner's messages before
        is recorded in it, too. Raises `LawChangedError` where the law that the plan is
        made by is out of date: then nothing is.
        """

    async def record(self, owner: str, outcomes: Outcomes, now: datetime) -> None:
        """Write what the provider answered, fenced by owner and attempt."""


@dataclass(frozen=True, slots=True)
class SendDeps:
    """What sending needs of the outside; times in seconds."""

    law_store: LawStore
    store: ClaimStore
    templates: TemplateLibrary
    poster: Poster
    clock: Clock
    lease: float
    post_timeout: float
    breaker_store: BreakerStore


@dataclass(frozen=True, slots=True)
class SendResult:
    """How many messages were POSTed, and whether something sendable is left."""

    posted: int
    more_due: bool


async def send(deps: SendDeps, checked_until: datetime) -> SendResult:
    """Claim and POST until nothing sendable is due, or the turn is over.

    Of what was never sent only what was born by `since`: the volume guard has seen it.
    A round in which nothing could be POSTed in time ends it: the next tick goes on.
    Told to stop it claims no more, and POSTs no more of what is claimed.
    """
    turn = _SendTurn(
        deps, str(uuid4()), checked_until, await deps.law_store.current_law()
    )
    lanes = [turn.run() for _ in range(deps.poster.lanes)]
    ended = await asyncio.gather(*lanes, return_exceptions=True)
    failed = [one for one in ended if isinstance(one, BaseException)]
    for one in failed[1:]:
        log.error("a second lane broke off as well", exc_info=one)
    for one in failed:
        raise one
    done = [one for one in ended if isinstance(one, SendResult)]
    return SendResult(
        sum(one.posted for one in done), all(one.more_due for one in done)
    )


@dataclass(slots=True)
class _SendTurn:
    """Who sends since when, by which law; until when, and whose sender is busy."""

    deps: SendDeps
    owner: str
    checked_until: datetime
    law: Law
    ends_at: float = field(default_factory=lambda: monotonic_now() + MAX_TURN)
    busy_until: dict[str, float] = field(default_factory=dict)

    async def run(self) -> SendResult:
        """Round by round: while one lane POSTs, another one claims.

        What is taken, as mostly, is written down together with the next claim.
        """
        to, posted = self.deps, 0
        said: Outcomes = ()
        try:
            while monotonic_now() < self.ends_at and not to.poster.is_stopping():
                deadline = monotonic_now() + min(
                    to.lease - 2 * to.post_timeout, MAX_CLAIM_AGE
                )
                most = self._claim_size()
                if not most:
                    return SendResult(posted, more_due=False)
                claim, said = await self._claim(most, said), ()
                if not claim.examined:
                    if not self.busy_until:
                        return SendResult(posted, more_due=False)
                    await asyncio.sleep(min(self.busy_until.values()) - monotonic_now())
                    continue
                done = await to.poster.post(claim.messages, deadline)
                await to.poster.provider.flush()
                said = done.outcomes
                in_time = sum(not isinstance(one, NotPosted) for _, one in said)
                posted += in_time
                if not all(isinstance(one, Accepted) for _, one in said):
                    said = await self._record(said)
                if self._is_last_round(done, in_time):
                    return SendResult(posted, more_due=False)
        except BaseException:
            self.ends_at = monotonic_now()
            raise
        finally:
            await self._record(said)
        return SendResult(posted, more_due=True)

    def _is_last_round(self, done: PostResult, in_time: int) -> bool:
        """Whether it was the last round of its lane, or of all where it is `over`."""
        if done.is_blocked:
            self.ends_at = monotonic_now()
        return done.is_blocked or bool(done.outcomes and not in_time)

    def _claim_size(self) -> int:
        """How many one lane may claim; none while the provider takes none."""
        room = self.deps.poster.pace.allowed_at(monotonic_now())
        return min(MAX_CLAIMED, CLAIMED_PER_POST * room) // self.deps.poster.lanes

    async def _claim(self, max_messages: int, outcomes: Outcomes) -> Claim:
        """Claim by the law and words in force; what changes just then is read again.

        Offices whose sender is busy are left alone.
        """
        to = self.deps
        self.busy_until = {
            one: at for one, at in self.busy_until.items() if at > monotonic_now()
        }
        while True:
            law, now = self.law, to.clock.now()
            planning = ClaimPlanner(law, await to.templates.current(law.digest), now)
            how = ClaimRequest(
                owner=self.owner,
                lease=to.lease,
                max_messages=max_messages,
                checked_until=self.checked_until,
                law_digest=law.digest,
                excluded_authorities=_authorities_of(frozenset(self.busy_until), law),
                limits=compute_limits(law.authorities.values(), now),
                plan=partial(planning.plan, max_messages=max_messages),
            )
            try:
                claim = await to.store.claim(how, now, outcomes)
            except LawChangedError:
                self.law = await to.law_store.current_law()
            else:
                self.busy_until |= dict.fromkeys(
                    claim.busy_offices, monotonic_now() + CLAIM_HORIZON / 2
                )
                return claim

    async def _record(self, outcomes: Outcomes) -> Outcomes:
        """Write down what became of POSTs, and look whether too many were refused.

        What is left to write down: nothing.
        """
        if outcomes:
            to = self.deps
            await to.store.record(self.owner, outcomes, to.clock.now())
            if any(isinstance(one, Refused) for _, one in outcomes):
                await check_breaker(to.breaker_store, to.clock)
        return ()


def _authorities_of(offices: frozenset[str], law: Law) -> frozenset[str]:
    """The authorities for which these offices send."""
    if not offices:
        return offices
    return frozenset(
        code for code in law.authorities if law.sending_office(code).code in offices
    )
