"""A restaurant and its licence, and the facts that a text may use."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from service.adapters.templates.library import JinjaTemplateLibrary
from service.adapters.templates.names import LANGUAGES
from service.domain.law.rule import Language
from service.domain.messages.facts import Facts

WORDS = JinjaTemplateLibrary(Path(__file__).parents[2] / "templates")
RESTAURANT = {
    "zh": Facts(
        language="zh",
        signature="某省市场监管局",
        addressee="您的",
        certificate="食品经营许可证",
        action="延续",
        tail="2345",
        expires_on=date(2026, 10, 20),
        closes_on=date(2026, 9, 21),
        opens_on=date(2026, 6, 9),
        provisional=False,
        late="到期后获批前须暂停经营",
        apply_at="省政务服务网或发证机关",
        helpline="12345",
        opt_out="拒收请回复R",
    ),
    "en": Facts(
        language="en",
        signature="PROV-AMR",
        addressee="Your",
        certificate="food business licence",
        action="renew",
        tail="2345",
        expires_on=date(2026, 10, 20),
        closes_on=date(2026, 9, 21),
        opens_on=date(2026, 6, 9),
        provisional=False,
        late="If late, stop trading from expiry until approved",
        apply_at="the issuing office or online portal",
        helpline="12345",
        opt_out="Reply R to opt out",
    ),
}
BEFORE = {"renewal-prepare", "renewal-open", "renewal-last-call", "correction"}
"""Templates that advise a day to apply by."""

AFTER = {"contact-now", "renewal-overdue"}
"""Templates for the time after that day."""

EVERY_TEXT = [
    pytest.param(name, language, provisional, id=f"{name} {language} {provisional}")
    for name in sorted(WORDS.step_templates())
    for language in LANGUAGES
    for provisional in (False, True)
]
ADVISING = [one for one in EVERY_TEXT if one.values[0] in BEFORE]


def text(name: str, language: Language, **changed: object) -> str:
    return WORDS.render_sms(
        name,
        replace(RESTAURANT[language], **changed),  # type: ignore[arg-type]  # a shorthand
    )
