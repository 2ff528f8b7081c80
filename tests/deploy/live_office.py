"""An office that is live, its register, and what its holders were sent."""

import csv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import orjson
from pydantic import SecretStr

from service.adapters.calendars.holidays import calendars
from service.adapters.rules.files import read_authorities
from service.adapters.store.db.database import Database
from service.adapters.store.sending.pauses import SqlPauseStore
from service.app import Installation, build_installation
from service.domain.law_change.edits import AuthoritiesEdit
from service.flow.law_change.change import apply_change
from service.flow.office.go_live import go_live
from service.settings import Settings
from tests.chaos.office import OFFICE
from tests.chaos.register import RULE, phone
from tests.docs.pages import ROOT

KEY: Final = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
NOW: Final = datetime(2024, 3, 5, 2, tzinfo=UTC)
EXPIRES: Final = (NOW + timedelta(days=120)).date()
"""A step of a permit that expires then is current at `NOW`."""


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Installation]:
    """The installation on a database whose tables are up to date."""
    database = Database(url)
    try:
        settings = Settings(database_url=url, key=SecretStr(KEY), settle=1.0)
        yield await build_installation(settings, database)
    finally:
        await database.dispose()


async def make_live(url: str) -> None:
    """Let the office be live; its clock stands at `NOW` from then on."""
    database = Database(url)
    await SqlPauseStore(database).set_simulated_now(NOW - timedelta(days=60))
    await database.dispose()
    async with opened(url) as installation:
        offices = read_authorities(
            ROOT / "tests/chaos/office.toml", calendars=calendars()
        )
        await apply_change(
            AuthoritiesEdit([*offices.values()]),
            installation.change_store,
            installation.clock,
            by="test",
        )
        deps = installation.go_live_deps
        await go_live(OFFICE, [RULE], deps, approved_by="test", by="test")
        await installation.pause_store.set_simulated_now(NOW)


def write_register(folder: Path, numbers: range) -> str:
    """A register of permits, each with a phone of its own; its file."""
    file = folder / f"register-{numbers.start}.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(("authority", "rule", "number", "holder", "expires_on", "phones"))
        for one in numbers:
            row = (OFFICE, RULE, f"24{one:010}", f"Holder {one}", EXPIRES, phone(one))
            rows.writerow(row)
    return str(file)


def texted(folder: Path) -> list[str]:
    """The phones of all messages that the sandbox in a folder has accepted."""
    lines = (folder / "sandbox" / "messages.jsonl").read_bytes().splitlines()
    return [one["to"] for one in map(orjson.loads, lines) if one["event"] == "created"]
