"""The README shows what the service really prints and sends."""

import re
import tomllib
from collections.abc import Iterator
from csv import DictReader
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.adapters.calendars.holidays import calendars
from service.adapters.registers.mapping_file import mapping_from
from service.adapters.rules.files import read_authorities, read_rules
from service.adapters.templates.library import JinjaTemplateLibrary
from service.cli import cli
from service.domain.law.rule import Language, Rule, Version
from service.domain.lawbook.law import Law
from service.domain.messages.facts import gather_facts
from service.settings import shipped_folder
from tests.docs.pages import README, ROOT, blocks, rows

OFFICE = "990000"


@pytest.fixture(scope="module")
def words() -> JinjaTemplateLibrary:
    return JinjaTemplateLibrary(shipped_folder("templates"))


@pytest.fixture(scope="module")
def law(words: JinjaTemplateLibrary) -> Law:
    known = calendars()
    return Law(
        read_rules(
            shipped_folder("schedules"),
            templates=words.step_templates(),
            calendars=known,
        ),
        read_authorities(
            shipped_folder("examples") / "authorities.toml", calendars=known
        ),
        known,
    )


def test_explain_prints_what_the_readme_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = f"sqlite:///{tmp_path / 'none.db'}"
    monkeypatch.setenv("PERMIT_REMINDERS_DATABASE_URL", nowhere)
    monkeypatch.delenv("PERMIT_REMINDERS_AUTHORITY", raising=False)
    shown = next(one for one in blocks(README, "console") if "explain --rule" in one)
    line, _, answer = shown.partition("\n")
    done = CliRunner().invoke(cli, line.removeprefix("$ permit-reminders ").split())
    assert done.stdout == answer


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_texts_of_the_readme_are_those_that_are_sent(
    law: Law, words: JinjaTemplateLibrary, language: Language
) -> None:
    rule = law.rule("cn-food-production-license")
    version = rule.version_for(date(2026, 12, 31))
    ladder = law.ladder(rule.code, version, OFFICE, date(2026, 12, 31))
    office = law.sending_office(OFFICE)
    gathered = gather_facts(
        rule, version, ladder.window, office, "0142", language, today=date(2026, 11, 11)
    )
    body = words.render_sms(ladder.slots[-1].template, gathered)
    assert f"\n> {body}\n" in README


CATALOGUE = README.split("\n## The law it knows\n")[1].split("\n## ")[0]


def test_the_catalogue_is_as_large_as_the_readme_says(law: Law) -> None:
    never = [rule for rule in law.rules.values() if rule.never is not None]
    chinese = [code for code in law.rules if code.startswith("cn-")]
    counted = (len(law.rules), len(chinese), len(law.rules) - len(chinese))
    shown_numbers = re.findall(r"\d+", CATALOGUE.split("A type is")[0])
    reminded = len(law.rules) - len(never)
    assert [*map(int, shown_numbers)] == [*counted, reminded, len(never)]


def test_the_types_of_the_demo_are_shown_with_their_newest_sources(law: Law) -> None:
    sources = {row[0]: row[2] for row in rows(CATALOGUE)[2:]}
    with (shipped_folder("examples") / "permits.csv").open(encoding="utf-8") as file:
        demo = [law.rule(code) for code in {row["rule"] for row in DictReader(file)}]
    assert sources.keys() == {f"{one.name.en} {one.name.zh}" for one in demo}
    for one in demo:
        title, article = sources[f"{one.name.en} {one.name.zh}"].rsplit(" ", 1)
        source = newest(one).reference
        assert title in source.title
        assert source.article.startswith(article)


def newest(rule: Rule) -> Version:
    """The version that is in force everywhere, the last there is."""
    general = [one for one in rule.versions if one.jurisdiction is None]
    return max(general, key=lambda one: one.in_force_from)


def figures(block: str) -> Iterator[list[int]]:
    """The whole numbers of each row of the report's table, the total last."""
    for line in block.splitlines():
        if found := re.search(r"((?: +\d+){8}) +\d+\.\d\d%$", line):
            yield [int(number) for number in found[1].split()]


def test_the_report_of_the_readme_adds_up() -> None:
    *types, total = figures(blocks(README, "text")[0])
    assert len(types) == 12
    assert [sum(column) for column in zip(*types, strict=True)] == total
    assert total == [861, 830, 797, 24, 830, 797, 24, 9]


def test_the_mapping_of_the_readme_is_one() -> None:
    mapping = mapping_from(tomllib.loads(blocks(README, "toml")[0]), "README.md")
    assert mapping.source == "province-register"


def test_the_image_is_made_of_files_that_are_there_and_not_ignored() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for copied in re.findall(r"^COPY (?!--)(.+) \S+$", dockerfile, re.MULTILINE):
        for name in copied.split():
            assert (ROOT / name).exists(), name
            assert f"!{name}" in ignored, name
