"""An office whose words make a text too long for two segments is named."""

from dataclasses import replace
from typing import Final

import pytest

from service.domain.law.authority import Authority
from service.domain.law.rule import BilingualText
from service.domain.lawbook.law import Law
from service.domain.templates.longest import USUAL_OFFICE
from service.domain.templates.office_texts import find_long_office_texts
from tests.schedules.catalogue import RULES, WORDS

OFFICE: Final = replace(USUAL_OFFICE, code="990000", calendar="CN")
LONG: Final = replace(
    OFFICE,
    signature=BilingualText("临江省临江市市场监督管理局行政审批处", "LINJIANG-AMR"),
    apply_at=BilingualText("省政务服务网", "the permit hall at 100 Riverside Avenue"),
)
CODES: Final = (
    "cn-food-production-license",
    "cn-mobile-pressure-vessel-filling-license",
    "cn-special-equipment-production-license",
)


def found(office: Authority, *installed: Authority) -> list[str]:
    rules = {code: RULES[code] for code in CODES}
    law = Law(rules, {one.code: one for one in installed}, {})
    return [*find_long_office_texts([office], law, WORDS.render_sms)]


def test_each_language_has_a_line_with_what_to_shorten() -> None:
    assert found(LONG) == [
        (
            "990000: prepare of cn-mobile-pressure-vessel-filling-license in zh: "
            "3 segments (139 units), expected at most 2: "
            "signature.zh or apply_at.zh or opt_out.zh shorter by 5; "
            "other types too long as well: 1"
        ),
        (
            "990000: last-call of cn-special-equipment-production-license in en: "
            "3 segments (308 units), expected at most 2: "
            "apply_at.en or opt_out.en or signature.en shorter by 2"
        ),
    ]


def test_an_english_word_that_forces_ucs2_is_named() -> None:
    odd = replace(OFFICE, signature=BilingualText("临江省市场监管局", "LINJIANG 局"))
    [line] = found(odd)
    assert line.endswith(
        "expected at most 2: without 局: they force UCS-2; "
        "other types too long as well: 2"
    )


@pytest.mark.parametrize(
    "installed",
    [LONG, replace(LONG, daily_limit=5)],
)
def test_an_office_that_is_installed_with_these_words_is_not_measured_again(
    installed: Authority,
) -> None:
    assert found(LONG, installed) == []


def test_an_office_with_usual_words_or_that_does_not_send_is_not_measured() -> None:
    assert found(OFFICE) == []
    assert found(replace(LONG, sends=False)) == []
