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
WINDOW = Window(
    expires_on=date(2026, 10, 20),
    opens_on=date(2026, 6, 9),
    closes_on=date(2026, 9, 21),
    closes_on_lenient=date(2026, 9, 22),
    provisional=False,
)


def test_the_facts_are_those_of_rule_window_and_office_in_one_language() -> None:
    facts = gather_facts(
        RULE, VERSION, WINDOW, OFFICE, "JY25101000012345", language="en"
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
        rule, VERSION, WINDOW, OFFICE, "1", language="zh"
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
        gather_facts(rule, VERSION, WINDOW, OFFICE, number, language="zh").tail == tail
    )


def test_a_version_without_a_late_clause_leaves_it_out() -> None:
    version = replace(VERSION, late=None)
    assert gather_facts(RULE, version, WINDOW, OFFICE, "1", language="zh").late is None


@pytest.mark.parametrize(
    ("language", "closes_on", "provisional", "written"),
    [
        ("zh", date(2026, 9, 21), False, "9月21日"),
        ("zh", date(2025, 12, 31), False, "2025年12月31日"),
        ("zh", date(2026, 1, 8), True, "1月上旬"),
        ("zh", date(2025, 12, 29), True, "2025年12月下旬"),
        ("en", date(2026, 9, 21), False, "21 Sep 2026"),
        ("en", date(2026, 1, 8), True, "early January 2026"),
    ],
)
def test_a_closing_has_its_year_unless_it_is_the_year_of_the_expiry(
    *, language: Language, closes_on: date, provisional: bool, written: str
) -> None:
    window = replace(WINDOW, closes_on=closes_on, provisional=provisional)
    facts = gather_facts(
        RULE, VERSION, window, OFFICE, "1", language=language
    ).template_values()
    assert facts["closes_on"] == written


def test_a_rule_without_an_opening_names_none() -> None:
    window = replace(WINDOW, opens_on=None)
    facts = gather_facts(
        RULE, VERSION, window, OFFICE, "1", language="zh"
    ).template_values()
    assert facts["opens_on"] is None
