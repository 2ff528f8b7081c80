"""docs/templates.md: its tables and the output of its commands are current."""

import re
import shlex
from pathlib import Path

import pytest

from service.adapters.templates.jinja import FILTERS, LONGEST_TEMPLATE
from service.domain.templates.checks import (
    CONTACT_FACTS,
    PERMIT_FACTS,
    check_advice,
    check_no_closing,
    check_no_urging,
)
from service.domain.templates.requirements import REQUIREMENTS
from tests.cli.commands import Run
from tests.docs.pages import ROOT, blocks, named, rows

PAGE = (ROOT / "docs" / "templates.md").read_text("utf-8")


def section(title: str) -> list[list[str]]:
    """The rows of the table under a heading."""
    return rows(PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0])[2:]


def test_every_fact_is_explained() -> None:
    told = {name for row in section("Facts") for name in named(row[0])}
    assert told == frozenset.union(*(one.facts for one in REQUIREMENTS.values()))


def test_every_filter_and_the_length_limit_are_documented() -> None:
    assert f"through a filter: {', '.join(FILTERS)} |" in PAGE
    assert f"at most {LONGEST_TEMPLATE:,} characters" in " ".join(PAGE.split())


def test_the_table_lists_the_requirements_of_each_template() -> None:
    asked = section("What is asked of a text")
    for check, words in (
        (check_advice, "advises"),
        (check_no_urging, "does not urge"),
        (check_no_closing, "does not name"),
    ):
        [row] = [one for one in asked if one[0].startswith(words)]
        meant = {name for name, one in REQUIREMENTS.items() if check in one.checks}
        assert {*named(row[1])} == meant
    [names] = [
        one for one in asked if one[0].startswith("names `certificate`, `tail`,")
    ]
    assert {*named(names[0])} == {*PERMIT_FACTS, *CONTACT_FACTS, "tail"}


@pytest.fixture
def prepared(shipped: Path) -> Path:
    return shipped


def test_the_commands_of_the_guide_answer_what_it_shows(run: Run, office: Path) -> None:
    shown = "".join(blocks(PAGE, "console"))
    typed = re.findall(
        r"^\$ permit-reminders (.*)\n((?:[^$].*\n)*)", shown, re.MULTILINE
    )
    assert len(typed) == 6
    for line, told in typed:
        words, _, file = line.partition(" > ")
        if words.endswith("save renewal-last-call --language zh old.txt"):
            assert "says that already" in run(*shlex.split(words)).refusal
            continue
        if words.endswith("--dry-run"):
            mine = office / "mine.txt"
            mine.write_text(mine.read_text("utf-8").replace("Help", "Call"), "utf-8")
        answer = run(*shlex.split(words)).answer
        assert not told or answer == told
        if file:
            (office / file).write_text(answer, "utf-8")
