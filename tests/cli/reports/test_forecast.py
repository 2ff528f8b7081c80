"""The forecast command, and a day far above it: held, shown, confirmed."""

import csv
from pathlib import Path

import pytest

from tests.cli.commands import CMA, NOON, Run, posted, write

SUNDAY_TICK = "2024-01-28T13:00+08:00"


def row(number: int, expires_on: str) -> str:
    phone = f"+1{212 + number // 100}55501{number % 100:02}"
    return f"{CMA},24000000{number:04},{number}号检测,{expires_on},{phone}"


@pytest.fixture
def steady(live: Path, run: Run) -> Path:
    """Two permits whose first step falls due on Monday at 09:30."""
    rows = [row(number, "2024-06-28") for number in (1, 2)]
    assert run("import", write(live / "permits.csv", *rows)).code == 0
    return live


@pytest.mark.usefixtures("steady")
def test_the_forecast_has_three_formats(run: Run) -> None:
    assert run("forecast", "--days", "3").answer == (
        "Sun 28 Jan 2024       0\n"
        f"Mon 29 Jan 2024       2  {CMA} 2\n"
        "Tue 30 Jan 2024       0\n"
        "2 reminders in 3 days\n"
    )
    text = run("forecast", "--days", "2", "--format", "csv").answer
    assert list(csv.DictReader(text.splitlines())) == [
        {"day": "2024-01-28", "reminders": "0", CMA: "0"},
        {"day": "2024-01-29", "reminders": "2", CMA: "2"},
    ]
    told = run("forecast", "--format", "json").told
    assert len(told) == 14
    assert told[1] == {"day": "2024-01-29", "reminders": 2, "rules": {CMA: 2}}
    other = run("forecast", "--authority", "us-nyc", "--days", "1").answer
    assert other.endswith("0 reminders in 1 day\n")


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("days", ["0", "91", "soon"])
def test_a_forecast_of_other_days_is_refused(run: Run, days: str) -> None:
    assert "--days" in run("forecast", "--days", days).refusal


def test_a_day_far_above_its_forecast_is_held_until_it_is_confirmed(
    run: Run, steady: Path
) -> None:
    run("tick", "--now", SUNDAY_TICK)
    late = [row(number, "2024-06-28") for number in range(3, 55)]
    run("import", write(steady / "late.csv", *late))
    tick = run("tick", "--now", NOON)
    held = tick.out
    assert (tick.code, tick.err.count("volume guard: office 990000 is held")) == (0, 1)
    assert ", 0 messages posted, " in held
    reason = (
        "54 reminders today, forecast 2: above 50; "
        "`permit-reminders resume office:990000` confirms them"
    )
    assert f"paused office:990000 since 2024-01-29 04:00:00+00:00: {reason}" in held
    explained = run("explain", "--permit", "240000000001").answer
    assert "office:990000 has been paused since 2024-01-29 12:00" in explained
    assert f"by volume guard: {reason}" in explained

    resumed = run("resume", "office:990000").answer
    assert resumed == "resumed office:990000, 2024-01-29 confirmed\n"
    assert ", 54 messages posted, " in run("tick").answer
    assert len(posted(steady)) == 54
    assert run("audit").code == 0


def test_everything_that_an_office_sends_can_be_paused(run: Run, steady: Path) -> None:
    scope = "office:990000"
    assert run("pause", scope, "--reason", "a test").answer == f"paused {scope}\n"
    assert ", 0 messages posted, " in run("tick", "--now", NOON).answer
    assert run("resume", scope).answer == f"resumed {scope}\n"
    assert ", 2 messages posted, " in run("tick").answer
    assert len(posted(steady)) == 2


@pytest.mark.usefixtures("office")
def test_an_unknown_office_cannot_be_paused(run: Run) -> None:
    refusal = run("pause", "office:110000", "--reason", "r").refusal
    assert "unknown authority '110000'" in refusal
    refusal = run("pause", "county:1", "--reason", "r").refusal
    assert (
        "expected all, rule:CODE, authority:CODE, office:CODE or resend:PROVIDER"
        in refusal
    )
