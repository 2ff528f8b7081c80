"""What `import --dry-run` answers, and that it stores nothing."""

from pathlib import Path

from tests.cli.commands import CMA, NOON, Run, sql, write

ROWS = (
    f"{CMA},240000000001,一号检测,2024-06-28,+12125550101",
    f"{CMA},240000000002,二号检测,2024-06-28,+12125550102",
    f"{CMA},240000000003,三号检测,2027-06-28,+12125550103",
    f"{CMA},240000000004,四号检测,someday,+12125550104",
)

TABLES = ("permits", "recipients", "slots", "registers", "imports", "reminders")


def test_a_dry_run_reports_like_an_import_and_stores_nothing(
    run: Run, live: Path
) -> None:
    register = write(live / "permits.csv", *ROWS)
    rejects = live / "permits.csv.rejects.csv"
    rehearsed = run("import", register, "--dry-run")
    first, counts, caused, *report = rehearsed.out.splitlines()
    assert caused == (
        "dry run, nothing is stored: within 7 days it would cause 2 reminders"
    )
    for table in TABLES:
        assert sql(live, f"SELECT count(*) FROM {table}") == [(0,)], table  # noqa: S608
    written = rejects.read_bytes()
    imported = run("import", register)
    assert imported.out.splitlines() == [first, counts, *report]
    assert imported.code == rehearsed.code
    assert rejects.read_bytes() == written
    assert run("tick", "--now", NOON).answer.startswith("2 reminders created, ")


def test_a_dry_run_counts_only_the_reminders_that_it_would_cause(
    run: Run, live: Path
) -> None:
    register = write(live / "permits.csv", *ROWS[:2])
    assert run("import", register).code == 0
    run("tick", "--now", NOON)
    sooner = ROWS[2].replace("2027", "2024")
    write(register, *ROWS[:2], sooner)
    told = run("import", register, "--dry-run").imported
    assert told == (
        "1 registered, 2 unchanged\n"
        "dry run, nothing is stored: within 7 days it would cause 1 reminders\n"
    )
    assert sql(live, "SELECT count(*) FROM permits") == [(2,)]
