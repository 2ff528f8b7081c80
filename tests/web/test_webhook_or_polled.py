"""Callbacks and polling lead to the same ledger."""

import asyncio
import shutil
import socket
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from service.adapters.clock import SimulatedClock
from service.adapters.store.db.database import Database
from service.adapters.twilio.provider import TwilioConfig, open_twilio
from service.app import Installation, build_installation
from service.domain.permits.permit import Permit
from service.flow.permits.register import RegisterSource, register
from service.flow.sending.tick import TickDeps, tick
from service.sandbox.account import Account
from service.sandbox.application import make_app
from service.sandbox.client import SandboxClient
from service.sandbox.event_log import EventLog
from service.sandbox.faults import Ending, LateCallbacks, Unlisted
from service.sandbox.options import Options
from service.web.application import application
from tests.web.conftest import FOOD, settings_in

ACCOUNT = Account("AC" + "1" * 32, "2" * 32)
DUE = datetime(2024, 9, 19, 1, 35, tzinfo=UTC)

ENDINGS: Mapping[str, tuple[tuple[str, ...], int | None]] = {
    "+12125550110": (("sent", "delivered", "read"), None),
    "+12125550111": (("sent", "partially_delivered"), None),
    "+12125550112": (("vaporized",), None),  # who is asked tells no earlier word
    "+12125550113": (("sending", "sent"), None),
    "+12125550114": (("failed",), 30007),
    "+12125550115": (("sent", "undelivered"), 30004),
    "+12125550116": (("sent", "undelivered"), None),
    "+12125550117": (("canceled",), None),
}
FATES = [f"+121255501{fate}" for fate in ("01", "91", "92", "94", "95")]
"""Numbers with a fate in the sandbox: delivered, unassigned, landline, spam, …"""

PHONES = [*ENDINGS, *FATES]


@dataclass(frozen=True)
class Office:
    """An installation, its tick, and a Twilio double of its own."""

    installation: Installation
    journey: TickDeps
    sandbox: SandboxClient

    def move_to(self, now: datetime) -> None:
        assert isinstance(self.installation.clock, SimulatedClock)
        self.installation.clock.move_to(now)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        assert self.installation.database.file
        with closing(sqlite3.connect(self.installation.database.file)) as connection:
            return connection.execute(query).fetchall()


@asynccontextmanager
async def office(folder: Path, *, called: bool) -> AsyncIterator[Office]:
    """An office with callbacks, or one without a public address."""
    async with AsyncExitStack() as rooms:
        journal = EventLog(folder / "messages.jsonl")
        rooms.callback(journal.close)
        app = make_app(Options(directory=folder, pace=0), ACCOUNT, journal)
        running = await rooms.enter_async_context(TestServer(app))
        settings = settings_in(folder)
        database = Database(settings.database_url)
        rooms.push_async_callback(database.dispose)
        installation = await build_installation(settings, database)
        listener = rooms.enter_context(socket.create_server(("127.0.0.1", 0)))
        ours = f"http://127.0.0.1:{listener.getsockname()[1]}"
        url = f"http://127.0.0.1:{running.port}"
        sender = TwilioConfig(
            name="sandbox",
            account_sid=ACCOUNT.sid,
            auth_token=ACCOUNT.auth_token,
            user=ACCOUNT.sid,
            secret=ACCOUNT.auth_token,
            messaging_service_sid=None,
            from_="+15005550006",
            api_url=url,
            public_url=ours if called else None,
            timeout=5,
        )
        provider = await rooms.enter_async_context(open_twilio(sender))
        runner = web.AppRunner(application(installation, provider), access_log=None)
        await runner.setup()
        rooms.push_async_callback(runner.cleanup)
        await web.SockSite(runner, listener).start()
        session = await rooms.enter_async_context(aiohttp.ClientSession())
        yield Office(
            installation, installation.tick_deps(provider), SandboxClient(session, url)
        )


async def sent_to_all(one: Office) -> None:
    """Send a text to each phone; the provider reports nothing yet."""
    permits = [
        Permit(
            authority="990000",
            rule=FOOD,
            number=f"SC{at:04}",
            holder=f"Holder of SC{at:04}",
            expires_on=date(2024, 12, 31),
            phones=(phone,),
        )
        for at, phone in enumerate(PHONES)
    ]
    to = one.installation.register_deps
    done = await register(permits, RegisterSource("api"), to, skip_idle=False)
    assert done == ["registered"] * len(PHONES)
    endings = [
        Ending(phone=phone, path=path, code=code)
        for phone, (path, code) in ENDINGS.items()
    ]
    unlisted = [Unlisted(phone=phone, seconds=60) for phone in PHONES[::3]]
    await one.sandbox.put(LateCallbacks(seconds=60), *endings, *unlisted)
    one.move_to(DUE)
    assert (await tick(one.journey)).posted == len(PHONES)


async def over(one: Office, *, called_back: bool) -> None:
    """Wait until each message is final, and its callbacks have arrived."""
    async with asyncio.timeout(60):
        while True:
            messages = await one.sandbox.messages()
            left = [
                it
                for it in messages
                if it["statuses"][-1] != path_of(it)[-1]
                or (called_back and len(it["called_back"]) < len(path_of(it)))
            ]
            if not left:
                return


def path_of(message: Mapping[str, Any]) -> tuple[str, ...]:
    """The statuses of a message after the first."""
    to = message["to"]
    if to in ENDINGS:
        return ENDINGS[to][0]
    fates = {"91": "undelivered", "92": "undelivered", "94": "failed", "95": "sent"}
    final = fates.get(to[-2:], "delivered")
    return (final,) if final in ("failed", "sent") else ("sent", final)


LEDGER = {
    "reminders": "SELECT shown_number, step, r.state, reason, sent_at, state_at "
    "FROM reminders r JOIN permits p ON p.id = permit_id ORDER BY 1, 2",
    "events": "SELECT shown_number, step, e.at, state, reason FROM reminder_events e "
    "JOIN permits p ON p.id = permit_id ORDER BY 1, 2, e.id",
    "messages": "SELECT body, masked, state, rank, reason, code, kind, accepted_at, "
    "final_at FROM messages m JOIN recipients r ON r.id = recipient_id ORDER BY 1, 2",
    "recipients": "SELECT masked, line, opted_out_at, opted_out_by, unreachable_at, "
    "unreachable_by FROM recipients ORDER BY 1",
    "pauses": "SELECT scope, reason FROM pauses",
    "words nobody knows": "SELECT DISTINCT masked, json_extract(raw, "
    "'$.MessageStatus') FROM receipts c JOIN messages m ON m.id = c.message_id "
    "JOIN recipients r ON r.id = m.recipient_id WHERE c.state IS NULL",
}


RECEIPTS = "SELECT count(*) FROM receipts"


async def played(folder: Path, *, called: bool) -> dict[str, list[tuple[Any, ...]]]:
    """The ledger of an office, ten minutes after all messages are final."""
    async with office(folder, called=called) as one:
        await sent_to_all(one)
        await over(one, called_back=False)
        assert one.rows("SELECT DISTINCT state FROM messages") == [("accepted",)]
        one.move_to(DUE + timedelta(minutes=10))
        if called:
            await one.sandbox.clear()
            await over(one, called_back=True)
        else:
            assert (await tick(one.journey)).moved == len(PHONES) - 1
            kept = one.rows(RECEIPTS)
            assert (await tick(one.journey)).moved == 0
            assert one.rows(RECEIPTS) == kept, "nothing new was told"
        return {name: one.rows(query) for name, query in LEDGER.items()}


async def test_polling_ends_in_the_same_ledger_as_callbacks(
    prepared: tuple[Path, str], tmp_path: Path
) -> None:
    called, asked = [
        await played(shutil.copytree(prepared[0], tmp_path / name), called=called)
        for name, called in (("called", True), ("asked", False))
    ]
    for name in LEDGER:
        assert asked[name] == called[name], name
    assert {row[2] for row in called["messages"]} == {
        *("accepted", "sent", "delivered", "undelivered", "failed", "canceled", "read")
    }
