from dataclasses import replace
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

import pytest

from service.domain.deadlines.window import Window
from service.domain.law.authority import Authority
from service.domain.law.period import Period
from service.domain.law.rule import BilingualText, Language, Reference, Rule, Version
from service.domain.messages.facts import FACT_NAMES, gather_facts

VERSION = Version(
    rule="xx-restaurant",
    in_force_from=date(2023, 12, 1),
    closes=Period.parse("15 working days before expiry"),
    steps=(),
    reference=Reference("a measure", "article 1", date(2026, 11, 22), "example"),
    late=BilingualText(
        "到期后获批前须暂停经营", "stop trading from expiry until approved"
    ),
)
RULE = Rule(
    code="xx-restaurant",
    name=BilingualText("食品经营", "Food business"),
    certificate=BilingualText("食品经营许可证", "Food Business Licence"),
    action=BilingualText("延续", "renew"),
    calendar="CN",
    holder="organization",
    validity="5 years",
    number_tail=4,
    versions=(VERSION,),
)
OFFICE = Authority(
    code="xx",
    name=BilingualText("某省市场监督管理局", "Province market regulator"),
    zone=ZoneInfo("Asia/Shanghai"),
    calendar="CN",
    signature=BilingualText("某省市场监管局", "PROV-AMR"),
    apply_at=BilingualText("省政务服务网", "the provincial service portal"),
    helpline="12345",
    opt_out=BilingualText("拒收请回复R", "Reply R to opt out"),
)
TODAY = date(2026, 6, 8)
WINDOW = Window(
    expires_on=date(2026, 10, 20),
    opens_on=date(2026, 6, 9),
    closes_on=date(2026, 9, 21),
    closes_on_lenient=date(2026, 9, 22),
    provisional=False,
)


def test_the_facts_are_those_of_rule_window_and_office_in_one_language() -> None:
    facts = gather_facts(
        RULE, VERSION, WINDOW, OFFICE, "JY25101000012345", language="en", today=TODAY
    )
    assert facts.template_values() == {
        "language": "en",
        "signature": "PROV-AMR",
        "addressee": "Your",
        "certificate": "Food Business Licence",
        "action": "renew",
        "tail": "2345",
        "expires_on": "20 Oct 2026",
        "closes_on": "21 Sep 2026",
        "opens_on": "9 Jun 2026",
        "opened": False,
        "grace_ends_on": None,
        "provisional": False,
        "late": "stop trading from expiry until approved",
        "apply_at": "the provincial service portal",
        "helpline": "12345",
        "opt_out": "Reply R to opt out",
    }
    assert set(facts.template_values()) == FACT_NAMES


@pytest.mark.parametrize(
    ("holder", "addressee"),
    [("organization", "贵单位"), ("person", "您的"), ("any", "您的")],
)
def test_an_organization_is_addressed_as_one(
    holder: Literal["organization", "person", "any"], addressee: str
) -> None:
    rule = replace(RULE, holder=holder)
    assert gather_facts(
        rule, VERSION, WINDOW, OFFICE, "1", language="zh", today=TODAY
    ).addressee == (addressee)


@pytest.mark.parametrize(
    ("number", "kept", "tail"),
    [
        ("TS4251012-2027", 9, "1012-2027"),
        ("12345", 4, "2345"),
        ("345", 4, "345"),
        ("12345", 0, ""),
    ],
)
def test_a_text_names_the_tail_of_the_number(number: str, kept: int, tail: str) -> None:
    rule = replace(RULE, number_tail=kept)
    assert (
        gather_facts(
            rule, VERSION, WINDOW, OFFICE, number, language="zh", today=TODAY
        ).tail
        == tail
    )


def test_a_version_without_a_late_clause_leaves_it_out() -> None:
    version = replace(VERSION, late=None)
    assert (
        gather_facts(
            RULE, version, WINDOW, OFFICE, "1", language="zh", today=TODAY
        ).late
        is None
    )


@pytest.mark.parametrize(
    ("language", "closes_on", "written"),
    [
        ("zh", date(2026, 9, 21), "9月21日"),
        ("zh", date(2025, 12, 31), "2025年12月31日"),
        ("en", date(2026, 9, 21), "21 Sep 2026"),
    ],
)
def test_a_closing_has_its_year_unless_it_is_the_year_of_the_expiry(
    language: Language, closes_on: date, written: str
) -> None:
    window = replace(WINDOW, closes_on=closes_on)
    facts = gather_facts(
        RULE, VERSION, window, OFFICE, "1", language=language, today=TODAY
    ).template_values()
    assert facts["closes_on"] == written


@pytest.mark.parametrize(
    ("closes_on", "today", "written"),
    [
        (date(2026, 9, 21), TODAY, "20 Sep 2026"),
        (date(2026, 9, 20), TODAY, "20 Sep 2026"),
        (date(2026, 9, 11), TODAY, "10 Sep 2026"),
        (date(2026, 9, 9), TODAY, "31 Aug 2026"),
        (date(2026, 9, 30), TODAY, "30 Sep 2026"),
        (date(2026, 9, 11), date(2026, 9, 11), "11 Sep 2026"),
    ],
    ids=["next-day", "end-of-third", "11th", "9th", "end-of-month", "round-day-past"],
)
def test_a_provisional_closing_is_a_round_day_before_it_unless_that_is_past(
    closes_on: date, today: date, written: str
) -> None:
    window = replace(WINDOW, closes_on=closes_on, closing_may_move=True)
    facts = gather_facts(RULE, VERSION, window, OFFICE, "1", "en", today=today)
    assert facts.template_values()["closes_on"] == written


def test_a_provisional_closing_is_not_named_before_the_opening() -> None:
    window = replace(
        WINDOW,
        opens_on=date(2026, 9, 8),
        closes_on=date(2026, 9, 9),
        closing_may_move=True,
    )
    facts = gather_facts(RULE, VERSION, window, OFFICE, "1", "en", today=TODAY)
    assert facts.closes_on == date(2026, 9, 9)


@pytest.mark.parametrize(
    ("today", "opens_on", "opened"),
    [
        (date(2026, 6, 8), date(2026, 6, 9), False),
        (date(2026, 6, 9), None, True),
        (date(2026, 9, 1), None, True),
    ],
)
def test_an_opening_that_has_come_is_not_named_as_one_to_come(
    *, today: date, opens_on: date | None, opened: bool
) -> None:
    facts = gather_facts(RULE, VERSION, WINDOW, OFFICE, "1", "zh", today=today)
    assert (facts.opens_on, facts.opened) == (opens_on, opened)


def test_a_rule_may_name_where_to_apply_and_whom_to_call() -> None:
    rule = replace(
        RULE, apply_at=BilingualText("检验机构", "the inspectors"), helpline="96333"
    )
    facts = gather_facts(rule, VERSION, WINDOW, OFFICE, "1", "zh", today=TODAY)
    assert (facts.apply_at, facts.helpline) == ("检验机构", "96333")


@pytest.mark.parametrize(
    ("number", "language", "tail"),
    [
        ("0123\u20132027", "en", "0123-2027"),
        ("0142\u200b", "zh", "0142"),
        ("第20180123号", "en", "20180123"),
        ("甲乙丙丁", "zh", "甲乙丙丁"),
    ],
    ids=["en-dash", "invisible", "Chinese-around", "Chinese-only"],
)
def test_a_number_makes_no_text_dearer(
    number: str, language: Language, tail: str
) -> None:
    rule = replace(RULE, number_tail=11)
    facts = gather_facts(rule, VERSION, WINDOW, OFFICE, number, "en", today=TODAY)
    if language == "en":
        assert (facts.language, facts.tail) == ("en", tail)
        return
    chinese = gather_facts(rule, VERSION, WINDOW, OFFICE, number, "zh", today=TODAY)
    assert chinese.tail == tail


def test_an_english_text_about_a_number_in_chinese_is_chinese() -> None:
    facts = gather_facts(RULE, VERSION, WINDOW, OFFICE, "甲乙丙丁", "en", today=TODAY)
    assert (facts.language, facts.signature) == ("zh", "某省市场监管局")


def test_a_rule_without_an_opening_names_none() -> None:
    window = replace(WINDOW, opens_on=None)
    facts = gather_facts(
        RULE, VERSION, window, OFFICE, "1", language="zh", today=TODAY
    ).template_values()
    assert facts["opens_on"] is None
