"""The catalogue has every type of the reference, and every rule gives dates."""

from datetime import date, timedelta

import pytest

from tests.schedules.catalogue import (
    LAW,
    RULES,
    SCHEDULES,
    office_for,
    reference_rows,
    reminds,
)

ABOLISHED_LATER = {"cn-internet-drug-information-service"}
"""Types that a notice ended which the reference does not have."""

EVERY_DAY = [date(2025, 1, 1) + timedelta(days=n) for n in range(3 * 365)]
ENABLED = sorted(code for code, rule in RULES.items() if reminds(rule))


@pytest.mark.parametrize("key", ["permits", "other_chinese_examples"])
def test_every_chinese_type_of_the_reference_has_its_rule(key: str) -> None:
    assert not {f"cn-{entry['slug']}" for entry in reference_rows(key)} - RULES.keys()


def test_a_type_is_enabled_where_its_window_is_known_and_else_says_why_never() -> None:
    for entry in reference_rows("permits"):
        sure = entry["confidence"] in {"V1", "V2"} and entry["window_closes"]
        rule = LAW.rule(f"cn-{entry['slug']}")
        enabled = bool(sure) and rule.code not in ABOLISHED_LATER
        assert reminds(rule) is enabled, rule.code
        assert (rule.never is None) is enabled, rule.code


def test_a_type_that_never_reminds_gives_the_reason_of_its_shape() -> None:
    because = {"S10": "no-expiry", "S11": "derived-expiry", "S17": "abolished"}
    for entry in reference_rows("permits"):
        never = LAW.rule(f"cn-{entry['slug']}").never
        if never is not None:
            reason = because.get(entry["shape"], "unverified")
            if f"cn-{entry['slug']}" in ABOLISHED_LATER:
                reason = "abolished"
            assert never.because == reason, entry["slug"]


def test_the_other_chinese_examples_were_read_and_are_enabled() -> None:
    for entry in reference_rows("other_chinese_examples"):
        rule = LAW.rule(f"cn-{entry['slug']}")
        assert reminds(rule)
        for version in rule.versions:
            assert version.reference.title in entry["basis"]
            assert version.reference.confidence == "read"


@pytest.mark.parametrize("key", ["other_chinese_examples", "foreign_examples"])
def test_no_example_repeats_a_sentence_of_its_source(key: str) -> None:
    quotes = [entry["quote"] for entry in reference_rows(key)]
    for path in SCHEDULES.rglob("*.*"):
        words = path.read_text(encoding="utf-8")
        assert not [quote for quote in quotes if quote in words]


@pytest.mark.parametrize("code", ENABLED)
def test_an_enabled_rule_dates_every_expiry_of_three_years(code: str) -> None:
    rule = LAW.rule(code)
    office = office_for(rule)
    for expires_on in EVERY_DAY:
        version = LAW.version_for(code, office, expires_on)
        ladder = LAW.compute_ladder(code, version, office, expires_on).to_ladder()
        assert ladder.slots, expires_on
        assert ladder.window.closes_on <= ladder.window.closes_on_lenient
