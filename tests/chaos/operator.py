"""The person who runs the service: pauses, resumes, decides what nobody can prove."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.chaos.ledger import connected, dashed
from tests.chaos.office import Office
from tests.chaos.witness import Witness, events

_AT_ONCE = 20
"""Messages decided by one command."""

_IS_LEFT = "state = 'uncertain' AND reason = 'absent again: an operator decides'"
_LONG_AGO = (
    f"UPDATE messages SET absent_at = '2020-01-01 00:00:00.000000' WHERE {_IS_LEFT}"  # noqa: S608
)
_LEFT = f"SELECT id FROM messages WHERE {_IS_LEFT}"  # noqa: S608 - our own words


@dataclass(slots=True)
class Operator:
    """Acts by commands alone, as docs/operations.md says; counts what was decided."""

    office: Office
    decided: int = 0

    async def watch(self, rng: Random) -> None:
        """Stop everything now and then, start it again, decide; until cancelled."""
        while True:
            await asyncio.sleep(rng.uniform(1, 4))
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
            await self._decide(left[at : at + _AT_ONCE])
        await asyncio.to_thread(self._hurry)

    async def _decide(self, messages: list[str]) -> None:
        why = ("--reason", "it is not in their log")
        ran = await self.office.run("messages", "resend", *messages, *why)
        self.decided += len(ran.out.splitlines())

    def _paused(self) -> list[str]:
        """By a person, the breaker or the volume guard."""
        with connected(self.office.folder) as database:
            return [scope for (scope,) in database.execute("SELECT scope FROM pauses")]

    def _undecided(self) -> Iterator[str]:
        """What was left to the operator and is not in the provider's log."""
        with connected(self.office.folder) as database:
            left = [dashed(found) for (found,) in database.execute(_LEFT)]
        taken = Witness.of(events(self.office.log)).by_ref() if left else {}
        return (one for one in left if one not in taken)

    def _hurry(self) -> None:
        """Time passes: what waits for another try has waited long enough."""
        with connected(self.office.folder) as database:
            database.execute("UPDATE reminders SET retry_at = NULL WHERE retry_at > 0")
            database.execute(_LONG_AGO)
            database.commit()
