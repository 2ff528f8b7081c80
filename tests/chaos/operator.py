"""The person who runs the service: pauses, resumes, decides what nobody can prove."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from tests.chaos.ledger import LookError, cannot_look, changing, connected, dashed
from tests.chaos.office import Office
from tests.chaos.witness import Witness, events

_AT_ONCE = 20
"""Messages decided by one command."""

_DAY = 50
"""Looks at a message until it counts as a day that nobody vouched for its list."""

_WAITED = "UPDATE reminders SET retry_at = NULL WHERE retry_at IS NOT NULL"
_IS_ABSENT = "state = 'uncertain' AND reason LIKE 'absent again:%'"
_THEN = "'2020-01-01 00:00:00.000000'"
_LONG_AGO = f"UPDATE messages SET absent_at = {_THEN} WHERE {_IS_ABSENT}"  # noqa: S608 - our own words
_A_DAY_AGO = f"UPDATE messages SET lease_until = {_THEN} WHERE {_IS_ABSENT} AND id = ?"  # noqa: S608
_ABSENT = f"SELECT id FROM messages WHERE {_IS_ABSENT}"  # noqa: S608
_LEFT = (
    f"SELECT id, reason FROM messages WHERE {_IS_ABSENT} AND "  # noqa: S608
    f"(reason LIKE 'absent again: an operator%' OR lease_until = {_THEN})"
)


@dataclass(frozen=True, slots=True)
class Left:
    """A message that was left to a person, why, and when it was decided."""

    reason: str
    decided_at: datetime

    @property
    def cause(self) -> str:
        """The reason without the instants in it."""
        cause = self.reason.rpartition(" UTC, ")[2]
        return re.sub(r" since [-0-9]+ [:0-9]+ UTC", "", cause)


@dataclass(slots=True)
class Operator:
    """Acts by commands alone, as docs/operations.md says, and lets time pass.

    `left`: what it decided, by message. `looks`: how often it saw one waiting.
    """

    office: Office
    left: dict[str, Left] = field(default_factory=dict)
    looks: Counter[str] = field(default_factory=Counter)

    async def watch(self, rng: Random) -> None:
        """Stop everything now and then, start it again, decide; until cancelled."""
        while True:
            await asyncio.sleep(rng.uniform(1, 4))
            try:
                await self._look(rng)
            except LookError as error:
                if not cannot_look(error):
                    raise

    async def _look(self, rng: Random) -> None:
        if not self._paused() and rng.random() < 0.1:
            await self.office.run("pause", "--reason", "a storm")
        else:
            await self.tend(most=1)

    async def tend(self, most: int | None = 10) -> None:
        """Confirm that all is well, and decide so many outcomes; None: all of them.

        The latter in the evening: what waits for a person may close the next day.
        """
        for scope in self._paused():
            await self.office.run("resume", scope)
        left = list(self._undecided())[:most]
        for at in range(0, len(left), _AT_ONCE):
            await self._decide(dict(left[at : at + _AT_ONCE]))
        await asyncio.to_thread(self._hurry)

    async def _decide(self, messages: Mapping[str, str]) -> None:
        why = ("--reason", "it is not in their log")
        ran = await self.office.run("messages", "resend", *messages, *why)
        for one in messages:
            if one in ran.out:
                self.left[one] = Left(messages[one], datetime.now(UTC))  # noqa: TID251 - its own clock

    def _paused(self) -> list[str]:
        """By a person, the breaker or the volume guard."""
        with connected(self.office.url) as database:
            return [scope for (scope,) in database.execute("SELECT scope FROM pauses")]

    def _undecided(self) -> Iterator[tuple[str, str]]:
        """What was left to the operator, and why, and is not in the provider's log."""
        with connected(self.office.url) as database:
            left = {dashed(found): why for found, why in database.execute(_LEFT)}
        taken = Witness.of(events(self.office.log)).by_ref() if left else {}
        return ((one, left[one]) for one in left if one not in taken)

    def _hurry(self) -> None:
        """Time passes: what waits for another try has waited long enough."""
        with changing(self.office.url) as database:
            database.execute(_WAITED)
            database.execute(_LONG_AGO)
            for (absent,) in database.execute(_ABSENT):
                self.looks[absent] += 1
                if self.looks[absent] >= _DAY:
                    database.execute(_A_DAY_AGO, [absent])
