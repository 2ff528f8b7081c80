"""An import for whose rejected rows there is no room."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path

import pytest

from service.flow.permits import import_register
from tests.cli.commands import CMA, Run, sql, write

GOOD = f"{CMA},1,A,2024-06-28,+12125550101"
"""A row that is stored."""


def refuse(*_: object, **__: object) -> None:
    raise OSError(ENOSPC, os.strerror(ENOSPC))


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_without_room_for_the_rejected_rows_an_import_is_resumed(
    run: Run, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_register, "CHUNK", 5)
    wide = [f"{CMA},{number},{'A' * 40_000},,+12125550101" for number in range(2, 52)]
    register = write(office / "permits.csv", GOOD, *wide)
    with at_most((office / "permit-reminders.db").stat().st_size + 700_000):
        answer = run("import", register)
    interrupted, error = answer.err.splitlines()
    assert interrupted.startswith("interrupted: 1 registered, ")
    assert interrupted.endswith(" rejected; import permits.csv again with --resume")
    assert error == (
        f"permit-reminders: {register}.rejects.csv: File too large; rejected rows are"
        " written there: make room, or raise the limit on the size of files"
    )
    assert answer.code == 2
    assert not list(office.glob("*permits.csv.*"))
    resumed = run("import", register, "--resume").imported
    assert resumed.startswith("1 registered, 50 rejected\n")


@pytest.mark.parametrize("place", ["xlsxwriter.workbook.ZipFile", "tempfile.mkstemp"])
def test_without_room_for_the_workbook_an_import_is_not_done(
    place: str, run: Run, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register = write(office / "permits.csv", GOOD, f"{CMA},2,A,soon,+12125550101")
    with monkeypatch.context() as full:
        full.setattr(place, refuse)
        answer = run("import", register)
    interrupted, error = answer.err.splitlines()
    assert interrupted == (
        "interrupted: 1 registered, 1 rejected; import permits.csv again with --resume"
    )
    assert "No space left on device; rejected rows are written there: make" in error
    assert (f"{register}.rejects.xlsx or " in error) == (place != "tempfile.mkstemp")
    assert sql(office, "SELECT state FROM imports") == [("running",)]
    assert run("import", register, "--resume").imported.startswith("1 registered, 1 ")
    assert sql(office, "SELECT state FROM imports") == [("done",)]


@pytest.mark.parametrize("trial", ["--dry-run", "--strict"])
def test_a_trial_without_room_stores_nothing_that_could_be_resumed(
    trial: str, run: Run, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xlsxwriter.workbook.ZipFile", refuse)
    register = write(office / "permits.csv", GOOD, f"{CMA},2,A,soon,+12125550101")
    answer = run("import", register, trial)
    interrupted, error = answer.err.splitlines()
    assert interrupted == "interrupted: nothing is stored"
    assert "No space left on device" in error
    assert sql(office, "SELECT count(*) FROM imports") == [(0,)]
