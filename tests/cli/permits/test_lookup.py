"""A mapping with a look-up: tried on one number, loaded, and asked before a text."""

import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.commands import CMA, NOON, Run
from tests.cli.processes import started, stopped

MAPPING = """
source = "city"
rule = "RULE"
[columns]
number = "number"
holder = "holder"
expires_on = "expires_on"
phones = "phones"
[lookup]
query = "SELECT * FROM licences WHERE number = :number"
database_env = "CITY_DATABASE"
"""
REGISTER = """number,holder,expires_on,phones
A-1,青枫检测有限公司,2024-06-28,+12125550142
A-2,云溪检测有限公司,2024-06-28,+12125550143
"""


@pytest.fixture
def mapping(live: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A register in which A-2 was renewed yesterday, and A-3 has no expiry date."""
    file = live / "licences.db"
    with closing(sqlite3.connect(file)) as city, city:
        city.execute("CREATE TABLE licences (number, holder, expires_on, phones)")
        city.executemany(
            "INSERT INTO licences VALUES (?, ?, ?, ?)",
            [
                ("A-1", "青枫检测有限公司", "2024-06-28", "+12125550142"),
                ("A-2", "云溪检测有限公司", "2030-06-28", "+12125550143"),
                ("A-3", "白榆检测有限公司", None, "+12125550144"),
            ],
        )
    monkeypatch.setenv("CITY_DATABASE", f"sqlite:///{file}")
    mapping = live / "city.toml"
    mapping.write_text(MAPPING.replace("RULE", CMA), "utf-8")
    return mapping


def test_one_number_is_tried_before_anything_is_loaded(
    run: Run, mapping: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = run("mapping", "check", mapping, "--ask", "A-2").answer
    assert "number A-2, holder 云溪检测有限公司, expires_on 2030-06-28" in found
    assert run("mapping", "check", mapping, "--ask", "A-9").answer == (
        "not found in the register\n"
    )
    wrong = run("mapping", "check", mapping, "--ask", "A-3")
    assert (wrong.code, "expires_on" in wrong.out) == (1, True)
    monkeypatch.delenv("CITY_DATABASE")
    missing = run("mapping", "check", mapping, "--ask", "A-2")
    assert missing.code == 1
    assert missing.out.startswith("no usable answer: CITY_DATABASE: ")


def test_nobody_who_renewed_yesterday_is_texted_today(run: Run, mapping: Path) -> None:
    register = mapping.with_name("city.csv")
    register.write_text(REGISTER, "utf-8")
    assert run("import", register, "--mapping", mapping).code == 0
    ticked = run("tick", "--now", NOON)
    assert "1 messages posted" in ticked.out
    assert "renewed" in run("explain", "--permit", "A-2").out


def test_a_tick_that_waits_for_a_register_ends_when_it_has_to_stop(
    run: Run, mapping: Path
) -> None:
    register = mapping.with_name("city.csv")
    register.write_text(REGISTER, "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/{{number}}"
        declared = f'[lookup]\nurl = "{url}"\ntimeout = 5\n'
        mapping.write_text(
            mapping.read_text("utf-8").partition("[lookup]")[0] + declared, "utf-8"
        )
        assert run("import", register, "--mapping", mapping).code == 0
        with (
            started("tick", "--now", NOON, folder=mapping.parent) as ticking,
            silent.accept()[0],
        ):
            code, _ = stopped(ticking, signal.SIGTERM)
    assert code == 0
    held = run("explain", "--permit", "A-1").out
    assert "register is to be asked" in held
