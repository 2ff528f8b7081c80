"""Whether the texts of a rule fit into an SMS, before the rule is installed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

from service.domain.law.authority import Authority
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
from service.domain.messages.segments import (
    SmsSize,
    characters_outside_gsm7,
    measure,
)
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

    They are measured with the words of a usual office. The finding says what to
    shorten. A type that never reminds has no texts.
    """
    if rule.never:
        return
    for language in LANGUAGES:
        longest = find_longest_text(rule, version, USUAL_OFFICE, language, render)
        if longest.size.segments > MOST_SEGMENTS:
            own = {"number_tail": "0" * rule.number_tail}
            own |= {"helpline": rule.helpline or ""}
            for key in ("certificate", "action", "apply_at"):
                if words := getattr(rule, key):
                    own[f"{key}.{language}"] = words.in_language(language)
            if version.late:
                own[f"late.{language}"] = version.late.in_language(language)
            yield (
                "steps",
                f"{longest.step} in {language}: {longest.describe_size()}",
                f"at most {MOST_SEGMENTS}: {longest.remedy(own)}",
            )


@dataclass(frozen=True, slots=True)
class LongestText:
    """The longest text of a version in one language, and the step that sends it."""

    step: str
    language: Language
    text: str
    size: SmsSize

    def describe_size(self) -> str:
        """Its size, for errors: "3 segments (142 units)"."""
        return f"{self.size.segments} segments ({self.size.units} units)"

    def remedy(self, words: Mapping[str, str]) -> str:
        """Say which of these words, by their names, to shorten by how much."""
        if self.language == "en" and (forced := characters_outside_gsm7(self.text)):
            return f"without {' '.join(forced)}: they force UCS-2"
        shown = [key for key, value in words.items() if value and value in self.text]
        longest = sorted(shown, key=lambda key: -len(words[key]))[:3]
        # A pair that is cut between two segments leaves a unit free.
        excess = max(1, self.size.units - _UNITS[self.size.encoding])
        return f"{' or '.join(longest)} shorter by {excess}"


def find_longest_text(
    rule: Rule,
    version: Version,
    office: Authority,
    language: Language,
    render: RenderSms,
) -> LongestText:
    """The longest text of a version that an office sends, with what being late costs.

    Of every step, of a correction, and of the call to contact the office where one can
    be sent, with the longest days.
    """
    sent = [(step.name, step.template) for step in version.steps]
    sent.append((CORRECTION, CORRECTION))
    if version.late_filing == "accepted":
        sent.append((CONTACT_NOW, CONTACT_NOW))
    facts = list(longest_facts(rule, version, office, language))
    texts = [
        LongestText(step, language, text, measure(text))
        for (step, template), one in product(sent, facts)
        for text in [render(template, one)]
    ]
    return max(texts, key=lambda one: (one.size.segments, one.size.units))
