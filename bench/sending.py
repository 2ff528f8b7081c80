"""The throughput and the memory of sending, beside the bare SDK.

    python bench/sending.py [MESSAGES]

Each message is a due reminder: it is claimed, worded, decrypted, POSTed through
Twilio's SDK and recorded, by one worker and by two workers on one SQLite file. The peer
only calls the SDK's `create_async` for as many messages, with the same transport, the
same texts and as many at once. All POST to one stub, each in processes of their own and
in turns, and the medians are compared. Then the peak memory (VmHWM) of one process that
has loaded all of `serve`, with a thousand and with two hundred thousand reminders due;
what it costs to give back what was claimed and not POSTed; and callbacks per second.
"""

import asyncio
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Final
from uuid import uuid4

from giving_back import compare_giving_back
from office import copied, fill, groups, installed
from receiving import measure_receipts
from stub import ACCOUNT

from service.adapters.store.db.database import Database
from service.adapters.twilio.provider import TwilioConfig, open_twilio
from service.app import build_installation
from service.cli.server.garbage import spare_loaded
from service.cli.server.serve import application
from service.flow.sending.circuit import CircuitAccess
from service.flow.sending.expand import expand
from service.flow.sending.post import MAX_IN_FLIGHT
from service.flow.sending.send import SendDeps, send
from service.settings import Settings

ROUNDS: Final = 5
ONE, TWO = 1, 2
FEW, MANY = 1_000, 200_000
FROM: Final = "+15005550006"
VALIDITY: Final = 4 * 3600


@dataclass(frozen=True, slots=True)
class Spent:
    """What one run took: seconds by the wall clock and of the processor."""

    wall: float
    busy: float


@asynccontextmanager
async def child(*arguments: object) -> AsyncIterator[Process]:
    """A process that ends when its standard input does."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *map(str, arguments)), stdin=PIPE, stdout=PIPE
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def line_of(process: Process) -> list[str]:
    """The words of the next line that a process prints."""
    assert process.stdout is not None
    words = (await process.stdout.readline()).decode().split()
    assert words, "a process of the bench failed"
    return words


@asynccontextmanager
async def stub() -> AsyncIterator[str]:
    """A stand-in for Twilio: its address."""
    async with child(Path(__file__).with_name("stub.py")) as process:
        [port] = await line_of(process)
        yield f"http://127.0.0.1:{port}"


def twilio_at(url: str) -> TwilioConfig:
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
async def worker(file: Path, url: str) -> AsyncIterator[SendDeps]:
    """A worker that has loaded what `serve` loads, and expanded what is due."""
    settings = Settings(database_url=f"sqlite:///{file}")
    database = Database(settings.database_url)
    try:
        installation = await build_installation(settings, database)
        async with open_twilio(twilio_at(url)) as provider:
            application(installation, provider)
            spare_loaded()
            deps = installation.tick_deps(provider)
            await expand(deps.expand_store, installation.clock)
            await deps.send_deps.law_store.current_law()  # as any tick before has
            yield deps.send_deps
    finally:
        await database.dispose()


async def run_worker(file: Path, url: str) -> None:
    """A process of the bench: a worker that sends all that is due."""
    async with worker(file, url) as deps:
        await send_all(deps)


async def send_all(deps: SendDeps) -> None:
    """Say that it is ready, wait for a line, send what is due, print what it took."""
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    began, posted, more_due = process_time(), 0, True
    while more_due:
        access = CircuitAccess(str(uuid4()), generation=0)
        sent = await send(deps, deps.clock.now(), access)
        posted, more_due = posted + sent.posted, sent.more_due
    print(posted, process_time() - began, peak_memory(), flush=True)


def peak_memory() -> int:
    """The most memory that this process ever had, in MiB."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.split("VmHWM:", 1)[1].split()[0]) // 1024


async def run_bare(file: Path, url: str) -> None:
    """The same as `run_worker`, by nothing but the SDK."""
    async with open_twilio(twilio_at(url)) as provider:
        messages, left = provider.client.messages, iter(texts_of(file))

        async def some() -> int:
            count = 0
            for to, body in left:
                made = await messages.create_async(
                    to=to, body=body, from_=FROM, validity_period=VALIDITY
                )
                assert made.sid
                count += 1
            return count

        print("ready", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        began = process_time()
        counts = await asyncio.gather(*(some() for _ in range(MAX_IN_FLIGHT)))
        print(sum(counts), process_time() - began, peak_memory(), flush=True)


def texts_of(file: Path) -> list[tuple[str, str]]:
    """What was sent, with a phone for each."""
    with closing(sqlite3.connect(file)) as raw:
        wanted = "SELECT '+12125550101', body FROM messages WHERE state = 'accepted'"
        return raw.execute(wanted).fetchall()


async def timed(messages: int, *commands: Sequence[object]) -> Spent:
    """Let processes begin at once, until all messages are POSTed."""
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(child(*command)) for command in commands
        ]
        for process in processes:
            await line_of(process)
        began = perf_counter()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
        ends = [await line_of(process) for process in processes]
        wall = perf_counter() - began
    posted = sum(int(words[0]) for words in ends)
    assert posted == messages, f"{posted} messages posted, {messages} expected"
    return Spent(wall, sum(float(words[1]) for words in ends))


async def compare(prepared: Path, messages: int, url: str) -> None:
    """One worker, two workers and the peer, in turns."""
    spent: dict[str, list[Spent]] = {"one": [], "two": [], "bare": []}
    for at in range(ROUNDS):
        for name, count in (("one", ONE), ("two", TWO)):
            file = copied(prepared, prepared.with_name(f"{name}-{at}.db"))
            command = (__file__, "--worker", file, url)
            spent[name].append(await timed(messages, *[command] * count))
            assert len(texts_of(file)) == messages
        bare = (__file__, "--bare", file, url)
        spent["bare"].append(await timed(messages, bare))
    for name, words in (("one", "one worker"), ("two", "two workers on one file")):
        print(sentence(words, spent[name], spent["bare"], messages))


def sentence(
    who: str, ours: Sequence[Spent], bare: Sequence[Spent], messages: int
) -> str:
    """A ratio to the peer and the figures behind it."""
    wall, peer = (median(one.wall for one in runs) for runs in (ours, bare))
    busy, least = (median(one.busy for one in runs) for runs in (ours, bare))
    return (
        f"sending: {who}: {peer / wall:.2f} of the bare SDK's throughput; "
        f"{messages / wall:,.0f} SMS/s, the SDK alone {messages / peer:,.0f}/s "
        f"({busy / messages * 1e6:.0f} and {least / messages * 1e6:.0f} µs of "
        f"processor a SMS; medians of {len(ours)} runs of {messages:,})"
    )


async def memory_with(due: int, folder: Path, url: str) -> int:
    """The peak memory in MiB of a process that expands and sends all that is due."""
    file = await prepare(folder, due)
    async with child(__file__, "--worker", file, url) as process:
        await line_of(process)
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        posted, _, peak = await line_of(process)
    assert int(posted) == due
    return int(peak)


async def memory(folder: Path, url: str) -> None:
    """How much of it there is, and how it grows with what is due."""
    few, many = [await memory_with(due, folder, url) for due in (FEW, MANY)]
    print(
        f"memory: VmHWM of one process {many} MiB with {MANY:,} reminders due, "
        f"{few} MiB with {FEW:,}"
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
        print(await compare_giving_back(Path(folder)))
        print(*await measure_receipts(Path(folder)), sep="\n")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--worker", file, url]:
            asyncio.run(run_worker(Path(file), url))
        case ["--bare", file, url]:
            asyncio.run(run_bare(Path(file), url))
        case [count]:
            asyncio.run(main(int(count)))
        case _:
            asyncio.run(main(10_000))
