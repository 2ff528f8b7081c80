"""A file of filed renewals, loaded by the command that loads permits."""

from pathlib import Path

import pytest

from tests.cli.commands import CMA, NOON, Run, cells, sql, write

MAPPING = """
lists = "filed"
source = "city"
ignore = "rest"
[columns]
"证书编号" = "number"
"受理日期" = "renewal_filed_on"
"办理状态" = "status"
[values.status]
"受理" = "filed"
"撤回" = "withdrawn"
"不予延续" = "refused"
"补正" = "skip"
"""

PERMITS = f"""
source = "city"
rule = "{CMA}"
ignore = "rest"
[columns]
number = "number"
holder = "holder"
expires_on = "expires_on"
phones = "phones"
"""


@pytest.fixture
def filed(live: Path, run: Run) -> Path:
    """A register with three permits; the list of its filed renewals."""
    permits = live / "city.toml"
    permits.write_text(PERMITS, "utf-8")
    rows = [f"{CMA},{at},A,2024-06-28,+1212555010{at}" for at in (1, 2, 3)]
    register = write(live / "city.csv", *rows)
    assert run("import", register, "--mapping", permits).code == 0
    (live / "filed.toml").write_text(MAPPING, "utf-8")
    return write(
        live / "filed.csv",
        "1,2024-01-10,受理",
        "1,2024年1月10日,受理",
        "2,2024-01-11,受理",
        "2,2024-01-11,撤回",
        "3,,受理",
        "4,2024-01-12,受理",
        "1,2024-01-15,补正",
        header="证书编号,受理日期,办理状态",
    )


def test_every_row_of_the_list_is_accounted_for_and_nothing_is_registered(
    run: Run, live: Path, filed: Path
) -> None:
    mapping = ("--mapping", live / "filed.toml")
    trial = run("import", filed, *mapping, "--dry-run")
    ran = run("import", filed, *mapping)
    assert (trial.code, ran.code) == (3, 3)
    counts = "1 filed, 4 rejected, 1 repeated, 1 skipped"
    assert trial.out.splitlines()[1] == ran.out.splitlines()[1] == counts
    assert (
        "1 × number (证书编号): found '4', expected the number of a permit of the "
        "register city; correct it, or import the permits of the register first"
    ) in ran.out
    assert "2 × number (证书编号): found other values than line" in ran.out
    assert [row["line"] for row in cells(live / "filed.csv.rejects.csv")] == [
        *("4", "5", "6", "7")
    ]
    assert sql(live, "SELECT count(*) FROM permits") == [(3,)]
    assert sql(live, "SELECT mode, state, committed FROM imports ORDER BY id")[1:] == [
        ("filed", "done", 7)
    ]
    again = run("import", filed, *mapping)
    assert "nothing changed: filed.csv was imported before" in again.out
    assert ", 2 messages posted, " in run("tick", "--now", NOON).answer


def test_a_list_never_withdraws_permits_and_needs_the_register_that_it_belongs_to(
    run: Run, live: Path, filed: Path
) -> None:
    mapping = live / "filed.toml"
    snapshot = run("import", filed, "--mapping", mapping, "--snapshot")
    assert "--snapshot needs a mapping with a table [snapshot]" in snapshot.err
    text = mapping.read_text("utf-8")
    mapping.write_text(text.replace('source = "city"\n', ""), "utf-8")
    refusal = run("import", filed, "--mapping", mapping).refusal
    assert "source" in refusal
    assert "expected the register whose permits are renewed" in refusal


def test_an_interrupted_register_is_resumed_whatever_list_was_loaded_since(
    run: Run, live: Path, filed: Path
) -> None:
    sql(live, "UPDATE imports SET state = 'running', committed = 0, counts = '{}'")
    run("import", filed, "--mapping", live / "filed.toml")
    permits = ("import", live / "city.csv", "--mapping", live / "city.toml")
    assert run(*permits, "--resume").imported.startswith("3 unchanged\n")


def test_mapping_check_shows_what_the_first_rows_become(
    run: Run, live: Path, filed: Path
) -> None:
    shown = run("mapping", "check", live / "filed.toml", filed).out.splitlines()
    assert "filed.csv:2: renewal of 1 filed, 2024-01-10" in shown
