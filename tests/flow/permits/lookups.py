"""A register over HTTP that tests script, and an office that asks it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

from service.adapters.lookups.registers import MappedRegisters
from service.adapters.registers.mapping_file import mapping_from
from service.adapters.store.sending.lookups import SqlLookupStore
from service.domain.permits.lookup import Lookup
from service.flow.permits.ask_registers import LookupDeps, ask_registers
from service.flow.permits.register import RegisterSource
from tests.flow.ledger import FOOD, OFFICE, Ledger

CITY = RegisterSource("city-register")

MAPPING = {
    "source": CITY.name,
    "rule": FOOD,
    "authority": OFFICE,
    "ignore": "rest",
    "columns": {
        "licence": "number",
        "name": "holder",
        "expires": "expires_on",
        "phone": "phones",
        "filed": "renewal_filed_on",
        "state": "status",
    },
    "values": {"status": {"valid": "active", "void": "withdraw", "draft": "skip"}},
}


def record(number: str = "SC-0001", **changed: object) -> dict[str, object]:
    """What the register answers about a permit of `tests.flow.ledger.permit`."""
    return {
        "licence": number,
        "name": f"Holder of {number}",
        "expires": "2024-12-31",
        "phone": "+12125550101",
        "filed": None,
        "state": "valid",
        "address": {"street": "not mapped"},
        **changed,
    }


@dataclass(slots=True)
class CityRegister:
    """Answers by number with JSON, a response of its own, or 404; notes who asks.

    A question about a number in `hangs` gets no answer before `released`.
    """

    answers: dict[str, object] = field(default_factory=dict)
    hangs: set[str] = field(default_factory=set)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    under_way: int = 0
    most_at_once: int = 0
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one question."""
        number = request.match_info["number"]
        self.asked.append(number)
        self.tokens.append(request.headers.get("Authorization"))
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            if number in self.hangs:
                await self.released.wait()
            await asyncio.sleep(0)
        finally:
            self.under_way -= 1
        found = self.answers.get(number)
        if isinstance(found, web.Response):
            return web.Response(
                body=found.body, status=found.status, headers=found.headers
            )
        if found is None:
            return web.Response(status=404)
        return web.json_response(found)


@asynccontextmanager
async def city_register() -> AsyncIterator[CityRegister]:
    """A register that is served."""
    city = CityRegister()
    app = web.Application()
    app.router.add_get("/permits/{number}", city.answer)
    async with TestServer(app) as server:
        city.url = f"{server.make_url('/permits/')}{{number}}"
        yield city
        city.released.set()


def city_database(folder: Path, *records: Mapping[str, object]) -> Path:
    """A register in a database of its own; its columns are those of `record`."""
    file = folder / "city.db"
    names = [name for name in record() if name != "address"]
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"CREATE TABLE licences ({', '.join(names)})")
        for one in records:
            marks = ", ".join("?" * len(names))
            connection.execute(
                f"INSERT INTO licences VALUES ({marks})",  # noqa: S608 - marks
                [one[name] for name in names],
            )
    return file


def lookup_of(rule: str = FOOD, /, **keys: object) -> Lookup:
    """The look-up that a mapping file of the city declares."""
    values = {**MAPPING, "rule": rule, "lookup": {"timeout": 5, **keys}}
    lookup = mapping_from(values, "city.toml").lookup
    assert lookup is not None
    return lookup


def asking(ledger: Ledger, **environ: str) -> LookupDeps:
    """What asking needs."""
    return LookupDeps(
        SqlLookupStore(ledger.database), MappedRegisters(environ), ledger.registration
    )


def city_source(rule: str = FOOD, /, **keys: object) -> RegisterSource:
    """The city's register, loaded with a mapping that has this look-up."""
    return replace(CITY, lookup=lookup_of(rule, **keys))


async def ask(ledger: Ledger, deps: LookupDeps | None = None) -> int:
    """Ask what claims wait for, as a step of a tick does."""
    return await ask_registers(deps or asking(ledger), lambda: False)


async def send_and_ask(ledger: Ledger, deps: LookupDeps | None = None) -> int:
    """Send, ask, and send what is known now, as a tick does; how many were POSTed."""
    posted = await ledger.send()
    while await ask(ledger, deps):
        posted += await ledger.send()
    return posted


def held_by(ledger: Ledger) -> list[str | None]:
    """Why reminders that are due wait."""
    wanted = "SELECT hold_reason FROM reminders WHERE state = 'due' ORDER BY permit_id"
    return [row["hold_reason"] for row in ledger.rows(wanted)]
