"""The commands about opt-outs and unreachable permits."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.commands import CMA, NOON, Run, posted, sql, write

PHONE, MASKED = "+12125550101", "+1212***0101"
ROW = f"{CMA},240000000001,一号检测,2024-06-28,{PHONE}"


def test_a_phone_is_opted_out_listed_and_let_in_again(run: Run, live: Path) -> None:
    run("import", write(live / "permits.csv", ROW))
    assert run("opt-outs", "add", PHONE, "--reason", "rang us").answer == (
        f"{MASKED} is opted out\n"
    )
    assert run("opt-outs", "add", PHONE).answer == (
        f"{MASKED} is opted out since 2024-01-28, command\n"
    )
    assert run("opt-outs", "list").answer == (
        f"{MASKED}      2024-01-28 04:00Z  command\n1 opt-outs\n"
    )
    assert "0 messages posted" in run("tick", "--now", NOON).answer
    assert run("opt-outs", "lift", PHONE).answer == f"{MASKED} may be texted again\n"
    assert "1 messages posted" in run("tick", "--now", NOON).answer
    assert [to for to, _ in posted(live)] == [PHONE]
    done = sql(live, "SELECT what, detail FROM actions WHERE what LIKE 'opt-out%'")
    assert [(what, json.loads(detail)) for what, detail in done] == [
        ("opt-out", {"phone": MASKED, "why": "rang us"}),
        ("opt-out lifted", {"phone": MASKED, "why": None}),
    ]
    assert run("audit").code == 0


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("opt-outs", "lift", PHONE), f"{MASKED}: has not opted out"),
        (("unreachable", "lift", PHONE), f"{MASKED}: is not unreachable"),
        (("opt-outs", "add", "12"), "opt-out: phone: found ***, expected a phone"),
        (("unreachable", "lift", "x"), "unreachable: phone: found ***, expected a"),
        (("opt-outs", "add", PHONE, "--authority", "1"), "unknown authority '1'"),
        (("unreachable", "list", "--authority", "1"), "unknown authority '1'"),
    ],
)
def test_an_error_is_one_line_without_the_number(
    run: Run, words: tuple[str, ...], expected: str
) -> None:
    refusal = run(*words).refusal
    assert refusal.startswith(f"permit-reminders: {expected}")
    assert PHONE not in refusal


def test_unreachable_permits_are_listed_soonest_closing_first(
    run: Run, live: Path
) -> None:
    register = write(
        live / "permits.csv",
        f"{CMA},240000000001,一号检测,2024-09-28,",
        f"{CMA},240000000002,二号检测,2024-06-28,+18005550199",
        f"{CMA},240000000003,三号检测,2024-06-28,{PHONE}",
        f"{CMA},240000000004,四号检测,2024-06-28,+12125550104",
    )
    run("import", register)
    lost = "UPDATE recipients SET unreachable_at = '2024-01-28', unreachable_by = "
    sql(live, f"{lost}'30005' WHERE masked = '{MASKED}'")
    two, three, one, summary = run("unreachable", "list").answer.splitlines()
    assert two == (
        "2024-06-28  990000 cn-inspection-testing-cma 240000000002  二号检测  "
        "+1800***0199  closing 2024-03-28: fixed line"
    )
    assert three.endswith(f"{MASKED}  closing 2024-03-28: unreachable (30005)")
    assert one.endswith("no phone  closing 2024-06-28: no phone number")
    assert summary == "3 permits that no text reaches"
    table = run("unreachable", "list", "--format", "csv").answer
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["number"][-1] for row in rows] == ["2", "3", "1"]
    assert rows[1]["phones"].lstrip("'") == MASKED
    assert PHONE not in table
    assert run("unreachable", "lift", PHONE).answer == (
        f"{MASKED} counts as reachable again\n"
    )
    assert len(run("unreachable", "list").answer.splitlines()) == 3


@pytest.mark.usefixtures("office")
def test_an_empty_list_has_its_columns(run: Run) -> None:
    assert run("unreachable", "list").answer == "0 permits that no text reaches\n"
    header = "authority,rule,number,holder,phones,closes_on,expires_on,why"
    told = run("unreachable", "list", "--format", "csv").answer
    assert told.strip("\ufeff\r\n") == header
    assert run("opt-outs", "list").answer == "0 opt-outs\n"
