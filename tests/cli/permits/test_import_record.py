"""What is stored of an import while it goes on, and after it."""

import json
from pathlib import Path

from tests.cli.commands import CMA, Run, sql, write

ROWS = (
    f"{CMA},240000000001,一号检测,2024-06-28,+12125550101",
    f"{CMA},240000000002,二号检测,someday,+12125550102",
)


def records(folder: Path) -> list[tuple[object, ...]]:
    """The imports, oldest first."""
    columns = "register, file, mode, state, rows, committed, counts"
    found = sql(folder, f"SELECT {columns} FROM imports ORDER BY id")  # noqa: S608 - ours
    return [(*values, json.loads(counts)) for *values, counts in found]


def test_an_import_is_recorded_with_what_its_rows_came_to(
    run: Run, office: Path
) -> None:
    assert run("import", write(office / "permits.csv", *ROWS)).code == 3
    counts = {"registered": 1, "rejected": 1}
    assert records(office) == [
        ("permits.csv", "permits.csv", "upsert", "done", 2, 2, counts)
    ]


def test_a_file_that_is_refused_leaves_no_record(run: Run, office: Path) -> None:
    assert run("import", write(office / "permits.csv")).code == 2
    assert records(office) == []


def test_a_file_without_one_good_row_is_recorded_and_its_register_is_not_fresh(
    run: Run, office: Path
) -> None:
    assert run("import", write(office / "permits.csv", ROWS[1])).code == 3
    [(*_, counts)] = records(office)
    assert counts == {"rejected": 1}
    assert sql(office, "SELECT count(*) FROM registers") == [(0,)]
