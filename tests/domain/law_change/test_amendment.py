"""A version added to an installed rule."""

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import pytest

from service.adapters.calendars.holidays import calendars
from service.domain.errors import ConflictError, InvalidError
from service.domain.law.rule import Rule
from service.domain.law_change.amendment import with_version
from service.domain.lawbook.documents import version_to_dict
from service.domain.templates.rule_texts import find_long_texts
from service.formats.version import parse_version
from tests.schedules.catalogue import RULES, WORDS

FOOD = RULES["cn-food-production-license"]
NEWEST = FOOD.versions[-1]


def amended(rule: Rule = FOOD, **changed: object) -> Rule:
    values: dict[str, Any] = version_to_dict(NEWEST) | changed
    version = parse_version(
        values,
        "version",
        rule,
        templates=WORDS.step_templates(),
        calendars=calendars(),
        check_texts=partial(find_long_texts, render=WORDS.render_sms),
        today=date(2027, 1, 1),
    )
    return with_version(rule, version, "version")


def test_a_version_takes_the_place_of_the_one_in_its_series() -> None:
    installed = [replace(one, revision=3) for one in FOOD.versions]
    rule = amended(replace(FOOD, versions=tuple(installed)), closes="on expiry")
    assert [one.series for one in rule.versions] == [one.series for one in installed]
    assert [str(one.closes) for one in rule.versions][-1] == "on expiry"
    assert rule.versions[:-1] == tuple(installed[:-1])


def test_a_version_of_another_day_or_office_is_one_more() -> None:
    changes: list[dict[str, Any]] = [
        {"in_force_from": "2030-01-01"},
        {"jurisdiction": "370000"},
    ]
    for changed in changes:
        assert len(amended(**changed).versions) == len(FOOD.versions) + 1


def test_mistakes_are_named_as_they_stand_in_the_version() -> None:
    with pytest.raises(InvalidError) as raised:
        amended(closes="soon", steps=[{"name": "x"}])
    assert raised.value.where == "version"
    assert [one.field for one in raised.value.mistakes] == [
        "closes",
        "steps[1].at",
        "steps[1].template",
    ]


def test_versions_that_would_overlap_are_a_mistake() -> None:
    ended = replace(NEWEST, in_force_until=NEWEST.in_force_from.replace(year=2031))
    rule = replace(FOOD, versions=(*FOOD.versions[:-1], ended))
    with pytest.raises(InvalidError, match="in_force_until: found 2031-03-01"):
        amended(rule, in_force_from="2030-01-01")


def test_a_type_that_reminds_nobody_may_have_a_version_without_steps() -> None:
    rule = RULES["cn-direct-selling-license"]
    assert [one.steps for one in amended(rule, steps=[]).versions] == [()]


def test_a_type_that_was_abolished_takes_no_new_version() -> None:
    rule = RULES["cn-internet-drug-information-service"]
    with pytest.raises(ConflictError, match="abolished, so it takes no new version: s"):
        amended(rule, steps=[])
