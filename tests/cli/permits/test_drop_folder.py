"""Exports that are dropped into the folder of a register."""

import os
import random
import signal
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from service.adapters.drop_folders.drop_folder import DroppedFile
from service.adapters.drop_folders.look import RegisterFolders
from service.cli.permits import import_dropped
from service.cli.permits.import_dropped import load_dropped
from service.flow.permits import import_register
from tests.cli.commands import CMA, sql, write
from tests.cli.permits.die_at_statement import at_each_moment
from tests.depth import by_depth

HEADER = "number,holder,expires_on,phones"
MAPPING = f"""
source = "city-register"
rule = "{CMA}"
[columns]
number = "number"
holder = "holder"
expires_on = "expires_on"
phones = "phones"
"""

FILED = """
lists = "filed"
source = "city-register"
ignore = "rest"
columns = { number = "number", filed = "renewal_filed_on" }
"""
"""The same columns, read as a list of filed renewals."""


def row(number: int, expires_on: str = "2024-06-28") -> str:
    phone = f"+1212555{100 + number % 90:04}"
    return f"{number:012},临江检测,{expires_on},{phone}"


@pytest.fixture
def city(office: Path) -> Path:
    """The drop folder of a register."""
    root = office / "registers"
    root.mkdir()
    (root / "city.toml").write_text(MAPPING, "utf-8")
    RegisterFolders(root).look()
    return root / "city"


def load(city: Path, *names: str) -> tuple[int, str]:
    """Load exports as the process of a worker does: its exit code, and what it says."""
    files = [DroppedFile.of(name, (city / name).stat()) for name in names]
    with redirect_stdout(StringIO()) as said:
        code = load_dropped(Path(f"{city}.toml"), files)
    return code, said.getvalue()


def load_and_die(city: Path, moment: int, *names: str) -> bool:
    """Load exports in a process that may be killed at a moment; whether it was."""
    pid = os.fork()
    if pid == 0:
        moments = iter(range(1, moment))

        def die_after_the_last() -> None:
            if next(moments, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        with at_each_moment(die_after_the_last):
            load(city, *names)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def imports(office: Path) -> list[tuple[str, str, int]]:
    return sql(office, "SELECT file, state, committed FROM imports ORDER BY id")


def test_exports_are_loaded_and_moved_with_their_reports(city: Path) -> None:
    write(
        city / "a.csv", row(1), row(2, "soon"), *map(row, range(3, 20)), header=HEADER
    )
    write(city / "b.csv", row(20), row(21, "soon"), header=HEADER)
    (city / "c.csv").write_text("<html>", "utf-8")
    code, said = load(city, "a.csv", "b.csv", "c.csv")
    assert code == 0
    assert said.splitlines() == [
        "city: a.csv is in done, with exit code 0",
        "city: b.csv is in done, with exit code 3",
        "city: c.csv is in rejected, with exit code 2",
    ]
    assert names(city) == ["done", "loading", "rejected"]
    assert names(city / "done") == [
        *("a.csv", "a.csv.rejects.csv", "a.csv.rejects.xlsx", "a.csv.report.txt"),
        *("b.csv", "b.csv.rejects.csv", "b.csv.rejects.xlsx", "b.csv.report.txt"),
    ]
    assert names(city / "rejected") == ["c.csv", "c.csv.report.txt"]
    report = (city / "done" / "a.csv.report.txt").read_text("utf-8-sig")
    assert report.startswith(
        "a.csv, 2024-01-28 12:00 UTC, into city-register: exit code 0\n"
    )
    assert "\n18 registered, 1 rejected\n" in report
    assert "its reason: a.csv.rejects.csv and a.csv.rejects.xlsx\n" in report
    assert "c.csv: file: found " in (city / "rejected" / "c.csv.report.txt").read_text(
        "utf-8-sig"
    )
    assert imports(city.parents[1]) == [("a.csv", "done", 19), ("b.csv", "done", 2)]
    # The rejected rows are mended, and dropped again.
    mended = (city / "done" / "a.csv.rejects.csv").read_text("utf-8-sig")
    (city / "a.csv").write_text(mended.replace("soon", "2024-06-28"), "utf-8")
    assert load(city, "a.csv") == (0, "city: a.csv is in done, with exit code 0\n")
    assert "a-2.csv" in names(city / "done")
    assert sql(city.parents[1], "SELECT count(*) FROM permits") == [(20,)]


def test_full_and_strict_exports_are_loaded_as_the_mapping_says(city: Path) -> None:
    office, mapping = city.parents[1], Path(f"{city}.toml")
    mapping.write_text(
        'source = "city-register"\nworker = { snapshot = true, strict = true }\n'
        "snapshot = {}\n" + MAPPING.replace('source = "city-register"', ""),
        "utf-8",
    )
    write(city / "a.csv", *map(row, range(30)), header=HEADER)
    write(city / "b.csv", *map(row, range(28)), row(99, "soon"), header=HEADER)
    write(city / "c.csv", *map(row, range(28)), header=HEADER)
    write(city / "d.csv", *map(row, range(9)), header=HEADER)
    _, said = load(city, "a.csv", "b.csv", "c.csv", "d.csv")
    assert said.splitlines() == [
        "city: a.csv is in done, with exit code 0",
        "city: b.csv is in rejected, with exit code 3",
        "city: c.csv is in done, with exit code 0",
        "city: d.csv is in rejected, with exit code 1",
    ]
    assert names(city / "rejected") == [
        *("b.csv", "b.csv.rejects.csv", "b.csv.rejects.xlsx", "b.csv.report.txt"),
        *("d.csv", "d.csv.report.txt"),
    ]
    withdrawn = "SELECT count(*) FROM permits WHERE status = 'withdrawn'"
    assert sql(office, withdrawn) == [(2,)]


def test_a_mapping_with_a_mistake_leaves_its_exports_where_they_are(city: Path) -> None:
    Path(f"{city}.toml").write_text(MAPPING.replace("source", "sauce"), "utf-8")
    write(city / "a.csv", row(1), header=HEADER)
    code, said = load(city, "a.csv")
    assert code == 1
    assert said.startswith("failed: ")
    assert "sauce" in said
    assert said.count("\n") == 1
    assert names(city) == ["a.csv", "done", "loading", "rejected"]
    wrong = "".join(f"wrong-key-{at} = 1\n" for at in range(1_000))
    Path(f"{city}.toml").write_text(wrong, "utf-8")
    code, said = load(city, "a.csv")
    assert code == 1
    assert len(said) < 3_000, "a line that the worker can read"


def test_a_load_that_was_killed_anywhere_is_resumed_once(
    city: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = city.parents[1]
    monkeypatch.setattr(import_register, "CHUNK", 2)
    for moment in random.sample(range(1, 90), by_depth(quick=2, deep=60)):
        name, first = f"{moment}.csv", moment * 10
        rows = [*map(row, range(first, first + 6)), row(first + 6, "soon")]
        write(city / name, *rows, header=HEADER)
        if load_and_die(city, moment, name):
            assert (city / name).exists() or load(city)[0] == 0
        if (city / name).exists():
            assert load(city, name)[0] == 0
        assert imports(office)[-1] == (name, "done", 7)
        assert names(city / "loading") == [".lock", ".report"]
        reports = [
            f"{name}.{end}" for end in ("rejects.csv", "rejects.xlsx", "report.txt")
        ]
        assert {name, *reports} <= {*names(city / "done")}
    assert len({name for name, *_ in imports(office)}) == len(imports(office))
    stored = "SELECT count(*) FROM permits WHERE register = 'city-register'"
    assert sql(office, stored) == [(6 * len(imports(office)),)]


@pytest.mark.parametrize(
    "mapping", [MAPPING.replace("[col", 'ignore = "rest"\n[col'), FILED]
)
def test_a_load_that_ended_before_the_move_is_not_repeated(
    city: Path, mapping: str
) -> None:
    office = city.parents[1]
    write(city / "permits.csv", row(1), header=HEADER)
    assert load(city, "permits.csv")[0] == 0
    Path(f"{city}.toml").write_text(mapping, "utf-8")
    write(city / "a.csv", f"{row(1)},2024-01-10", header=f"{HEADER},filed")
    said = "city: a.csv is in done, with exit code 0\n"
    assert load(city, "a.csv") == (0, said)
    (city / "done" / "a.csv").rename(city / "loading" / "a.csv")
    assert load(city) == (0, said)
    assert [name for name, *_ in imports(office)] == ["permits.csv", "a.csv"]
    report = (city / "done" / "a-2.csv.report.txt").read_text("utf-8-sig")
    assert "loaded already: 1 " in report


def test_what_was_loaded_before_it_was_moved_tells_its_exit_code_again(
    city: Path,
) -> None:
    write(city / "a.csv", row(1), row(2, "soon"), header=HEADER)
    _, said = load(city, "a.csv")
    assert said == "city: a.csv is in done, with exit code 3\n"
    ends = ("", ".rejects.csv", ".rejects.xlsx")
    for end in ends:  # as if it had ended before the move
        place = city / "loading" / (f".report/a.csv{end}" if end else "a.csv")
        (city / "done" / f"a.csv{end}").rename(place)
    (city / "done" / "a.csv.report.txt").unlink()
    assert load(city) == (0, said)
    report = (city / "done" / "a.csv.report.txt").read_text("utf-8-sig")
    assert "exit code 3" in report
    assert "loaded already: 1 registered, 1 rejected\nread as comma-" in report
    assert "1 × expires_on: found 'soon'" in report
    assert {f"a.csv{end}" for end in ends} <= {*names(city / "done")}


def test_an_interrupted_load_that_is_read_with_other_rows_begins_anew(
    city: Path,
) -> None:
    office = city.parents[1]
    write(city / "a.csv", row(1), row(2), header=HEADER)
    assert load(city, "a.csv")[0] == 0
    (city / "done" / "a.csv").rename(city / "loading" / "a.csv")
    sql(office, "UPDATE imports SET state = 'stopped', rows = 3, committed = 1")
    assert load(city) == (0, "city: a.csv is in done, with exit code 0\n")
    assert imports(office) == [("a.csv", "stopped", 1), ("a.csv", "done", 2)]


def test_an_export_that_changes_while_it_is_loaded_is_waited_for(
    city: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(city / "a.csv", row(1), header=HEADER)

    async def run_and_append(*_: object) -> tuple[int, str]:
        write(city / "loading" / "a.csv", row(1), row(2), header=HEADER)
        return 0, "1 registered"

    monkeypatch.setattr(import_dropped, "_run", run_and_append)
    assert load(city, "a.csv") == (0, "")
    assert names(city) == ["a.csv", "done", "loading", "rejected"]
    assert names(city / "done") == []
