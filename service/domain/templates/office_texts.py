"""Whether the texts of an office fit into an SMS, before its words are installed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from service.domain.law.authority import Authority
from service.domain.law.rule import LANGUAGES, Language
from service.domain.lawbook.law import Law
from service.domain.messages.facts import MOST_SEGMENTS
from service.domain.messages.plain_marks import fold_marks
from service.domain.messages.segments import characters_outside_gsm7, measure
from service.domain.templates.longest import USUAL_OFFICE
from service.domain.templates.rule_texts import (
    LongestText,
    RenderSms,
    find_longest_text,
)


def find_long_office_texts(
    offices: Iterable[Authority], law: Law, render: RenderSms
) -> Iterator[str]:
    """Find what the words of offices make longer than two segments, a line each.

    Such a text loses what being late costs, or takes a third segment. Offices are
    measured in each language with every installed type of their calendar. An office
    whose words are those that `law` has, or usual ones, is not.
    """
    for office in offices:
        former = law.authorities.get(office.code)
        is_known = former is not None and former.sends
        for language in LANGUAGES if office.sends else ():
            words = _words_of(office, language)
            if is_known and former and _words_of(former, language) == words:
                continue
            if not _is_usual(words, language):
                yield from _find_long(office, words, language, law, render)


def _find_long(
    office: Authority,
    words: Mapping[str, str],
    language: Language,
    law: Law,
    render: RenderSms,
) -> Iterator[str]:
    by_rule = defaultdict[str, list[LongestText]](list)
    for rule in law.rules.values():
        if rule.calendar != office.calendar or rule.never:
            continue
        for version in rule.versions:
            text = find_longest_text(rule, version, office, language, render)
            if text.size.segments > MOST_SEGMENTS:
                by_rule[rule.code].append(text)
    if not by_rule:
        return
    code, longest = max(
        ((code, text) for code, texts in by_rule.items() for text in texts),
        key=lambda one: (one[1].size.segments, one[1].size.units),
    )
    others = len(by_rule) - 1
    yield (
        f"{office.code}: {longest.step} of {code} in {language}: "
        f"{longest.describe_size()}, expected at most {MOST_SEGMENTS}: "
        f"{longest.remedy(words)}"
        + (f"; other types too long as well: {others}" if others else "")
    )


def _words_of(office: Authority, language: Language) -> dict[str, str]:
    """The words of an office in its texts, by their names, as texts have them."""
    words = {
        f"{name}.{language}": getattr(office, name).in_language(language)
        for name in ("signature", "apply_at", "opt_out")
    } | {"helpline": office.helpline}
    return {name: fold_marks(value, language) for name, value in words.items()}


def _is_usual(words: Mapping[str, str], language: Language) -> bool:
    """Whether no word is longer than the one with which rules were measured."""
    return all(
        measure(value).units <= measure(_USUAL[language][name]).units
        and (language == "zh" or not characters_outside_gsm7(value))
        for name, value in words.items()
    )


_USUAL: Final = {language: _words_of(USUAL_OFFICE, language) for language in LANGUAGES}
