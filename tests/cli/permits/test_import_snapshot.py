"""A full export of a register: what it does not name is withdrawn, and nothing else."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from service.adapters.store.db.database import Database
from service.adapters.store.permits.snapshot import SqlSnapshotStore
from tests.cli.commands import CMA, NOON, Ran, Run, sql, write

MAPPING = f"""
source = "city"
ignore = "rest"
constants = {{ holder = "A" }}
[columns]
rule = "rule"
number = "number"
expires_on = "expires_on"
phones = "phones"
state = "status"
[values.status]
draft = "skip"
active = "active"
withdrawn = "withdrawn"
[values.number]
total = "skip"
[snapshot]
authorities = ["990000"]
rules = ["{CMA}"]
"""

Load = Callable[..., Ran]

NOW = datetime(2024, 1, 29, 2, tzinfo=UTC)

HEADER = "rule,number,expires_on,phones,state"


def row(number: object, **changed: str) -> str:
    """A permit of the register."""
    fields = {"rule": CMA, "expires_on": "2024-06-28", "state": "active"} | changed
    phones = "+12125550101"
    return ",".join(
        [fields["rule"], str(number), fields["expires_on"], phones, fields["state"]]
    )


@pytest.fixture
def load(run: Run, office: Path) -> Load:
    """Load rows as a full export of the register."""
    return loader("city", run, office)


@pytest.fixture
def load_county(run: Run, office: Path) -> Load:
    """Load rows as a full export of another register."""
    return loader("county", run, office)


def loader(name: str, run: Run, office: Path) -> Load:
    """What loads rows as a full export of a register."""
    mapping = office / f"{name}.toml"
    mapping.write_text(MAPPING.replace('"city"', f'"{name}"'), "utf-8")

    def loaded(rows: Sequence[str], *options: object) -> Ran:
        register = write(office / f"{name}.csv", *rows, header=HEADER)
        return run("import", register, "--mapping", mapping, "--snapshot", *options)

    return loaded


def withdrawn(folder: Path) -> list[str]:
    """The numbers of permits that are withdrawn because the register lacks them."""
    found = sql(
        folder,
        "SELECT shown_number FROM permits WHERE status = 'withdrawn' "
        "AND status_reason = 'absent from register' ORDER BY 1",
    )
    return [number for (number,) in found]


def test_a_permit_that_a_full_export_lacks_is_withdrawn_and_reopened_once_it_returns(
    run: Run, live: Path, load: Load
) -> None:
    assert load([row(1), row(2)]).code == 0
    run("tick", "--now", "2024-01-28T12:00+08:00")
    sql(live, "UPDATE permits SET changed_at = '2024-01-27 00:00:00.000000'")
    assert load([row(1)]).imported.startswith("1 absent from register, 1 unchanged\n")
    assert withdrawn(live) == ["2"]
    assert (
        "2, A, withdrawn (absent from register)"
        in run("explain", "--permit", "2").answer
    )
    assert load([row(1)]).imported.splitlines()[0] == "1 unchanged"
    assert load([row(1), row(2)]).imported.startswith("1 changed, 1 unchanged\n")
    assert withdrawn(live) == []
    assert run("tick", "--now", NOON).answer.startswith("2 reminders created, ")


def test_a_reminder_that_is_due_ends_with_its_permit_and_comes_back_with_it(
    run: Run, live: Path, load: Load
) -> None:
    assert load([row(1), row(2)]).code == 0
    run("pause", "all", "--reason", "test")
    run("tick", "--now", NOON)
    states = "SELECT state, reason FROM reminders ORDER BY state"
    assert [state for state, _ in sql(live, states)] == ["due", "due"]
    assert load([row(1)]).code == 0
    assert sql(live, states)[0] == ("cancelled", "absent from register")
    assert load([row(1), row(2)]).code == 0
    assert [state for state, _ in sql(live, states)] == ["due", "due"]
    assert run("audit").answer == "the ledger adds up\n"


@pytest.mark.parametrize(
    "other",
    [
        row(2, expires_on="someday"),
        row(2, state="draft"),
        row(2, expires_on="2019-01-01"),
        row(2, rule="cn-unknown"),
        row("total") + "\n" + row(2, state="withdrawn"),
        row('"=""2"""'),
    ],
)
def test_a_row_with_a_number_that_can_be_read_names_its_permit(
    other: str, office: Path, load: Load
) -> None:
    assert load([row(1), row(2)]).code == 0
    load([row(1), other])
    assert withdrawn(office) == []


@pytest.mark.parametrize("other", [row(""), row("1.1E+12"), "a,b"])
def test_a_number_that_cannot_be_read_withdraws_nothing(
    other: str, office: Path, load: Load
) -> None:
    assert load([row(1), row(2)]).code == 0
    answer = load([row(1), other])
    assert answer.code in {1, 3}
    assert "line 3: a permit number that cannot be read; no permit is" in answer.out
    assert withdrawn(office) == []


def test_only_permits_of_the_scope_that_nobody_changed_since_are_withdrawn(
    run: Run, office: Path, load: Load
) -> None:
    food = "cn-food-production-license"
    assert load([row(1), row(2), row(3), row(4, rule=food)]).code == 0
    assert run("import", write(office / "api.csv", f"{CMA},5,A,2024-06-28,")).code == 0
    sql(
        office,
        "UPDATE permits SET changed_at = '2099-01-01 00:00:00.000000' "
        "WHERE number_key = '3'",
    )
    assert load([row(1)]).code == 0
    assert withdrawn(office) == ["2"]


def test_many_absent_permits_are_withdrawn_only_if_somebody_confirms_it(
    office: Path, load: Load
) -> None:
    assert load([row(number) for number in range(1, 13)]).code == 0
    refused = load([row(1)])
    _, counts, why, *_ = refused.out.splitlines()
    assert (refused.code, counts) == (1, "1 unchanged")
    assert why == (
        "11 of 12 permits of city are absent from city.csv, more than 5 % and more "
        "than 10: none is withdrawn; if they are to be, import it again with "
        "--snapshot --withdraw-up-to 11"
    )
    assert withdrawn(office) == []
    assert load([row(1)], "--resume", "--withdraw-up-to", 10).code == 1
    assert (
        "11 permits would be withdrawn, which --withdraw-up-to 11 must confirm: more "
        "than 5 % and more than 10"
    ) in load([row(1)], "--dry-run").out
    assert withdrawn(office) == []
    assert load([row(1)], "--resume", "--withdraw-up-to", 11).code == 0
    assert len(withdrawn(office)) == 11


def test_an_export_older_than_one_that_is_imported_withdraws_nothing(
    office: Path, load: Load
) -> None:
    assert load([row(1), row(2)]).code == 0
    sql(office, "UPDATE imports SET exported_at = '2099-01-01 00:00:00.000000'")
    refused = load([row(1)])
    assert refused.code == 1
    assert "before city.csv of 2099-01-01 00:00 UTC, which is imported" in refused.out
    assert "export the register again" in load([row(1)], "--dry-run").out
    assert withdrawn(office) == []


def test_the_answer_says_as_of_when_permits_are_withdrawn(
    office: Path, load: Load
) -> None:
    assert load([row(1), row(2)]).code == 0
    assert "withdrawn as of 20" in load([row(1)]).out
    assert withdrawn(office) == ["2"]


def test_a_row_that_says_withdrawn_is_why_a_permit_is_from_then_on(
    office: Path, load: Load
) -> None:
    assert load([row(1), row(2)]).code == 0
    assert load([row(1)]).code == 0
    assert load([row(1), row(2, state="withdrawn")]).code == 0
    assert withdrawn(office) == []
    assert sql(office, "SELECT status FROM permits WHERE number_key = '2'") == [
        ("withdrawn",)
    ]


def test_a_confirmation_of_withdrawals_belongs_to_a_full_export(
    run: Run, office: Path
) -> None:
    register = write(office / "permits.csv", f"{CMA},1,A,2024-06-28,")
    options = ("--withdraw-up-to", 3)
    assert "belongs to --snapshot" in run("import", register, *options).refusal


def test_absent_permits_are_no_rows_beside_the_rejected(
    office: Path, load: Load
) -> None:
    assert load([row(number) for number in range(1, 31)]).code == 0
    left = [row(number) for number in range(1, 9)]
    exported = [*left, row(9, expires_on="someday")]
    assert load(exported, "--withdraw-up-to", 30).code == 3
    assert len(withdrawn(office)) == 21


def test_an_import_that_ends_before_it_withdraws_does_so_when_it_is_resumed(
    office: Path, load: Load
) -> None:
    assert load([row(1), row(2)]).code == 0
    sql(
        office,
        "CREATE TRIGGER full BEFORE UPDATE OF status_reason ON permits "
        "WHEN NEW.status_reason IS NOT NULL "
        "BEGIN SELECT RAISE(ABORT, 'no more'); END",
    )
    with pytest.raises(IntegrityError):
        load([row(1), row(3)])
    assert withdrawn(office) == []
    sql(office, "DROP TRIGGER full")
    resumed = load([row(1), row(3)], "--resume").imported
    assert resumed.startswith("1 absent from register, 1 registered, 1 unchanged\n")
    assert withdrawn(office) == ["2"]


def test_what_was_withdrawn_before_an_interruption_counts_when_it_is_resumed(
    office: Path, load: Load
) -> None:
    assert load([row(number) for number in range(1, 511)]).code == 0
    sql(
        office,
        "CREATE TRIGGER full BEFORE UPDATE OF status_reason ON permits "
        "WHEN NEW.number_key = '510' BEGIN SELECT RAISE(ABORT, 'no more'); END",
    )
    confirm = ("--withdraw-up-to", 600)
    with pytest.raises(IntegrityError):
        load([row(1)], *confirm)
    assert len(withdrawn(office)) == 500
    sql(office, "DROP TRIGGER full")
    resumed = load([row(1)], "--resume", *confirm).imported
    assert resumed.startswith("509 absent from register, 1 unchanged\n")


def test_rejected_rows_put_right_are_no_full_export(
    run: Run, office: Path, load: Load
) -> None:
    load([row(1), row(2, expires_on="someday")])
    options = ("--mapping", office / "city.toml", "--snapshot")
    refused = run("import", office / "city.csv.rejects.csv", *options)
    assert refused.code == 2
    assert "import rejected rows without --snapshot" in refused.err
    assert withdrawn(office) == []


def test_rejected_rows_put_right_leave_a_register_as_old_as_it_is(
    run: Run, office: Path, load: Load
) -> None:
    load([row(1), row(2, expires_on="someday")])
    sql(office, "UPDATE registers SET loaded_at = '2020-01-01 00:00:00.000000'")
    rejects = office / "city.csv.rejects.csv"
    rejects.write_text(rejects.read_text("utf-8").replace("someday", "2024-06-28"))
    assert run("import", rejects, "--mapping", office / "city.toml").code == 0
    assert sql(office, "SELECT count(*) FROM permits") == [(2,)]
    loaded = sql(office, "SELECT loaded_at FROM registers WHERE name = 'city'")
    assert loaded == [("2020-01-01 00:00:00.000000",)]


def test_a_snapshot_needs_a_scope(run: Run, office: Path) -> None:
    register = write(office / "permits.csv", f"{CMA},1,A,2024-06-28,")
    assert (
        "needs a mapping with a table [snapshot]"
        in run("import", register, "--snapshot").refusal
    )


def test_a_permit_that_another_register_still_lists_is_not_withdrawn(
    load: Load, load_county: Load, run: Run, office: Path
) -> None:
    def places() -> list[tuple[Any, ...]]:
        asked = "SELECT number_key, register, also_in, status FROM permits ORDER BY 1"
        return sql(office, asked)

    assert load_county([row(1), row(2)]).code == 0
    assert load([row(1), row(3)]).code == 0
    assert places()[0] == ("1", "city", "county", "active")
    assert "1 absent" not in load([row(3)]).out
    assert places() == [
        ("1", "county", None, "active"),
        ("2", "county", None, "active"),
        ("3", "city", None, "active"),
    ]
    assert "1: register city -> county" in run("imports", "changes").out
    assert load_county([row(2)]).code == 0
    assert withdrawn(office) == ["1"]


def test_a_register_that_lacks_a_permit_no_longer_keeps_another_from_withdrawing_it(
    load: Load, load_county: Load, office: Path
) -> None:
    for numbers in ((1, 2), (2,)):
        assert load_county([*map(row, numbers)]).code == 0
        load([row(1), row(3)])
    assert "1 absent from register" in load([row(3)]).out
    assert withdrawn(office) == ["1"]


def test_a_register_that_lacked_a_permit_before_another_listed_it_does_not_keep_it(
    load: Load, load_county: Load, office: Path
) -> None:
    for numbers in ((1, 2), (2,)):
        assert load_county([*map(row, numbers)]).code == 0
    assert withdrawn(office) == ["1"]
    load([row(1), row(3)])
    assert withdrawn(office) == []
    assert "1 absent from register" in load([row(3)]).out
    assert withdrawn(office) == ["1"]


def test_a_permit_that_two_full_exports_lack_at_once_stays_in_a_register(
    load: Load, load_county: Load, office: Path
) -> None:
    load_county([row(1)])
    load([row(1)])
    [(permit_id,)] = sql(office, "SELECT id FROM permits")
    [(import_id,), _] = sql(office, "SELECT id FROM imports")

    async def leave_both() -> None:
        store = SqlSnapshotStore(database)
        for register in ("county", "city"):
            await store.leave([permit_id], register, NOW, import_id)
        await database.dispose()

    database = Database(f"sqlite:///{office / 'permit-reminders.db'}")
    asyncio.run(leave_both())
    found = sql(office, "SELECT register, also_in FROM permits")
    assert found == [("city", None)]
