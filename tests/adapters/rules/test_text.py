"""A rule written down reads back as the same rule."""

import tomllib
from dataclasses import replace

import pytest

from service.adapters.calendars.holidays import calendars
from service.adapters.rules.toml_text import rule_to_toml
from service.domain.law.period import Period
from service.domain.law.rule import BilingualText, ConflictingSource, Step
from service.formats.rule import parse_rule
from tests.schedules.catalogue import RULES, WORDS

FOOD = RULES["cn-food-production-license"]


@pytest.mark.parametrize("code", sorted(RULES))
def test_every_shipped_rule_reads_back_as_it_is(code: str) -> None:
    values = tomllib.loads(rule_to_toml(RULES[code]))
    read = parse_rule(
        values, code, templates=WORDS.step_templates(), calendars=calendars()
    )
    assert read == RULES[code]


def test_what_goes_without_saying_is_not_written() -> None:
    text = rule_to_toml(replace(FOOD, versions=FOOD.versions[-1:]))
    for word in ("revision", "number_is_personal", "min_gap_days", "governs", "[]"):
        assert word not in text


def test_what_no_shipped_rule_says_is_written_as_well() -> None:
    version = replace(
        FOOD.versions[-1],
        revision=4,
        steps=(
            *FOOD.versions[-1].steps,
            Step(
                "overdue",
                Period.parse("1 day after closing"),
                "renewal-overdue",
                until=Period.parse("on expiry"),
                after_closing=True,
                replaces=("late", "later"),
            ),
        ),
        conflicts=(
            ConflictingSource(
                'a "guide"', Period.parse("on expiry"), BilingualText("指南", "later")
            ),
        ),
    )
    rule = replace(FOOD, versions=(version,), min_gap_days=0, number_is_personal=True)
    values = tomllib.loads(rule_to_toml(rule))
    read = parse_rule(
        values, "x", templates=WORDS.step_templates(), calendars=calendars()
    )
    assert read == replace(rule, versions=(replace(version, revision=1),))
