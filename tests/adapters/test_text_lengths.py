from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest

from service.adapters.calendars import calendars
from service.adapters.words import LANGUAGES
from service.domain.compose import Facts, facts
from service.domain.ladder import Reckoning, reckon
from service.domain.rule import CONTACT_NOW, CORRECTION
from service.domain.segments import measure
from tests.adapters.catalogue import OFFICES, RULES, WORDS

EXPIRIES = [date(2026, 1, 1) + timedelta(days=11 * step) for step in range(80)]
NUMBER = "TS0000000123-2027"
WINDOWS = (  # the longest days: of the year before the expiry, of a long month
    (date(2027, 6, 30), date(2026, 6, 30), date(2026, 12, 30)),
    (date(2027, 3, 31), date(2026, 3, 31), date(2026, 9, 30)),
)
OPERATOR = {
    "zh": Facts(
        language="zh",
        signature="某某省市场监管局",
        addressee="您的",
        certificate="特种设备安全管理和作业人员证",
        action="复审",
        tail="012X",
        expires_on=date.max,
        closes_on=date.max,
        opens_on=None,
        provisional=False,
        late="逾期未复审的，证件将被注销",
        apply_at="省政务服务网或发证机关",
        helpline="12345",
        opt_out="拒收请回复R",
    ),
    "en": Facts(
        language="en",
        signature="PROVINCE-AMR",
        addressee="Your",
        certificate="Special equipment safety management and operator certificate",
        action="re-verify",
        tail="012X",
        expires_on=date.max,
        closes_on=date.max,
        opens_on=None,
        provisional=False,
        late="Late means cancelled",
        apply_at="the issuing office or online portal",
        helpline="12345",
        opt_out="Reply R to opt out",
    ),
}


def refuse_long(told: str, language: str) -> None:
    size = measure(told)
    assert size.encoding == {"zh": "UCS-2", "en": "GSM-7"}[language], size.forcing
    assert size.segments <= 2, f"{size.units} units: {told}"


def templates(dated: Reckoning) -> list[str]:
    """What a permit may be told: its steps, a correction, a word to the late."""
    told = [slot.template for slot in dated.ladder().slots]
    late = [CONTACT_NOW] if dated.version.late_filing == "accepted" else []
    return [*told, CORRECTION, *late] if told else []


@pytest.mark.parametrize("code", RULES)
def test_every_text_of_every_rule_takes_at_most_two_segments(code: str) -> None:
    known, rule = calendars(), RULES[code]
    for version, office in product(rule.versions, OFFICES.values()):
        if office.calendar != rule.calendar:
            continue
        for expires_on in EXPIRIES:
            dated = reckon(rule, version, expires_on, office, known)
            for template, language in product(templates(dated), LANGUAGES):
                said = facts(rule, version, dated.window, office, NUMBER, language)
                refuse_long(WORDS.render_sms(template, said), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_longest_certificate_of_all_fits_as_well(language: str) -> None:
    for template, window, provisional in product(WORDS.names(), WINDOWS, (False, True)):
        expires_on, _, closes_on = window
        said = replace(
            OPERATOR[language],
            expires_on=expires_on,
            closes_on=closes_on,
            provisional=provisional,
        )
        refuse_long(WORDS.render_sms(template, said), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_longest_number_fits_with_an_opening(language: str) -> None:
    certificate = {
        "zh": "移动式压力容器充装许可证",
        "en": "Mobile Pressure Vessel Filling Licence",
    }
    late = {"zh": "到期未换证的须停止充装", "en": "If late, stop filling at expiry"}
    for template, window, provisional in product(WORDS.names(), WINDOWS, (False, True)):
        expires_on, opens_on, closes_on = window
        said = replace(
            OPERATOR[language],
            addressee={"zh": "贵单位", "en": "Your"}[language],
            certificate=certificate[language],
            action={"zh": "换证", "en": "renew"}[language],
            late=late[language],
            tail="0123-2027",
            expires_on=expires_on,
            opens_on=opens_on,
            closes_on=closes_on,
            provisional=provisional,
        )
        refuse_long(WORDS.render_sms(template, said), language)
