"""Real licences: New York's garages and parking lots, as the city published them."""

import csv
import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.commands import ROOT, Run, cells, posted, simulate, sql
from tests.depth import by_depth

FILE = ROOT.parent / "shared" / "data" / "nyc-dca-licences.csv"
MAPPING = ROOT / "examples" / "mappings" / "nyc-dca.toml"

IMPORTED = "2022-12-15T12:00-05:00"
"""After every active licence but those of 2023-03-31 ran out, before these open."""

OPENED = "2023-01-03T12:00-05:00"
"""Noon of the first working day after 31 December, a Saturday: 2 January was off."""

SPRING = "2023-03-31"

ENDING, REGISTERED = by_depth(quick=("1", 158), deep=("", 1479))
"""Of the active licences those whose phone ends so are in the file, or all."""


def published() -> list[dict[str, str]]:
    with FILE.open(encoding="utf-8-sig", newline="") as file:
        return [
            row
            for row in csv.DictReader(file)
            if kind(row) != "active" or phone(row).endswith(ENDING)
        ]


def kind(row: dict[str, str]) -> str:
    if not row["lic_expir_dd"]:
        return "undated"
    if row["license_status"] == "Inactive":
        return "inactive"
    return "expired" if row["lic_expir_dd"][:10] < IMPORTED[:10] else "active"


def phone(row: dict[str, str]) -> str:
    return "+1" + re.sub(r"\D", "", row["contact_phone"])


@pytest.fixture
def register(installed: Path, run: Run) -> Path:
    """The register beside a database that texts for New York since December."""
    simulate(installed, "2022-12-01T00:00-05:00")
    approved = ("--approved-by", "Ann")
    assert run("authorities", "live", "us-nyc", "us-nyc-parking", *approved).code == 0
    simulate(installed, IMPORTED)
    rows, file = published(), installed / FILE.name
    with file.open("w", encoding="utf-8-sig", newline="") as text:
        writer = csv.DictWriter(text, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return file


@pytest.mark.skipif(not FILE.exists(), reason="../shared/data is not here")
@pytest.mark.deep
@pytest.mark.timeout(400)  # 1,479 SMS, each over HTTP and into two logs
@pytest.mark.usefixtures("sandbox")
def test_new_york_s_register_is_reminded_when_its_window_opens(
    run: Run, register: Path
) -> None:
    folder, rows = register.parent, published()
    told = run("import", register, "--mapping", MAPPING).imported
    assert told.splitlines()[0] == (
        f"87 expired, 3960 inactive, {REGISTERED} registered, 3 rejected, 1 repeated"
    )
    assert Counter(map(kind, rows)) == {
        "undated": 30,
        "inactive": 3933,
        "expired": 87,
        "active": REGISTERED + 1,
    }
    rejects = cells(folder / f"{register.name}.rejects.csv")
    assert Counter(one["reason"].partition(":")[0] for one in rejects) == {
        "expires_on (lic_expir_dd)": 3
    }

    active: dict[str, dict[str, str]] = {}
    for row in rows:
        if kind(row) == "active":
            active.setdefault(row["license_nbr"], row)
    assert len(active) == REGISTERED
    assert {row["lic_expir_dd"][:10] for row in active.values()} == {SPRING}
    assert run("tick").answer.startswith("0 reminders created, 0 messages posted, ")
    told = run("tick", "--now", OPENED).answer
    assert told.startswith(f"{REGISTERED} reminders created, ")
    reminded = sql(
        folder,
        "SELECT p.shown_number, r.expires_on, r.step, r.state, r.hold_reason"
        " FROM reminders r JOIN permits p ON p.id = r.permit_id",
    )
    assert sorted(number for number, *_ in reminded) == sorted(active)
    assert {one[1:3] for one in reminded} == {(SPRING, "open")}
    ended = {"sent", "delivered", "failed"}
    assert all(state in ended or hold for *_, state, hold in reminded)

    texts = posted(folder)
    assert {to for to, _ in texts} == {phone(row) for row in active.values()}
    assert max(Counter(to for to, _ in texts).values()) == 2  # a day, at most
    for day in range(1, 30):
        run("tick", "--now", f"{datetime.fromisoformat(OPENED) + timedelta(day)}")
        if len(posted(folder)) == len(texts):
            break
        texts = posted(folder)
    assert {
        (to, tail) for to, body in texts for tail in re.findall(r"\b\d{4}-DCA\b", body)
    } == {(phone(row), number[-8:]) for number, row in active.items()}
    arrived = sql(
        folder,
        "SELECT l.permit_id FROM message_reminders l JOIN messages m"
        " ON m.id = l.message_id WHERE m.state NOT IN ('undelivered', 'failed')",
    )
    assert max(Counter(arrived).values()) == 1

    assert run("tick").answer.startswith("0 reminders created, 0 messages posted, ")
    assert posted(folder) == texts
    assert run("audit").answer == "the ledger adds up\n"
