import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.commands import CMA, FOOD, NOON, Run, posted, sql, write

ROW = f"{CMA},240000000001,一号检测,2024-06-28,+12125550101"
NO_WAY = "+15005550003"
"""Twilio's test number in a country that is not permitted."""


def test_the_ledger_adds_up(run: Run, sent: Path) -> None:
    assert run("audit").answer == "the ledger adds up\n"
    assert len(posted(sent)) == 4


@pytest.mark.parametrize(
    "hand",
    [
        "UPDATE reminders SET state = 'delivered' WHERE state = 'suppressed'",
        "UPDATE messages SET body = replace(body, '2024', '2025')",
        "UPDATE messages SET recipient_id = (SELECT max(id) FROM recipients)",
        "UPDATE messages SET segments = segments + 1",
        "UPDATE permits SET expires_on = '2025-06-28'",
        "UPDATE slots SET due_at = datetime(due_at, '-1 day')",
        "DELETE FROM reminder_events",
        "DELETE FROM message_reminders",
        "UPDATE versions SET document = replace(document, '60 days', '61 days')",
        "DELETE FROM reminders WHERE state = 'suppressed'",
    ],
)
def test_a_row_that_was_tampered_with_is_found(hand: str, run: Run, sent: Path) -> None:
    file = sent / "permit-reminders.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        assert connection.execute(hand).rowcount > 0
    ran = run("audit")
    assert (ran.code, ran.err) == (1, "")
    *differences, summary = ran.out.splitlines()
    assert summary == f"{len(differences)} wrong"
    assert differences


def test_a_second_tick_sends_nothing_new(run: Run, live: Path) -> None:
    run("import", write(live / "permits.csv", ROW))
    assert run("tick").answer.startswith("0 reminders born, 0 messages posted, ")
    first = run("tick", "--now", NOON).answer
    assert first.startswith("1 reminders born, 1 messages posted, ")
    assert run("tick").answer.startswith("0 reminders born, 0 messages posted, ")
    again = run("tick", "--now", NOON).answer
    assert again.startswith("0 reminders born, 0 messages posted, ")
    assert len(posted(live)) == 1


@pytest.mark.usefixtures("installed")
def test_the_clock_of_real_time_cannot_be_moved(run: Run) -> None:
    for now in (NOON, "2024-01-29T00:00+08:00"):
        assert run("tick", "--now", now).refusal == (
            "permit-reminders: --now: this database is not simulated; leave --now out"
        )


@pytest.mark.parametrize("scope", ["all", f"rule:{CMA}", "authority:990000"])
def test_what_is_paused_is_sent_once_resumed(scope: str, run: Run, live: Path) -> None:
    run("import", write(live / "permits.csv", ROW))
    assert run("pause", scope, "--reason", "a test").answer == f"paused {scope}\n"
    assert ", 0 messages posted, " in run("tick", "--now", NOON).answer
    assert run("resume", scope).answer == f"resumed {scope}\n"
    assert ", 1 messages posted, " in run("tick").answer
    assert run("audit").code == 0


def test_what_no_way_led_to_is_tried_again_when_sending_is_resumed(
    run: Run, live: Path
) -> None:
    run("import", write(live / "permits.csv", ROW.replace("+12125550101", NO_WAY)))
    assert ", 1 messages posted, " in run("tick", "--now", NOON).answer
    held = "held until 2024-03-21 09:30 Asia/Shanghai: no route to the number"
    assert held in run("explain", "--permit", "240000000001").answer
    answer = run("resume").answer
    assert answer == "resumed all, 1 without a route tried again\n"
    assert ", 1 messages posted, " in run("tick").answer
    assert run("audit").code == 0


def test_a_pause_of_something_else_holds_nothing(run: Run, live: Path) -> None:
    run("import", write(live / "permits.csv", ROW))
    run("pause", f"rule:{FOOD}", "--reason", "a test")
    run("pause", "authority:us-nyc", "--reason", "a test")
    assert ", 1 messages posted, " in run("tick", "--now", NOON).answer


@pytest.mark.usefixtures("office")
def test_a_pause_that_is_none_is_told(run: Run) -> None:
    for path, more in (("pause", ("--reason", "r")), ("resume", ())):
        known = "; known: 990000, us-nyc"
        assert run(path, "authority:110000", *more).refusal == (
            f"permit-reminders: unknown authority '110000'{known}"
        )
        refusal = run(path, "rule:cn-tea-installation", *more).refusal
        assert "unknown rule 'cn-tea-installation'; known: cn-" in refusal
    assert run("resume").refusal == "permit-reminders: all: not paused"
    assert run("pause", "--reason", "r").code == 0
    refusal = run("pause", "--reason", "again").refusal
    assert refusal == "permit-reminders: all: already paused"


def test_a_key_is_shown_once_listed_by_its_prefix_and_revoked(
    run: Run, office: Path
) -> None:
    key = run("keys", "create", "front services").answer.strip()
    assert key.startswith("pr_")
    (line,) = run("keys", "list").answer.splitlines()
    prefix, made_on, state, *name = line.split()
    assert key.startswith(prefix)
    assert (made_on, state, " ".join(name)) == ("2024-01-28", "live", "front services")
    assert key not in line
    assert key.encode() not in (office / "permit-reminders.db").read_bytes()
    assert run("keys", "revoke", prefix).answer == f"revoked {prefix}\n"
    assert "revoked 2024-01-28" in run("keys", "list").answer
    refusal = run("keys", "revoke", prefix).refusal
    assert refusal == f"permit-reminders: unknown key '{prefix}'"


def test_who_did_what_is_written_down(
    run: Run, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    run("keys", "create", "front services")
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    run("pause", "--reason", "test")
    done = sql(office, 'SELECT what, "by" FROM actions ORDER BY id DESC LIMIT 2')
    assert done[::-1] == [("create key", "ann"), ("pause", "uid 4000000000")]
