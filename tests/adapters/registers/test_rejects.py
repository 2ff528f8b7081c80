import csv
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.adapters.registers.rejects import open_rejects_file
from service.domain.errors import InvalidError, Mistake, SetUpError
from service.domain.untrusted.spreadsheet_formulas import guard_formula, unguard_formula


def cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_refused_rows_come_back_with_line_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    with open_rejects_file(path) as rejects:
        rejects.add(3, {"number": "2", "holder": "+某某"}, "=why")
    assert cells(path) == [
        ["line", "reason", "number", "holder"],
        ["3", "'=why", "2", "'+某某"],
    ]
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert path.stat().st_mode & 0o077 == 0


def test_without_a_refused_row_there_is_no_file(tmp_path: Path) -> None:
    with open_rejects_file(tmp_path / "rejects.csv"):
        pass
    assert not list(tmp_path.iterdir())


def breaking_off(path: Path) -> None:
    with open_rejects_file(path) as rejects:
        rejects.add(2, {"number": "1"}, "why")
        reason = "database gone"
        raise SetUpError(reason)


def test_an_import_that_breaks_off_leaves_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    path.write_text("earlier")
    with pytest.raises(SetUpError, match="database gone"):
        breaking_off(path)
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_a_later_import_replaces_the_file(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    for number in ("1", "2"):
        with open_rejects_file(path) as rejects:
            rejects.add(2, {"number": number}, "why")
    assert cells(path) == [["line", "reason", "number"], ["2", "why", "2"]]


def test_a_missing_folder_is_refused_before_anything_is_read(
    tmp_path: Path,
) -> None:
    with (
        pytest.raises(SetUpError, match="choose a folder"),
        open_rejects_file(tmp_path / "nowhere" / "rejects.csv"),
    ):
        pass


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_a_path_that_is_no_file_is_refused_before_anything_is_read(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "rejects.csv"
    make(path)
    with (
        pytest.raises(SetUpError, match="move away what is no file"),
        open_rejects_file(path),
    ):
        raise AssertionError
    assert list(tmp_path.iterdir()) == [path]


def test_the_reason_is_every_mistake_without_the_place() -> None:
    mistakes = [Mistake("number", "nothing", "it"), Mistake("rule", "'x'", "y")]
    assert InvalidError("f.csv:2", mistakes).reason == (
        "number: found nothing, expected it; rule: found 'x', expected y"
    )


@pytest.mark.parametrize("cell", ["=1+1", "+12125550142", "-1", "@x", "\tx", "'=1"])
def test_a_formula_is_guarded(cell: str) -> None:
    assert guard_formula(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "ACME", "2026-12-31", "'tis", "x=1", "某某"])
def test_what_is_no_formula_stays(cell: str) -> None:
    assert guard_formula(cell) == unguard_formula(cell) == cell


@given(st.text("'=+-@\t ax", max_size=6))
def test_a_guarded_cell_reads_back_the_same(cell: str) -> None:
    assert unguard_formula(guard_formula(cell)) == cell
