"""One run: day after day a primary dies while texts leave, and its standby takes over.

Each permit has a phone of its own and one step that is due, so that the sandbox's log
alone tells: a phone with two texts was texted twice, one with none was forgotten.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic
from typing import Final

import aiohttp

from service.sandbox.client import SandboxClient
from service.sandbox.faults import (
    Broken,
    DuplicatedCallbacks,
    Fault,
    Hang,
    Latency,
    LostAnswer,
    LostCallbacks,
    Reset,
)
from tests.chaos.failover.cluster import Cluster, run_cluster
from tests.chaos.failover.office import FIRST_EXPIRY, ClusterOffice
from tests.chaos.office import Carrier
from tests.chaos.processes import Processes, RealProcesses
from tests.chaos.witness import Tail, Witness, events

_EACH: Final = 30
"""Permits that expire on a day: two seconds of sending."""

_AGAIN: Final = 3
"""Permits that are registered while commits are lost, and once more after it."""

_PATIENCE: Final = 120.0
_GLANCE: Final = 0.05

_SETTLED: Final = 10.0
"""Seconds in which workers begin, and would send what they should not."""


@dataclass(slots=True)
class Outcome:
    """What happened, and what was wrong, one line each."""

    promotions: Counter[str] = field(default_factory=Counter)
    killed: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    asked: int = 0
    left: int = 0
    sms: int = 0
    permits: int = 0
    seconds: float = 0.0
    doubled: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    audited: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """Everything that was wrong."""
        return [*self.doubled, *self.forgotten, *self.audited]

    @property
    def summary(self) -> list[str]:
        """The figures, one a line."""
        judged = f"doubled {len(self.doubled)}, forgotten {len(self.forgotten)}"
        kinds = ", ".join(f"{n} {what}" for what, n in self.promotions.items())
        lost = ", ".join(f"{n} {what}" for what, n in self.lost.items())
        return [
            f"{self.promotions.total()} promotions in {self.seconds:.0f} s: {kinds}",
            f"  all workers killed at {self.killed} of them",
            f"  forgotten by the standbys: {lost or 'nothing'}",
            f"  {self.permits} permits, {self.sms} SMS, {self.asked} asked first",
            f"  {judged}, left to people {self.left}",
        ]


async def chaos_failover(
    folder: Path, promotions: int, seed: int, processes: Processes | None = None
) -> Outcome:
    """Let so many servers die in an empty folder, and judge what was sent."""
    began, rng, done = monotonic(), Random(seed), Outcome()
    (folder / "sandbox").mkdir()
    carrier = Carrier(folder)
    with run_cluster() as cluster:
        office = ClusterOffice(folder, cluster, processes or RealProcesses())
        url = await carrier.start()
        async with aiohttp.ClientSession() as session:
            sandbox = SandboxClient(session, url)
            # Several dates can share a due day, as days off roll to the day before.
            days = await office.prepare(2 * promotions + 2, _EACH)
            try:
                for number, day in zip(range(promotions), days[1:], strict=False):
                    await office.move(day)
                    await _fail_over(office, sandbox, rng, done, number)
                await _finish(office)
            finally:
                await office.end(signal.SIGKILL)
                await carrier.stop()
        done.audited = await office.audit()
        await asyncio.to_thread(_judge, office, cluster, done)
    done.seconds = monotonic() - began
    return done


async def _fail_over(
    office: ClusterOffice,
    sandbox: SandboxClient,
    rng: Random,
    done: Outcome,
    number: int,
) -> None:
    """Send, let the standby lag, cut the primary off, promote, and go on."""
    cluster, tail = office.cluster, Tail(office.folder / "sandbox" / "messages.jsonl")
    is_synchronous, is_killed = number % 2 == 1, number % 4 in {1, 2}
    cluster.configure(synchronous=is_synchronous)
    await _until(cluster.primary.is_followed)
    await sandbox.put(*_faults(rng))
    await office.begin()
    before = tail.taken()
    await _until(lambda: tail.taken() >= before + rng.randint(3, 12))
    cluster.primary.pause_senders()
    late = (
        []
        if is_synchronous
        else [office.new_permit(FIRST_EXPIRY) for _ in range(_AGAIN)]
    )
    if late:
        await office.register(late)
    await asyncio.sleep(rng.uniform(0.3, 1.2))
    known = _known(cluster)
    if is_killed:
        await office.end(signal.SIGKILL)
    cluster.fail_over()
    done.lost.update(what for what, _ in known - _known(cluster))
    done.promotions["synchronous" if is_synchronous else "asynchronous"] += 1
    await asyncio.to_thread(cluster.restore_standby)
    if is_killed:
        done.killed += 1
        await office.begin()
    if late:
        await office.register(late)
    await asyncio.sleep(rng.uniform(0, 3))
    await sandbox.clear()
    await _until(office.is_quiet)
    await office.end(signal.SIGTERM)


def _faults(rng: Random) -> list[Fault]:
    """Faults of a day, in both directions: some requests fail or are not answered."""
    share, seed = 0.15, rng.randrange(10**6)
    mixed: list[Fault] = [
        Latency(seconds=0, upto=0.3, share=share, seed=seed),
        Broken(share=share, seed=seed),
        Broken(share=share, seed=seed, taken=True),
        Hang(share=share, seed=seed, taken=True),
        Reset(share=share, seed=seed),
        LostAnswer(share=share, seed=seed),
        LostCallbacks(share=0.4, seed=seed),
        DuplicatedCallbacks(copies=2, share=0.4, seed=seed),
    ]
    return rng.sample(mixed, 3)


def _known(cluster: Cluster) -> set[tuple[str, str]]:
    """What the primary knows, of what a promotion may forget."""
    wanted = (
        "SELECT 'messages', CAST(id AS TEXT) FROM messages UNION ALL "
        "SELECT 'acceptances', provider_id FROM messages "
        "WHERE accepted_at IS NOT NULL UNION ALL "
        "SELECT 'permits', CAST(id AS TEXT) FROM permits"
    )
    return {(what, name) for what, name in cluster.primary.query(wanted)}


async def _finish(office: ClusterOffice) -> None:
    """Send what is left, with nothing in the way."""
    await office.begin()
    await asyncio.sleep(_SETTLED)
    await _until(office.is_quiet)
    await office.end(signal.SIGTERM)


async def _until(true: Callable[[], bool]) -> None:
    given_up_at = monotonic() + _PATIENCE
    while not await asyncio.to_thread(true):
        assert monotonic() < given_up_at, f"after {_PATIENCE} s not {true}"
        await asyncio.sleep(_GLANCE)


def _judge(office: ClusterOffice, cluster: Cluster, done: Outcome) -> None:
    """By the sandbox's log alone: each phone has one text."""
    log = events(office.folder / "sandbox" / "messages.jsonl")
    texts = Counter(one.to for one in Witness.of(log).sms.values())
    permits = office.due_permits()
    for permit in permits:
        [phone] = permit.phones
        if texts[phone] > 1:
            done.doubled.append(f"permit {permit.number}: {texts[phone]} texts")
        elif not texts[phone]:
            done.forgotten.append(f"permit {permit.number}: no text")
    done.sms, done.permits = texts.total(), len(permits)
    asked = "SELECT count(*) FROM messages WHERE asked_for IS NOT NULL"
    left = "SELECT count(*) FROM reminders WHERE state = 'uncertain'"
    [(done.asked,)], [(done.left,)] = (
        cluster.primary.query(asked),
        cluster.primary.query(left),
    )
