"""A rule whose own words make a text too long for two segments is refused."""

from dataclasses import replace

import pytest

from service.domain.law.rule import BilingualText, NoReminderReason, Rule
from service.domain.templates.rule_texts import find_long_texts
from tests.schedules.catalogue import RULES, WORDS

FOOD = RULES["cn-food-production-license"]


def found(rule: Rule) -> list[str]:
    findings = find_long_texts(rule, rule.versions[-1], WORDS.render_sms)
    return [f"{key}: {what}, {expected}" for key, what, expected in findings]


@pytest.mark.parametrize(
    ("zh", "en", "text", "remedy"),
    [
        (
            "食品生产许可证",
            "Food Production Licence of the Pilot Zone in the Seventh District",
            "last-call in en: 3 segments (308 units)",
            "certificate.en or late.en or action.en shorter by 2",
        ),
        (
            "食品生产许可证" * 4,
            "Food",
            "correction in zh: 3 segments (142 units)",
            "certificate.zh or number_tail or action.zh shorter by 8",
        ),
        (
            "食品生产许可证",
            "Food Licence (许可)",
            "last-call in en: 4 segments (260 units)",
            "without 许 可: they force UCS-2",
        ),
    ],
)
def test_a_long_name_is_refused_with_the_text_and_what_to_shorten(
    zh: str, en: str, text: str, remedy: str
) -> None:
    rule = replace(FOOD, certificate=BilingualText(zh, en))
    assert found(rule) == [f"steps: {text}, at most 2: {remedy}"]


def test_typographic_marks_are_folded_before_a_text_is_measured() -> None:
    certificate = BilingualText("食品生产许可证", "Food Producer’s Licence – Zone")
    assert found(replace(FOOD, certificate=certificate)) == []


def test_a_type_that_never_reminds_has_no_text_to_measure() -> None:
    long = replace(FOOD, certificate=BilingualText("证" * 99, "Licence" * 50))
    why = NoReminderReason("abolished", long.name, FOOD.versions[-1].reference)
    assert found(replace(long, never=why)) == []
