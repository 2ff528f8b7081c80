"""Whether the texts of a rule fit into an SMS, before the rule is installed."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Final, Literal

from service.domain.law.rule import (
    CONTACT_NOW,
    CORRECTION,
    LANGUAGES,
    Language,
    Rule,
    Version,
)
from service.domain.lawbook.rule_check import VersionFinding
from service.domain.messages.facts import MOST_SEGMENTS, Facts
from service.domain.messages.segments import characters_outside_gsm7, measure
from service.domain.templates.longest import USUAL_OFFICE, longest_facts

RenderSms = Callable[[str, Facts], str]
"""Renders a template, by its name."""

TextCheck = Callable[[Rule, Version], Iterator[VersionFinding]]
"""`find_long_texts` with the templates in use."""

_UNITS: Final[dict[Literal["GSM-7", "UCS-2"], int]] = {
    "GSM-7": 153 * MOST_SEGMENTS,
    "UCS-2": 67 * MOST_SEGMENTS,
}
"""Units of a text that takes all the segments it may take."""


def find_long_texts(
    rule: Rule, version: Version, render: RenderSms
) -> Iterator[VersionFinding]:
    """Find the longest text in each language, if it takes more than two segments.

    Every step of the version is measured, a correction, and the call to contact the
    office where one can be sent: with the longest days, the words of a usual office,
    and what being late costs. The finding says what to shorten. A type that never
    reminds has no texts.
    """
    if rule.never:
        return
    sent = [(step.name, step.template) for step in version.steps]
    sent.append((CORRECTION, CORRECTION))
    if version.late_filing == "accepted":
        sent.append((CONTACT_NOW, CONTACT_NOW))
    for language in LANGUAGES:
        facts = list(longest_facts(rule, version, USUAL_OFFICE, language))
        texts = [
            (measure(text), text, step)
            for (step, template), one in product(sent, facts)
            for text in [render(template, one)]
        ]
        size, text, step = max(texts, key=lambda one: (one[0].segments, one[0].units))
        if size.segments > MOST_SEGMENTS:
            yield (
                "steps",
                f"{step} in {language}: {size.segments} segments ({size.units} units)",
                f"at most {MOST_SEGMENTS}: {_remedy(rule, version, text, language)}",
            )


def _remedy(rule: Rule, version: Version, text: str, language: Language) -> str:
    """Say what would make a text fit."""
    if language == "en" and (forced := characters_outside_gsm7(text)):
        return f"without {' '.join(forced)}: they force UCS-2"
    own = {
        f"{key}.{language}": value.in_language(language)
        for key, value in (
            ("certificate", rule.certificate),
            ("action", rule.action),
            ("apply_at", rule.apply_at),
            ("late", version.late),
        )
        if value
    }
    own |= {"number_tail": "0" * rule.number_tail, "helpline": rule.helpline or ""}
    shown = [key for key, words in own.items() if words and words in text]
    longest = sorted(shown, key=lambda key: -len(own[key]))[:3]
    size = measure(text)
    excess = max(1, size.units - _UNITS[size.encoding])  # a cut pair leaves a unit free
    return f"{' or '.join(longest)} shorter by {excess}"
