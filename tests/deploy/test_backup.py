"""Backups of docs/postgres.md drilled: restored elsewhere, audited, and sent from."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from service.adapters.choose_provider import open_provider
from service.adapters.store.db.database import Database
from service.app import Installation
from service.domain.permits.permit import Permit
from service.flow.permits.register import RegisterSource, register
from service.flow.reports.audit import audit_ledger
from service.flow.sending.provider import Provider
from service.flow.sending.tick import tick
from service.settings import Settings
from tests.chaos.office import OFFICE
from tests.chaos.register import RULE, phone
from tests.deploy.live_office import EXPIRES, make_live, opened
from tests.postgres import (
    Server,
    find_binaries,
    new_folder,
    run_on,
    run_program,
    run_server,
)
from tests.some_rules import install_rules

NEW_TIMELINE = "restore_command = 'false'\nhot_standby = off\n"
"""Without an archive the server goes on from the base backup, on a new timeline."""


@pytest.fixture
async def provider(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Provider]:
    """The sandbox; it outlives the databases."""
    monkeypatch.chdir(tmp_path)
    unused = Database("sqlite://")
    async with open_provider(Settings(), unused) as opened_provider:
        yield opened_provider
    await unused.dispose()


@pytest.fixture
def source(postgres: Server) -> Iterator[str]:
    """The name of a database, empty at first."""
    postgres.create_database("source")
    yield "source"
    postgres.drop_database("source")


async def register_permits(installation: Installation, *numbers: int) -> None:
    permits = [
        Permit(
            authority=OFFICE,
            rule=RULE,
            number=f"24{number:010}",
            holder=f"Holder {number}",
            expires_on=EXPIRES,
            phones=(phone(number),),
        )
        for number in numbers
    ]
    deps = installation.register_deps
    await register(permits, RegisterSource("register", None), deps, skip_idle=False)


def texted() -> list[str]:
    """The phones that the sandbox has accepted a message for, in order."""
    lines = Path("sandbox/messages.jsonl").read_bytes().splitlines()
    return [one["to"] for one in map(orjson.loads, lines) if one["event"] == "created"]


async def send(installation: Installation, provider: Provider, number: int) -> None:
    """Tick until the sandbox has so many messages, and once more."""
    deps = installation.tick_deps(provider)
    for _ in range(20):
        await tick(deps)
        if len(texted()) >= number:
            break
    await tick(deps)
    assert len(texted()) == number


async def check_restored(url: str, provider: Provider) -> None:
    """What was sent is known, the ledger adds up, and sending goes on."""
    async with opened(url) as restored:
        assert (
            await audit_ledger(restored.audit_store, restored.law_store, restored.vault)
            == []
        )
        await register_permits(restored, 3)
        await send(restored, provider, 4)
    assert len(set(texted())) == 4


async def fill(url: str, provider: Provider) -> None:
    database = Database(url)
    await database.upgrade()
    await database.dispose()
    async with opened(url) as installation:
        await install_rules(installation, [RULE])
    await make_live(url)
    async with opened(url) as installation:
        await register_permits(installation, 0, 1, 2)
        await send(installation, provider, 3)


async def test_a_dump_is_restored_into_another_server(
    postgres: Server, source: str, provider: Provider
) -> None:
    await fill(postgres.url(source), provider)
    with run_server() as other:
        folder, binaries = other.socket, find_binaries()
        file, target = folder / "permits.dump", other.url("restored")
        dump = ("--format=custom", f"--file={file}", postgres.url(source))
        run_program(folder, binaries / "pg_dump", *dump)
        other.create_database("restored")
        restore = ("--no-owner", "--exit-on-error", f"--dbname={target}", file)
        run_program(folder, binaries / "pg_restore", *restore)
        await check_restored(target, provider)


async def test_a_base_backup_is_started_as_another_server(
    postgres: Server, source: str, provider: Provider
) -> None:
    await fill(postgres.url(source), provider)
    with new_folder() as folder:
        data = folder / "data"
        backup = ("--wal-method=stream", "--checkpoint=fast", "--no-sync")
        address = ("--dbname", postgres.url("postgres"))
        program = find_binaries() / "pg_basebackup"
        run_program(folder, program, "--pgdata", data, *backup, *address)
        (data / "recovery.signal").touch()
        with (data / "postgresql.auto.conf").open("a") as settings:
            settings.write(NEW_TIMELINE)
        with run_on(folder) as other:
            with other.connect("postgres") as connection:
                found = connection.execute(
                    "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)"
                )
                assert found.fetchone() == ("00000002",)
            await check_restored(other.url(source), provider)


async def test_a_copy_of_sqlite_that_was_made_meanwhile_is_restored(
    tmp_path: Path, provider: Provider
) -> None:
    file, copy = tmp_path / "permits.db", tmp_path / "restored.db"
    await fill(f"sqlite:///{file}", provider)
    async with opened(f"sqlite:///{file}") as service:
        await register_permits(service, 3)
        with (
            closing(sqlite3.connect(file)) as raw,
            closing(sqlite3.connect(copy)) as to,
        ):
            raw.backup(to)
    await check_restored(f"sqlite:///{copy}", provider)
