"""What sending costs, beside the bare SDK.

    python bench/sending.py [MESSAGES]

Ours is the whole way of a due reminder: claim, compose, render, decrypt, POST through
the SDK, record; in one process, as `serve` does. The peer only calls the SDK's
`create_async` for as many messages, with the same transport, the same texts and as many
at once. Both speak to one stub in a process of its own, in turns, and the medians are
compared. Then what memory grows by from a thousand to two hundred thousand due
reminders, each in fresh processes.
"""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Final

from office import copied, fill, groups, installed
from stub import ACCOUNT

from service.adapters.store.db.database import Database
from service.adapters.twilio.provider import TwilioConfig, open_twilio
from service.app import build_installation
from service.flow.sending.expand import expand
from service.flow.sending.post import MAX_IN_FLIGHT
from service.flow.sending.send import SendDeps, send
from service.settings import Settings

ROUNDS: Final = 5
FEW, MANY = 1_000, 200_000
FROM: Final = "+15005550006"
VALIDITY: Final = 4 * 3600


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of one run by the wall clock and of this process."""

    wall: float
    busy: float


@asynccontextmanager
async def stub() -> AsyncIterator[str]:
    """A stub in a process of its own: its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, Path(__file__).with_name("stub.py")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.stdin.close()
        await process.wait()


def sender(url: str) -> TwilioConfig:
    """Twilio at the stub, without receipts."""
    return TwilioConfig(
        name="bench",
        account_sid=ACCOUNT,
        auth_token="bench",  # noqa: S106 - the stub asks for none
        user=ACCOUNT,
        secret="bench",  # noqa: S106
        messaging_service_sid=None,
        from_=FROM,
        api_url=url,
        public_url=None,
        timeout=10.0,
    )


@asynccontextmanager
async def office(file: Path, url: str) -> AsyncIterator[SendDeps]:
    """An office that has expanded what is due, and has sent before, as `serve` has."""
    settings = Settings(database_url=f"sqlite:///{file}")
    database = Database(settings.database_url)
    try:
        installation = await build_installation(settings, database)
        async with open_twilio(sender(url)) as carrier:
            todo = installation.tick_deps(carrier)
            await expand(todo.expand_store, installation.clock)
            await installation.templates.current(
                (await installation.law_store.current_law()).digest
            )
            yield todo.send_deps
    finally:
        await database.dispose()


async def ours(file: Path, url: str) -> tuple[Spent, int]:
    """Send all that is due; how long it took, how many."""
    async with office(file, url) as sending:
        began, posted, more = (perf_counter(), process_time()), 0, True
        while more:
            sent = await send(sending, sending.clock.now())
            posted, more = posted + sent.posted, sent.more_due
        return _since(*began), posted


async def theirs(url: str, texts: list[tuple[str, str]]) -> Spent:
    """Give the SDK alone as many messages."""
    async with open_twilio(sender(url)) as carrier:
        messages, left = carrier._client.messages, iter(texts)  # noqa: SLF001

        async def some() -> None:
            for to, body in left:
                made = await messages.create_async(
                    to=to, body=body, from_=FROM, validity_period=VALIDITY
                )
                assert made.sid

        began = perf_counter(), process_time()
        await asyncio.gather(*(some() for _ in range(MAX_IN_FLIGHT)))
        return _since(*began)


def _since(wall: float, busy: float) -> Spent:
    return Spent(perf_counter() - wall, process_time() - busy)


def texts_of(file: Path) -> list[tuple[str, str]]:
    """What was sent, with a phone for each."""
    with closing(sqlite3.connect(file)) as raw:
        wanted = "SELECT '+12125550101', body FROM messages WHERE state = 'accepted'"
        return raw.execute(wanted).fetchall()


async def compare(prepared: Path, messages: int, url: str) -> None:
    """In turns, ours and theirs."""
    mine, others = list[Spent](), list[Spent]()
    for at in range(ROUNDS):
        file = copied(prepared, prepared.with_name(f"round-{at}.db"))
        spent, posted = await ours(file, url)
        texts = texts_of(file)
        assert posted == len(texts) == messages, (posted, len(texts))
        mine.append(spent)
        others.append(await theirs(url, texts))
    wall, peer = (median(one.wall for one in some) for some in (mine, others))
    busy, alone = (median(one.busy for one in some) for some in (mine, others))
    print(
        f"sending: {peer / wall:.2f} of the bare SDK's throughput; "
        f"{messages / wall:,.0f} SMS/s, the SDK alone {messages / peer:,.0f}/s "
        f"({busy / messages * 1e6:.0f} and {alone / messages * 1e6:.0f} µs of "
        f"processor a SMS; medians of {ROUNDS} runs of {messages:,})"
    )


async def grown(prepared: Path, url: str) -> int:
    """The highest memory in MiB of fresh processes that send all that is due."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, __file__, "--send", prepared, url),
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    return int(told)


async def memory(folder: Path, url: str) -> None:
    """What memory grows by with what is due."""
    peaks = [await grown(await prepare(folder, due), url) for due in (FEW, MANY)]
    print(
        f"memory: {peaks[1] - peaks[0]} MiB more for {MANY:,} due reminders "
        f"({peaks[1]} MiB) than for {FEW:,} ({peaks[0]} MiB)"
    )


async def prepare(folder: Path, due: int) -> Path:
    """An office with so many reminders due, not expanded yet."""
    file = folder / f"office-{due}.db"
    law = await installed(file)
    fill(file, due, groups(law, min(due // 10, 1000)))
    return file


async def main(messages: int) -> None:
    with TemporaryDirectory(prefix="permit-reminders-bench-") as folder:
        async with stub() as url:
            await compare(await prepare(Path(folder), messages), messages, url)
            await memory(Path(folder), url)


def peak_memory() -> int:
    """The most memory that this process ever had, in MiB."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.split("VmHWM:", 1)[1].split()[0]) // 1024


async def child(file: Path, url: str) -> None:
    await ours(file, url)
    print(peak_memory())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--send"]:
        asyncio.run(child(Path(sys.argv[2]), sys.argv[3]))
    else:
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
