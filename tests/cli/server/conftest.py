import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import BEFORE, run_here, simulate
from tests.cli.conftest import go_live, standing_in
from tests.cli.processes import Fork, fork_server
from tests.cli.sandbox_thread import sandbox_beside
from tests.cli.server.backstage import MANY, Backstage, fall_due


@pytest.fixture
def backstage(sandbox: str) -> Backstage:
    return Backstage(sandbox)


@pytest.fixture(scope="session")
def fork() -> Iterator[Fork]:
    """Start a command in a process that has imported it."""
    with fork_server() as start:
        yield start


@pytest.fixture(scope="session")
def due_once(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `MANY` reminders due, each to a phone of its own."""
    place = tmp_path_factory.mktemp("due") / "office"
    shutil.copytree(prepared, place)
    with standing_in(place) as patch, sandbox_beside(place):
        patch.setenv("PERMIT_REMINDERS_AUTHORITY", "990000")
        simulate(place, BEFORE)
        go_live()
        fall_due(place, [f"+121255501{at:02}" for at in range(MANY)])
        assert run_here("resume").code == 0
    shutil.rmtree(place / "sandbox")
    return place


@pytest.fixture
def due(due_once: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder is such a folder."""
    monkeypatch.setenv("PERMIT_REMINDERS_AUTHORITY", "990000")
    shutil.copytree(due_once, folder, dirs_exist_ok=True)
    return folder
