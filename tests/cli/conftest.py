import asyncio
import csv
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.adapters.store.db.database import Database
from service.app import build_installation
from service.settings import load_settings
from tests.cli.commands import (
    BEFORE,
    CMA,
    FOOD,
    NOON,
    ROOT,
    Run,
    environment,
    run_here,
    simulate,
    write,
)
from tests.cli.sandbox_thread import sandbox_beside
from tests.some_rules import install_rules

RULES = (
    *(CMA, FOOD, "cn-food-business-license", "cn-direct-selling-license"),
    *("cn-food-workshop-registration-local", "cn-advertising-release-registration"),
    *("cn-special-equipment-operator-certificate", "us-nyc-parking"),
    *("cn-food-testing-institution", "gb-wales-landlord-licence", "us-tx-occ-1071"),
)
"""Some of the shipped permit types: every command reads those that are installed."""


@contextmanager
def standing_in(folder: Path) -> Iterator[pytest.MonkeyPatch]:
    """Change to a folder, and remove settings from the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in os.environ.keys() - environment().keys():
            patch.delenv(name)
        patch.setenv("PYTHONPATH", str(ROOT))  # for the sandbox's process
        yield patch


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty current folder, and no settings."""
    with standing_in(tmp_path):
        yield tmp_path


@pytest.fixture
def run() -> Run:
    """Run a command to its end."""
    return run_here


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with some of the law and the two example offices in a database."""
    place = tmp_path_factory.mktemp("prepared")

    async def install() -> None:
        settings = load_settings()
        database = Database(settings.database_url)
        try:
            await database.upgrade()
            await install_rules(await build_installation(settings, database), RULES)
        finally:
            await database.dispose()

    with standing_in(place):
        asyncio.run(install())
        offices = ROOT / "examples" / "authorities.toml"
        assert run_here("authorities", "load", offices).code == 0
    return place


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like it, with the whole shipped law."""
    place = tmp_path_factory.mktemp("shipped")
    with standing_in(place):
        assert run_here("db", "upgrade").code == 0
        offices = ROOT / "examples" / "authorities.toml"
        assert run_here("authorities", "load", offices).code == 0
    return place


@pytest.fixture
def installed(prepared: Path, folder: Path) -> Path:
    """The current folder, with such a database in real time."""
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    return folder


@pytest.fixture
def office(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same at noon on Sunday; the default office is Linjiang."""
    monkeypatch.setenv("PERMIT_REMINDERS_AUTHORITY", "990000")
    simulate(installed, BEFORE)
    return installed


def go_live() -> None:
    """Text CMA permits of Linjiang from Monday's midnight on."""
    since = ("--from", "2024-01-29T00:00+08:00", "--yes")
    approved = ("--approved-by", "Director Wang")
    assert run_here("authorities", "live", "990000", CMA, *since, *approved).code == 0


@pytest.fixture
def sandbox(folder: Path) -> Iterator[str]:
    """The URL of the folder's sandbox, which runs already."""
    with sandbox_beside(folder) as url:
        yield url


@pytest.fixture
def live(office: Path, sandbox: str) -> Path:  # noqa: ARG001 - ticks find it
    """The same, with its sandbox; CMA permits are live from midnight on."""
    go_live()
    return office


@pytest.fixture(scope="session")
def sent_once(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the five reminders of a Monday ended in different ways."""
    place = tmp_path_factory.mktemp("sent") / "office"
    shutil.copytree(prepared, place)
    register = write(
        place / "permits.csv",
        f"{CMA},240000000001,一号检测,2024-06-28,+12125550101",
        f"{CMA},240000000002,二号检测,2024-06-28,+12125550194",
        f"{CMA},240000000003,三号检测,2024-06-28,+12125550190",
        f"{CMA},240000000004,四号检测,2024-06-28,+12125550195",
        f"{CMA},240000000005,五号检测,2024-06-28,",
    )
    with standing_in(place) as patch, sandbox_beside(place):
        patch.setenv("PERMIT_REMINDERS_AUTHORITY", "990000")
        simulate(place, BEFORE)
        go_live()
        assert run_here("import", register).code == 0
        assert run_here("tick", "--now", NOON).code == 0
        ended(3)
    return place


def ended(messages: int) -> None:
    """Tick in the evening until so many messages are final; the sandbox takes time."""
    for _ in range(100):
        assert run_here("tick", "--now", "2024-01-29T18:00+08:00").code == 0
        told = run_here("counts", "--from", "2024-01-29", "--to", "2024-01-29")
        [row] = csv.DictReader(told.out.splitlines())
        if int(row["delivered"]) + int(row["failed"]) == messages:
            return
    raise AssertionError("a message never got its last word")


@pytest.fixture
def sent(sent_once: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder is such a folder, on Monday evening."""
    monkeypatch.setenv("PERMIT_REMINDERS_AUTHORITY", "990000")
    shutil.copytree(sent_once, folder, dirs_exist_ok=True)
    return folder
