"""The guide to the format: complete, and its examples are rules."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from service.adapters.calendars.holidays import calendars
from service.adapters.rules.files import read_rules
from service.domain.law.rule import (
    ConflictingSource,
    NoReminderReason,
    Reference,
    Rule,
    Step,
    Version,
)
from tests.docs.pages import blocks, named
from tests.schedules.catalogue import SCHEDULES, WORDS, reference_rows

GUIDE = (SCHEDULES / "README.md").read_text("utf-8")
FILES = sorted(one.relative_to(SCHEDULES) for one in SCHEDULES.rglob("*.toml"))
READ_AS = {"rule": "code", "jurisdiction": "authority"}
"""Fields that have another name in a file."""


@pytest.mark.parametrize(
    "part", [Rule, Version, Step, Reference, ConflictingSource, NoReminderReason]
)
def test_the_guide_explains_every_field(
    part: type[
        Rule | Version | Step | Reference | ConflictingSource | NoReminderReason
    ],
) -> None:
    written = {READ_AS.get(one.name, one.name) for one in fields(part)}
    assert not written - set(named(GUIDE))


def test_the_guide_says_how_to_write_every_shape() -> None:
    """S20 and later were found since the reference was made."""
    shapes = {entry["id"] for entry in reference_rows("shapes")} - {"U"}
    assert shapes <= set(re.findall(r"^\| (S[0-9]+) \|", GUIDE, re.MULTILINE))


def test_the_guide_names_every_template_and_calendar() -> None:
    assert not {*WORDS.step_templates(), *calendars()} - set(named(GUIDE))


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_guide_names_every_rule_file(file: Path) -> None:
    folders = [SCHEDULES, *(SCHEDULES / one for one in file.parents)]
    guides = {one / "README.md" for one in folders}
    words = "".join(one.read_text("utf-8") for one in guides if one.exists())
    assert re.search(rf"(?<![\w-]){file.stem}(?![\w-])", words)


def test_the_examples_of_the_guide_are_a_rule_and_what_a_province_lays_over_it(
    tmp_path: Path,
) -> None:
    general, never, local, once = blocks(GUIDE, "toml")
    (tmp_path / "general.toml").write_text(general, "utf-8")
    (tmp_path / "local.toml").write_text(local, "utf-8")
    head, versions = general.split("[[versions]]", 1)
    silent = head.replace("food-production", "silent") + never
    (tmp_path / "silent.toml").write_text(silent, "utf-8")
    _, rest = versions.split("[versions.reference]", 1)
    one_day = f"{head}{once}[versions.reference]{rest}".replace(
        "cn-food-production", "cn-once"
    )
    (tmp_path / "once.toml").write_text(one_day, "utf-8")
    found = read_rules(
        tmp_path, templates=WORDS.step_templates(), calendars=calendars()
    )
    jurisdictions = [
        version.jurisdiction for version in found["cn-food-production-license"].versions
    ]
    assert jurisdictions == [None, "990000"]
    assert found["cn-silent-license"].never is not None
    assert str(found["cn-once-license"].versions[0].counts_from) == "2027-06-30"
