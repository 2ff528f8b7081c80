"""The longest values with which a template must still fit into its segments."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Final
from zoneinfo import ZoneInfo

from service.domain.deadlines.window import Window
from service.domain.law.authority import Authority
from service.domain.law.rule import (
    LANGUAGES,
    BilingualText,
    Language,
    Rule,
    Version,
)
from service.domain.lawbook.law import Law
from service.domain.messages.facts import Facts, gather_facts
from service.domain.templates.trial_render import TemplateContext

_ITEMS: Final[Mapping[Language, str]] = {
    "zh": "食品经营许可证（尾号0142、0143）2027年6月30日到期，"
    "建议最迟5月18日（含当日）",
    "en": "Food Business Licence (ending 0142, 0143), expiry 30 Jun 2027, "
    "apply by 18 May 2027 (inclusive)",
}
"""The items of a usual digest: two permits that differ in their numbers only.

A longer digest is split, down to the texts about single permits.
"""

_DIGESTED_TEMPLATES: Final = ("renewal-prepare", "renewal-open", "renewal-last-call")
"""The templates of steps whose texts a digest may join."""

LONGEST_WINDOWS: Final = (
    # The longest way to write days: in the year before the expiry, in a long month.
    (date(2027, 6, 30), date(2026, 6, 30), date(2026, 12, 30)),
    (date(2027, 3, 31), date(2026, 3, 31), date(2026, 9, 30)),
)
"""(expiry, opening, closing)."""

_LONGEST_GRACE: Final = date(2028, 6, 30)

_SAMPLE_WINDOW: Final = Window(
    *LONGEST_WINDOWS[0], LONGEST_WINDOWS[0][2], provisional=False
)
_LONG_AGO: Final = date.min

_LONGEST_CERTIFICATE: Final[Mapping[Language, Facts]] = {
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
"""The facts with the longest certificate name of the catalogue; without an opening."""

_LONGEST_NUMBER: Final[Mapping[Language, Facts]] = {
    "zh": replace(
        _LONGEST_CERTIFICATE["zh"],
        addressee="贵单位",
        certificate="移动式压力容器充装许可证",
        action="换证",
        tail="0123-2027",
        opens_on=date.max,
        late="到期未换证的须停止充装",
    ),
    "en": replace(
        _LONGEST_CERTIFICATE["en"],
        certificate="Mobile Pressure Vessel Filling Licence",
        action="renew",
        tail="0123-2027",
        opens_on=date.max,
        late="If late, stop filling at expiry",
    ),
}
"""The facts with the longest number, and with an opening."""


def _usual(word: str) -> BilingualText:
    zh, en = (getattr(_LONGEST_CERTIFICATE[one], word) for one in LANGUAGES)
    return BilingualText(zh, en)


USUAL_OFFICE: Final = Authority(
    code="usual",
    name=_usual("signature"),
    zone=ZoneInfo("UTC"),
    calendar="none",
    signature=_usual("signature"),
    apply_at=_usual("apply_at"),
    helpline=_LONGEST_CERTIFICATE["zh"].helpline,
    opt_out=_usual("opt_out"),
)
"""An office with words of the usual length, to measure a rule that no office has."""


def longest_values(
    name: str, language: Language, law: Law | None
) -> Iterator[tuple[str, TemplateContext]]:
    """The longest values of a template about one permit, each with a name for errors.

    First those of the shipped catalogue, then those of every installed rule that may
    send the template, with the words of every sending office on the rule's calendar.
    """
    for facts in (_LONGEST_CERTIFICATE[language], _LONGEST_NUMBER[language]):
        for variant in (facts, replace(facts, late=None)):
            for dated in _in_windows(variant):
                yield "the longest certificate and number", dated.template_values()
    if law is None:
        return
    senders = [office for office in law.authorities.values() if office.sends]
    for (rule, version), office in product(law.versions_with_template(name), senders):
        if office.calendar == rule.calendar:
            source = f"{rule.code} in {office.code}"
            for facts in longest_facts(rule, version, office, language):
                yield source, facts.template_values()


def longest_facts(
    rule: Rule, version: Version, office: Authority, language: Language
) -> Iterator[Facts]:
    """The facts of a version's longest texts, sent by an office."""
    facts = gather_facts(
        rule,
        version,
        _SAMPLE_WINDOW,
        office,
        "0" * rule.number_tail,
        language,
        today=_LONG_AGO,
    )
    return _in_windows(facts if version.opens else replace(facts, opens_on=None))


def longest_item_values(
    _: str, language: Language, law: Law | None
) -> Iterator[tuple[str, TemplateContext]]:
    """The longest values of a digest item about one permit."""
    for template in _DIGESTED_TEMPLATES:
        for source, values in longest_values(template, language, law):
            yield source, {**values, "tails": values["tail"]}


def longest_digest_values(
    _: str, language: Language, law: Law | None
) -> Iterator[tuple[str, TemplateContext]]:
    """The values of a digest of two permits with each office's and each rule's words.

    Without what being late costs: where it does not fit, the digest is split.
    """
    for template in _DIGESTED_TEMPLATES:
        for source, values in longest_values(template, language, law):
            for agent in (False, True):
                around = {"agent": agent, "count": 2, "late": None}
                yield source, {**values, **around, "items": _ITEMS[language]}


def _in_windows(facts: Facts) -> Iterator[Facts]:
    for (expires_on, opens_on, closes_on), provisional in product(
        LONGEST_WINDOWS, (False, True)
    ):
        dated = replace(
            facts,
            expires_on=expires_on,
            opens_on=opens_on if facts.opens_on else None,
            closes_on=closes_on,
            provisional=provisional,
            grace_ends_on=_LONGEST_GRACE,
        )
        yield dated
        if facts.opens_on:
            yield replace(dated, opens_on=None, opened=True)
