"""Backups of docs/postgres.md drilled: restored elsewhere, audited, and sent from."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from service.adapters.choose_provider import open_provider
from service.adapters.store.db.database import Database
from service.adapters.store.db.health import SqlHealth
from service.app import Installation
from service.domain.permits.permit import Permit
from service.flow.permits.register import RegisterSource, register
from service.flow.reports.audit import audit_ledger
from service.flow.sending.provider import Provider
from service.flow.sending.tick import tick
from service.settings import Settings
from tests.chaos.office import OFFICE
from tests.chaos.register import RULE, phone
from tests.deploy.live_office import EXPIRES, make_live, opened, texted
from tests.postgres import (
    Server,
    find_binaries,
    new_folder,
    run_on,
    run_program,
    run_server,
)
from tests.some_rules import install_rules

PATIENCE = 60.0

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


async def send(url: str, provider: Provider, number: int) -> None:
    """Tick until the sandbox has so many messages, and once more."""
    async with opened(url) as installation:
        deps, until = installation.tick_deps(provider), time.monotonic() + PATIENCE
        while len(texted(Path())) < number and time.monotonic() < until:
            await tick(deps)
            await asyncio.sleep(0.5)
        await tick(deps)
    assert len(texted(Path())) == number
    assert len(set(texted(Path()))) == number


async def check_restored(url: str, provider: Provider) -> None:
    """The ledger adds up, and sending goes on with what nobody got yet."""
    async with opened(url) as restored:
        found = await audit_ledger(
            restored.audit_store, restored.law_store, restored.vault
        )
        assert found == []
        await register_permits(restored, 4)
    await send(url, provider, 5)


async def migrate(url: str) -> None:
    database = Database(url)
    await database.upgrade()
    await database.dispose()


async def fill(url: str, provider: Provider) -> None:
    """Three permits whose holders have their text, and one who has not."""
    await migrate(url)
    async with opened(url) as installation:
        await install_rules(installation, [RULE])
    await make_live(url)
    async with opened(url) as installation:
        await register_permits(installation, 0, 1, 2)
    await send(url, provider, 3)
    async with opened(url) as installation:
        await register_permits(installation, 3)


async def test_a_dump_is_restored_into_another_server(
    postgres: Server, source: str, provider: Provider
) -> None:
    await fill(postgres.url(source), provider)
    with run_server() as other:
        folder, binaries = other.socket, find_binaries()
        file, target = folder / "permits.dump", other.url("restored")
        dump = ("--format=custom", f"--file={file}", postgres.url(source))
        run_program(folder, binaries / "pg_dump", *dump)
        await send(postgres.url(source), provider, 4)  # the dump knows nothing of it
        other.create_database("restored")
        restore = ("--no-owner", "--exit-on-error", f"--dbname={target}", file)
        run_program(folder, binaries / "pg_restore", *restore)
        await check_restored(target, provider)


async def test_a_base_backup_is_started_as_another_server(
    postgres: Server, source: str, provider: Provider
) -> None:
    await fill(postgres.url(source), provider)
    with base_backup(postgres, "recovery.signal", NEW_TIMELINE) as other:
        await send(postgres.url(source), provider, 4)  # the backup knows nothing of it
        await check_restored(other.url(source), provider)


async def test_a_standby_is_not_ready_even_if_nothing_is_written(
    postgres: Server, source: str
) -> None:
    await migrate(postgres.url(source))
    with base_backup(postgres, "standby.signal", "") as other:
        database = Database(other.url(source))
        problems = await SqlHealth(database).problems(of_sending=False)
        await database.dispose()
    assert "is read-only, as a standby is" in problems["database"]


@contextmanager
def base_backup(postgres: Server, signal: str, settings: str) -> Iterator[Server]:
    """Run another server on a base backup, with a signal file and settings."""
    with new_folder() as folder:
        data = folder / "data"
        backup = ("--wal-method=stream", "--checkpoint=fast", "--no-sync")
        address = ("--dbname", postgres.url("postgres"))
        program = find_binaries() / "pg_basebackup"
        run_program(folder, program, "--pgdata", data, *backup, *address)
        (data / signal).touch()
        with (data / "postgresql.auto.conf").open("a") as file:
            file.write(settings)
        with run_on(folder) as other:
            yield other


async def test_a_copy_of_sqlite_that_was_made_meanwhile_is_restored(
    tmp_path: Path, provider: Provider
) -> None:
    file, copy = tmp_path / "permits.db", tmp_path / "restored.db"
    await fill(f"sqlite:///{file}", provider)
    await send(f"sqlite:///{file}", provider, 4)
    async with opened(f"sqlite:///{file}"):
        with (
            closing(sqlite3.connect(file)) as raw,
            closing(sqlite3.connect(copy)) as to,
        ):
            raw.backup(to)
    await check_restored(f"sqlite:///{copy}", provider)
