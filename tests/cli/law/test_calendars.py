"""The commands about an office's own days: load and show."""

import json
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from tests.cli.commands import CMA, FOOD, Run, sql, write
from tests.notice import NOTICE


def toml(**changed: Any) -> Path:  # noqa: ANN401 - values of TOML
    """The notice of 2027 as a file, with changes."""
    file = Path("2027.toml")
    values = {"calendar": "CN", "year": 2027, **NOTICE, **changed}
    file.write_text(tomli_w.dumps(values), "utf-8")
    return file


def ics(*events: str, name: str = "") -> Path:
    """An .ics file with all-day events."""
    file = Path("days.ics")
    text = "".join(
        f"BEGIN:VEVENT\r\nUID:{day}\r\nDTSTART;VALUE=DATE:{day}\r\n"
        "SUMMARY:office closed\r\nEND:VEVENT\r\n"
        for day in events
    )
    head = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n{name}"
    file.write_bytes(f"{head}{text}END:VCALENDAR\r\n".encode())
    return file


@pytest.fixture
def registered(run: Run, office: Path) -> Path:
    """Three permits of Linjiang; the closings of two reach into 2027."""
    register = write(
        office / "permits.csv",
        f"{FOOD},SC10199000000001,一号食品,2027-03-31,+12125550101",
        f"{FOOD},SC10199000000002,二号食品,2027-06-30,+12125550102",
        f"{CMA},240000000003,三号检测,2026-06-30,+12125550103",
    )
    assert run("import", register).code == 0
    return office


def test_a_notice_makes_closings_exact_and_counts_them(
    run: Run, registered: Path
) -> None:
    seen = run("calendars", "load", toml(), "--dry-run").answer
    assert seen.startswith("new calendar CN 2027\npermits would move: 2\n")
    assert "  closings would become exact that were provisional: 2\n" in seen
    assert sql(registered, "SELECT count(*) FROM calendar_years") == [(0,)]
    done = run("calendars", "load", toml()).answer
    assert "  closings became exact that were provisional: 2\n" in done
    assert "  closings came later: 2, by " in done
    told = run("explain", "--rule", FOOD, "--expires", "2027-06-30", "--json").told
    assert told["provisional"] is False
    assert run("audit").answer == "the ledger adds up\n"
    assert run("calendars", "load", toml()).answer == "nothing changed\n"


@pytest.mark.usefixtures("office")
def test_every_day_that_contradicts_a_published_year_is_named_and_refused(
    run: Run, installed: Path
) -> None:
    file = toml(
        year=2026,
        published=False,
        off=[{"day": "2026-10-10", "name": "closed"}, {"day": "2026-11-04"}],
        worked=["2026-10-01"],
    )
    lines = [
        "2026-10-01: worked, says a notice made up; off, says CN (National Day)",
        "2026-10-10: off, says a notice made up; worked, says CN (a Saturday)",
        "2026-11-04: off, says a notice made up; worked, says CN (a Wednesday)",
    ]
    seen = run("calendars", "load", file, "--dry-run")
    assert (seen.code, seen.err) == (1, "")
    assert [f"objection: {line}" for line in lines] == seen.out.splitlines()[-3:]
    refusal = run("calendars", "load", file).refusal
    assert refusal.splitlines()[1:4] == [f"  {line}" for line in lines]
    done = run("calendars", "load", file, "--force", "the mayor says so").answer
    assert [f"forced: {line}" for line in lines] == done.splitlines()[-3:]
    [(detail,)] = sql(
        installed, "SELECT detail FROM actions WHERE what = 'calendars load'"
    )
    noted = json.loads(detail)
    assert (noted["reason"], noted["objections"]) == ("the mayor says so", lines)
    assert noted["changed"] == ["calendar CN 2026"]


@pytest.mark.usefixtures("office")
def test_a_year_is_never_published_before_the_one_before_it(run: Run) -> None:
    file = toml(year=2028, off=[{"day": "2028-01-01"}], worked=[])
    for force in ((), ("--force", "no matter")):
        refusal = run("calendars", "load", file, *force).refusal
        assert "2028 is published here but 2027 is not" in refusal


@pytest.mark.usefixtures("office")
def test_an_ics_file_belongs_to_the_calendar_named_beside_it(run: Run) -> None:
    file = ics("20270305", "20270308")
    assert "calendar: found nothing" in run("calendars", "load", file).refusal
    told = run("calendars", "load", file, "--calendar", "CN").answer
    assert told == "new calendar CN 2027\nno permit moved\n"
    shown = run("calendars", "show", "CN", "2027").answer
    assert "2027-03-05 Fri  off          own  office closed\n" in shown
    assert shown.endswith("the office's own: days.ics\n")


@pytest.mark.usefixtures("office")
def test_an_ics_file_may_be_the_whole_notice(run: Run) -> None:
    days = [one["day"].replace("-", "") for one in NOTICE["off"]]
    file = ics(*days, name="X-WR-CALNAME:CN\r\n")
    assert run("calendars", "load", file, "--published").code == 0
    shown = run("calendars", "show", "CN", "2027").answer
    assert shown.startswith("CN 2027, published\n")


@pytest.mark.usefixtures("office")
def test_a_year_shows_days_off_worked_weekends_and_whether_it_is_provisional(
    run: Run,
) -> None:
    known = run("calendars", "show", "CN", "2026").answer.splitlines()
    assert known[0] == "CN 2026, published"
    assert "2026-02-17 Tue  off               Chinese New Year" in known
    assert "2026-02-14 Sat  worked" in known
    guessed = run("calendars", "show", "CN", "2027").answer.splitlines()
    assert guessed[0] == "CN 2027, provisional: days are known until 2026-12-31"
    assert "2027-05-01 Sat  off               Labor Day" in guessed
    assert "2027-05-04 Tue  perhaps off       Labor Day" in guessed
    for_ever = run("calendars", "show", "US", "2090").answer
    assert for_ever.startswith("US 2090, published\n")


@pytest.mark.usefixtures("office")
def test_a_year_shows_which_days_the_office_installed(run: Run) -> None:
    run("calendars", "load", toml())
    shown = run("calendars", "show", "CN", "2027").answer.splitlines()
    assert shown[0] == "CN 2027, published"
    assert "2027-02-05 Fri  off          own  春节" in shown
    assert "2027-02-20 Sat  worked       own" in shown
    assert shown[-1] == "the office's own: a notice made up"


@pytest.mark.usefixtures("office")
def test_all_wrong_days_are_reported_at_once(run: Run) -> None:
    refusal = run("calendars", "load", toml(calendar="XX", worked=["soon"])).refusal
    assert 'calendar: found "XX", expected one of CN, GB, US' in refusal
    assert 'worked[1]: found "soon", expected a date' in refusal
    assert "unknown calendar 'XX'" in run("calendars", "show", "XX", "2027").refusal
