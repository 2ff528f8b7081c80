"""Workers on one PostgreSQL server: how fast they send, claim and expand.

    python bench/workers.py [MESSAGES]

As `bench/sending.py`, beside the same bare SDK: one worker, then two. Then expanding,
beside a bare INSERT … SELECT of the same columns. Then claims: while a snapshot is
held, which keeps every dead row, beside the same without; and those of 200 offices with
50 due each, alone and beside one office with half a million. The server is that of the
tests, on this machine: it writes to memory.
"""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final
from uuid import uuid4

import psycopg
from office import NOW, OFFICE, fill, groups, installed
from sending import Spent, send_all, sentence, stub, timed, twilio_at

from service.adapters.store.copy.copy_database import copy_database
from service.adapters.store.db.database import Database
from service.adapters.store.sending.claim.claim_store import SqlClaimStore
from service.adapters.store.slots.expand import SqlExpandStore
from service.adapters.twilio.provider import open_twilio
from service.app import Installation, build_installation
from service.domain.delivery.circuit import FIRST_WAIT
from service.domain.law_change.edits import AuthoritiesEdit
from service.domain.reminders.limits import compute_limits
from service.flow.law_change.change import apply_change
from service.flow.sending.claim_rows import ClaimRequest
from service.flow.sending.expand import expand
from service.flow.sending.plan_claim import ClaimPlanner
from service.flow.sending.send import MAX_CLAIMED
from service.settings import Settings
from tests.postgres import Server, run_server

ROUNDS: Final = 3
ONE, TWO = 1, 2
DUE, HELD = 5_000, 30_000
"""Reminders due while claims are timed, and claimed before while a snapshot is held."""

SMALL, EACH, LARGE = 200, 50, 500_000
"""Small offices, what is due in each of them, and in the large one."""

_SENDING: Final = str(Path(__file__).with_name("sending.py"))
_KEY: Final = "1:" + "A" * 43 + "="


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Installation]:
    """The installation on a database."""
    settings = Settings(database_url=url, key=_KEY)  # type: ignore[arg-type] # pydantic's
    database = Database(url)
    try:
        yield await build_installation(settings, database)
    finally:
        await database.dispose()


async def prepared(server: Server, folder: Path, due: int) -> str:
    """A database with permits whose slots are due; its name."""
    file, name = folder / f"office-{due}.db", f"office_{due}"
    law = await installed(file)
    key = file.with_name(f"{file.name}.key")
    key.touch(mode=0o600)
    key.write_text(_KEY)
    fill(file, due, groups(law, min(due // 10, 1000)))
    server.create_database(name)
    source, target = Database(f"sqlite:///{file}"), Database(server.url(name))
    await target.upgrade()
    await copy_database(source, target, "bench", lambda *_: None)
    await source.dispose()
    await target.dispose()
    with server.connect(name) as admin:
        admin.execute("VACUUM ANALYZE")
    return name


async def run_worker(url: str, stub_url: str) -> None:
    """A process of the bench: a worker that sends all that is due."""
    async with opened(url) as its, open_twilio(twilio_at(stub_url)) as provider:
        deps = its.tick_deps(provider).send_deps
        await deps.law_store.current_law()  # as any tick before has
        await send_all(deps)


async def compare_sending(server: Server, folder: Path, messages: int) -> None:
    """One worker, two workers and the bare SDK, in turns."""
    name, texts = await prepared(server, folder, messages), folder / "texts.db"
    async with opened(server.url(name)) as its:
        await expand(SqlExpandStore(its.database), its.clock)
    spent: dict[str, list[Spent]] = {"one": [], "two": [], "bare": []}
    async with stub() as url:
        for _ in range(ROUNDS):
            for who, count in (("one", ONE), ("two", TWO)):
                server.drop_database("copy")
                server.create_database("copy", name)
                worker = (__file__, "--worker", server.url("copy"), url)
                spent[who].append(await timed(messages, *[worker] * count))
            store_texts(server, "copy", texts)
            bare = (_SENDING, "--bare", texts, url)
            spent["bare"].append(await timed(messages, bare))
    for who, words in (("one", "one worker"), ("two", "two workers")):
        told = sentence(f"{words} on PostgreSQL", spent[who], spent["bare"], messages)
        print(told, flush=True)


def store_texts(server: Server, name: str, file: Path) -> None:
    """Write the texts that were sent into a file that `sending.py --bare` reads."""
    file.unlink(missing_ok=True)
    with server.connect(name) as read, closing(sqlite3.connect(file)) as raw, raw:
        raw.execute("CREATE TABLE messages (state, body)")
        rows = read.execute("SELECT state, body FROM messages").fetchall()
        raw.executemany("INSERT INTO messages VALUES (?, ?)", rows)


async def claim_until(its: Installation, left: int) -> tuple[float, int]:
    """Claim until so many reminders are due; seconds, and how many were claimed."""
    store = SqlClaimStore(its.database, its.vault, "bench", FIRST_WAIT)
    law, now = await its.law_store.current_law(), its.clock.now()
    limits = compute_limits(law.authorities.values(), now)
    planner = ClaimPlanner(law, await its.templates.current(law.digest), now)
    seconds, claimed, due = 0.0, 0, await count_due(its)
    while due > left:
        request = ClaimRequest(
            owner=str(uuid4()),
            lease=60.0,
            generation=0,
            max_messages=MAX_CLAIMED,
            checked_until=now,
            law_digest=law.digest,
            offices=law.sending_offices(),
            has_exclusive_senders=False,
            limits=limits,
            plan=partial(planner.plan, limits=limits, max_messages=MAX_CLAIMED),
        )
        began = perf_counter()
        claim = await store.claim(request, now)
        seconds += perf_counter() - began
        due, claimed = due - len(claim.messages), claimed + len(claim.messages)
        assert claim.messages
    return seconds, claimed


async def count_due(its: Installation, *authorities: str) -> int:
    """How many reminders are due, in all authorities or in some."""
    wanted = "SELECT count(*) FROM reminders WHERE state = 'due'"
    if authorities:
        wanted += f" AND authority IN ({', '.join(map(repr, authorities))})"
    async with its.database.read() as connection:
        return int((await connection.exec_driver_sql(wanted)).scalar_one())


async def compare_snapshot(server: Server, folder: Path) -> None:
    """Claims with and without a snapshot that is held meanwhile."""
    name = await prepared(server, folder, HELD + DUE)
    async with opened(server.url(name)) as its:
        await expand(SqlExpandStore(its.database), its.clock)
    rates = dict[bool, float]()
    for is_held in (False, True):
        server.drop_database("copy")
        server.create_database("copy", name)
        with closing(psycopg.connect(server.url("copy"))) as reader:
            if is_held:
                reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                reader.execute("SELECT count(*) FROM pauses")
            async with opened(server.url("copy")) as its:
                await claim_until(its, DUE)
                seconds, claimed = await claim_until(its, 0)
                rates[is_held] = claimed / seconds
    print(
        f"claims: {rates[True] / rates[False]:.2f} of the speed while a snapshot is "
        f"held, after {HELD:,} claims under it; {rates[True]:,.0f} and "
        f"{rates[False]:,.0f} messages/s of the last {DUE:,} due",
        flush=True,
    )


async def compare_shares(server: Server, folder: Path) -> None:
    """200 small offices, alone and beside a large one."""
    name = await prepared(server, folder, SMALL * EACH)
    small = [f"98{at:04}" for at in range(SMALL)]
    async with opened(server.url(name)) as its:
        law = await its.law_store.current_law()
        office = law.authority(OFFICE)
        offices = [replace(office, code=code) for code in small]
        edit = AuthoritiesEdit(offices)
        await apply_change(edit, its.change_store, its.clock, by="bench")
        await expand(SqlExpandStore(its.database), its.clock)
    with server.connect(name) as admin:
        admin.execute(_SPREAD, [small])
        admin.execute("VACUUM ANALYZE reminders")
    waits = dict[bool, tuple[float, int]]()
    for is_beside in (False, True):
        server.drop_database("copy")
        server.create_database("copy", name)
        with server.connect("copy") as admin:
            if is_beside:
                for statement in _CLONE.split(";"):
                    admin.execute(statement.encode())
        async with opened(server.url("copy")) as its:
            waits[is_beside] = await serve_all(its, small)
    (alone, claims), (beside, more) = waits[False], waits[True]
    print(
        f"fair shares: {SMALL} offices with {EACH} due each wait "
        f"{beside / alone:.2f} times as long beside one with {LARGE:,}: "
        f"{beside:.1f} s and {alone:.1f} s of claims ({more} and {claims} claims)",
        flush=True,
    )


async def serve_all(its: Installation, offices: Sequence[str]) -> tuple[float, int]:
    """Claim until nothing is due in these offices; seconds, and how many claims."""
    seconds, claims = 0.0, 0
    while await count_due(its, *offices):
        spent, _ = await claim_until(its, await count_due(its) - 1)
        seconds, claims = seconds + spent, claims + 1
    return seconds, claims


_SPREAD: Final = """
    UPDATE reminders r SET authority = (%s::text[])[1 + n.at %% 200]
    FROM (SELECT permit_id, row_number() OVER () AS at FROM reminders) n
    WHERE n.permit_id = r.permit_id"""

_CLONE: Final = f"""
    INSERT INTO permits (id, authority, rule, number_key, shown_number, tail, holder,
    holder_code, expires_on, status, replaced, series, register, registered_at,
    changed_at, dated_at)
    SELECT gen_random_uuid(), '{OFFICE}', rule, 'c' || n || number_key,
    'c' || n || shown_number, tail, holder, 'c' || n || holder_code, expires_on, status,
    replaced, series, register, registered_at, changed_at, dated_at
    FROM permits, generate_series(1, {LARGE // (SMALL * EACH)}) n
    WHERE number_key NOT LIKE 'c%';
    INSERT INTO recipients (id, digest, phone, masked, line)
    SELECT p.id, uuid_send(gen_random_uuid()), r.phone, r.masked, r.line
    FROM permits p, (SELECT * FROM recipients LIMIT 1) r WHERE number_key LIKE 'c%';
    INSERT INTO permit_recipients (permit_id, position, recipient_id)
    SELECT p.id, 0, p.id FROM permits p WHERE number_key LIKE 'c%';
    INSERT INTO reminders (permit_id, expires_on, step, rule, authority, version_id,
    template, due_at, until_at, closes_at, born_at, state, state_at, next_at, returned,
    retries)
    SELECT p.id, p.expires_on, r.step, r.rule, '{OFFICE}', r.version_id, r.template,
    r.due_at, r.until_at, r.closes_at, r.born_at, 'due', r.state_at, r.next_at, 0, 0
    FROM permits p JOIN (SELECT DISTINCT ON (version_id, expires_on) * FROM reminders) r
    ON r.expires_on = p.expires_on AND r.rule = p.rule WHERE number_key LIKE 'c%';
    ANALYZE
"""  # noqa: S608 - our own words


async def compare_expanding(server: Server, folder: Path, permits: int) -> None:
    """Expanding, and the same rows by one bare statement."""
    name = await prepared(server, folder, permits + 1)
    ours, bare = list[float](), list[float]()
    for _ in range(ROUNDS):
        server.drop_database("copy")
        server.create_database("copy", name)
        async with opened(server.url("copy")) as its:
            began = perf_counter()
            created = await expand(SqlExpandStore(its.database), its.clock)
            ours.append(perf_counter() - began)
        assert created == permits + 1
        server.drop_database("copy")
        server.create_database("copy", name)
        with server.connect("copy") as admin:
            began = perf_counter()
            inserted = admin.execute(_BARE, {"now": NOW}).rowcount
            bare.append(perf_counter() - began)
        assert inserted >= created
    rates = [permits / median(one) for one in (ours, bare)]
    print(
        f"expanding on PostgreSQL: {rates[0] / rates[1]:.2f} of a bare "
        f"INSERT … SELECT; {rates[0]:,.0f} and {rates[1]:,.0f} reminders/s",
        flush=True,
    )


_BARE: Final = """
    INSERT INTO reminders (permit_id, expires_on, step, rule, authority, version_id,
    template, due_at, until_at, closes_at, born_at, state, reason, state_at, next_at,
    returned, retries)
    SELECT p.id, p.expires_on, s.step, p.rule, p.authority, s.version_id, s.template,
    s.due_at, s.until_at, s.closes_at, %(now)s, 'due', NULL, %(now)s, s.due_at, 0, 0
    FROM slots s JOIN permits p ON p.series = s.series AND p.authority = s.authority
    AND p.expires_on = s.expires_on
    WHERE s.due_at <= %(now)s"""


async def main(messages: int) -> None:
    """Every comparison, on one server."""
    with TemporaryDirectory(prefix="permit-reminders-bench-") as made:
        folder = Path(made)
        with run_server() as server:
            await compare_sending(server, folder, messages)
            await compare_expanding(server, folder, 10 * messages)
            await compare_snapshot(server, folder)
            await compare_shares(server, folder)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--worker", database_url, stub_url]:
            asyncio.run(run_worker(database_url, stub_url))
        case [count]:
            asyncio.run(main(int(count)))
        case _:
            asyncio.run(main(5_000))
