import os
from pathlib import Path

import pytest

from tests.cli.commands import CMA, FOOD, NOON, Run, posted, sql, write

ROW = f"{CMA},240000000001,一号检测,2024-06-28,+12125550101"
NO_WAY = "+15005550003"
"""Twilio's test number in a country that is not permitted."""


def test_a_second_tick_sends_nothing_new(run: Run, live: Path) -> None:
    run("import", write(live / "permits.csv", ROW))
    assert run("tick").answer.startswith("0 reminders created, 0 messages posted, ")
    first = run("tick", "--now", NOON).answer
    assert first.startswith("1 reminders created, 1 messages posted, ")
    assert run("tick").answer.startswith("0 reminders created, 0 messages posted, ")
    again = run("tick", "--now", NOON).answer
    assert again.startswith("0 reminders created, 0 messages posted, ")
    assert len(posted(live)) == 1


@pytest.mark.usefixtures("installed")
def test_the_clock_of_real_time_cannot_be_moved(run: Run) -> None:
    for now in (NOON, "2024-01-29T00:00+08:00"):
        assert run("tick", "--now", now).refusal == (
            "permit-reminders: --now: this database is not simulated; leave --now out"
        )


@pytest.mark.parametrize("scope", ["all", f"rule:{CMA}", "authority:990000"])
def test_a_paused_reminder_is_sent_after_resuming(
    scope: str, run: Run, live: Path
) -> None:
    run("import", write(live / "permits.csv", ROW))
    assert run("pause", scope, "--reason", "a test").answer == f"paused {scope}\n"
    assert ", 0 messages posted, " in run("tick", "--now", NOON).answer
    assert run("resume", scope).answer == f"resumed {scope}\n"
    assert ", 1 messages posted, " in run("tick").answer
    assert run("audit").code == 0


def test_a_pause_of_resends_is_shown_and_stops_no_ordinary_sending(
    run: Run, live: Path
) -> None:
    run("import", write(live / "permits.csv", ROW))
    scope = "resend:sandbox"
    assert run("pause", scope, "--reason", "a test").answer == f"paused {scope}\n"
    answer = run("tick", "--now", NOON).answer
    assert ", 1 messages posted, " in answer
    assert f"paused {scope} since " in answer
    assert run("resume", scope).answer == f"resumed {scope}\n"
    assert "unknown provider 'x'" in run("pause", "resend:x", "--reason", "r").refusal


def test_messages_without_a_route_are_retried_when_sending_resumes(
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
def test_a_wrong_pause_is_an_error(run: Run) -> None:
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


def test_every_action_is_logged_with_its_user(
    run: Run, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    run("keys", "create", "front desk")
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    run("pause", "--reason", "test")
    done = sql(office, 'SELECT what, "by" FROM actions ORDER BY id DESC LIMIT 2')
    assert done[::-1] == [("create key", "ann"), ("pause", "uid 4000000000")]
