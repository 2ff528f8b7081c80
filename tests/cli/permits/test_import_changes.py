from collections.abc import Iterable
from pathlib import Path

from tests.cli.commands import CMA, Run, sql, write

HEADER = "rule,number,holder,expires_on,phones,status"
MAPPING = f"""
source = "city"
[columns]
{"".join(f'{name} = "{name}"' + chr(10) for name in HEADER.split(","))}
[snapshot]
"""
ABSENT = "absent from register"
OLD, NEW = "+12125550101", "+12125550102"


def row(
    number: int,
    expires_on: str = "2024-06-28",
    *,
    holder: str = "Holder A",
    phone: str = OLD,
    status: str = "active",
) -> str:
    return f"{CMA},{number},{holder},{expires_on},{phone},{status}"


def load(run: Run, office: Path, rows: Iterable[str]) -> None:
    """Load rows as a full export, and look as if it were long ago."""
    register = write(office / "city.csv", *rows, header=HEADER)
    mapping = office / "city.toml"
    mapping.write_text(MAPPING, "utf-8")
    assert run("import", register, "--mapping", mapping, "--snapshot").code == 0
    sql(office, "UPDATE permits SET changed_at = '2024-01-27 00:00:00.000000'")


def changes(run: Run) -> list[str]:
    """What the last import changed, below the line that names it."""
    _, *lines = run("imports", "changes").answer.splitlines()
    return [line.replace(f"990000 {CMA} ", "") for line in lines]


def test_what_an_import_changed_is_shown_by_permit_and_by_field(
    run: Run, office: Path
) -> None:
    load(run, office, [row(1), row(2), row(3), row(4)])
    assert changes(run) == [
        *(f"registered  {number}" for number in (1, 2, 3, 4)),
        "4 registered",
    ]
    now = [
        row(1, "2027-06-28"),
        row(2, status="withdrawn"),
        row(4, holder="Holder B", phone=NEW),
        row(5),
    ]
    load(run, office, now)
    assert sorted(changes(run)) == [
        "1 changed, 1 registered, 1 renewed, 2 withdrawn",
        "changed  4: holder, phones +1212***0101 -> +1212***0102",
        "registered  5",
        "renewed  1: expires_on 2024-06-28 -> 2027-06-28",
        "withdrawn  2: status active -> withdrawn",
        f"withdrawn  3: status active -> withdrawn, status_reason none -> {ABSENT}",
    ]
    load(run, office, [*now, row(3)])
    assert changes(run) == [
        f"reopened  3: status withdrawn -> active, status_reason {ABSENT} -> none",
        "1 reopened",
    ]
    load(run, office, [*now, row(3)])
    assert changes(run) == ["nothing changed"]
    listed = run("imports", "list").answer.splitlines()
    assert len(listed) == 4
    first = listed[-1].split()[0]
    assert run("imports", "changes", first).answer.endswith("4 registered\n")


def test_a_permit_that_only_moves_to_another_register_is_a_change(
    run: Run, office: Path
) -> None:
    load(run, office, [row(1)])
    run("import", write(office / "county.csv", row(1), header=HEADER))
    assert changes(run)[0] == "changed  1: register city -> county.csv"
    run("import", write(office / "+12125550101.csv", row(1), header=HEADER))
    assert "+1212***0101.csv into +1212***0101.csv, by" in run("imports", "list").out
    assert "12125550101" not in run("imports", "list").out


def test_a_permit_that_another_one_replaces_is_renewed(run: Run, office: Path) -> None:
    header = "rule,number,holder,expires_on,phones,replaces"
    older = f"{CMA},1,A,2024-06-28,{OLD},"
    newer = f"{CMA},2,A,2027-06-28,{OLD},1"
    for rows in ([older], [older, newer]):
        run("import", write(office / "city.csv", *rows, header=header))
    assert changes(run) == [
        "registered  2",
        "renewed  1: replaced no -> yes",
        "1 registered, 1 renewed",
    ]


def test_nothing_to_show_is_said(run: Run, office: Path) -> None:  # noqa: ARG001 - a database
    assert run("imports", "changes").refusal == (
        "permit-reminders: nothing was imported yet"
    )
