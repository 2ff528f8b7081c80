"""docs/rules.md: what is typed there does what it shows, in the order it is read."""

import asyncio
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from service.adapters.calendars.holidays import calendars
from service.demo import run_demo
from service.formats.calendar_year import parse_calendar_year
from service.settings import shipped_folder
from tests.cli.commands import FOOD, run_here
from tests.cli.sandbox_thread import sandbox_beside
from tests.docs.pages import GUIDE, blocks

LATER, EARLIER = '"30 working days before expiry"', '"60 working days before expiry"'


@pytest.fixture
def demo_on_friday(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the demo has texted about its food production licences."""
    header, *rows = (
        (shipped_folder("examples") / "permits.csv").read_text("utf-8").split("\n")
    )
    mine = [row for row in rows if f",{FOOD}," in row]
    (tmp_path / "permits.csv").write_text("\n".join([header, *mine, ""]), "utf-8")
    demo = tmp_path / "demo"
    demo.mkdir()
    with sandbox_beside(demo):
        assert asyncio.run(run_demo(demo, tmp_path / "permits.csv")) == 0
    monkeypatch.chdir(tmp_path)
    url = "sqlite:///demo/permit-reminders.db"
    monkeypatch.setenv("PERMIT_REMINDERS_DATABASE_URL", url)
    return tmp_path


def shown() -> list[tuple[list[str], str]]:
    """The words of every command about rules, and what it is shown to answer."""
    found = re.findall(
        r"^\$ permit-reminders (rules .*)\n((?:[^$].*\n)*)",
        "".join(blocks(GUIDE, "console")),
        re.MULTILINE,
    )
    return [(shlex.split(line), answer) for line, answer in found]


def is_answered(shown_answer: str, answer: str) -> bool:
    """Whether a command answered what is shown, if that is; … is any lines."""
    parts = [
        re.escape(part) for part in re.split("^…\n", shown_answer, flags=re.MULTILINE)
    ]
    return not shown_answer or re.fullmatch("(?:.*\n)*".join(parts), answer) is not None


@pytest.mark.timeout(120)
def test_the_commands_of_the_guide_answer_what_it_shows(demo_on_friday: Path) -> None:
    typed = shown()
    assert {words[1] for words, _ in typed} == {
        "export",
        "check",
        "diff",
        "apply",
        "shadow",
        "revert",
    }
    for words, shown_answer in typed:
        ran = run_here(*words)
        assert (ran.code, ran.err) == (0, ""), words
        assert is_answered(shown_answer, ran.out), f"{words}\n{ran.out}"
        if words[1] == "export":
            file = demo_on_friday / "food.toml"
            former, _, newest = file.read_text("utf-8").rpartition(LATER)
            file.write_text(former + EARLIER + newest, "utf-8")
    audited = run_here("audit")
    assert audited.out == "the ledger adds up\n"


def test_the_days_of_the_guide_are_a_year() -> None:
    [year] = blocks(GUIDE, "toml")
    found = parse_calendar_year(
        tomllib.loads(year), "docs/rules.md", calendars=calendars()
    )
    assert (found.calendar, found.year, found.published) == ("CN", 2027, True)
