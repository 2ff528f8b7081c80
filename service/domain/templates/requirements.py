"""The requirements of each template: its facts, its checks, its longest text."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from service.domain.errors import Mistake
from service.domain.law.rule import CONTACT_NOW, CORRECTION, Language
from service.domain.lawbook.law import Law
from service.domain.messages.digest import (
    DIGEST,
    DIGEST_FACT_NAMES,
    DIGEST_ITEM,
    ITEM_FACT_NAMES,
)
from service.domain.messages.facts import FACT_NAMES, MOST_SEGMENTS
from service.domain.messages.segments import SmsSize, characters_outside_gsm7, measure
from service.domain.templates.checks import (
    CONTACT_FACTS,
    OFFICE_FACTS,
    PERMIT_FACTS,
    TextCheck,
    check_advice,
    check_english_advice,
    check_free,
    check_gsm7,
    check_inclusive_day,
    check_no_closing,
    check_no_urging,
    check_optional_facts,
    check_signature,
    check_wording,
    require_facts,
)
from service.domain.templates.longest import (
    longest_digest_values,
    longest_item_values,
    longest_values,
)
from service.domain.templates.trial_render import (
    MarkedText,
    TemplateContext,
    render_marked,
)

_TAIL: Final = {"tail": "the end of the permit's number"}
_TAILS: Final = {"tails": "the ends of the permits' numbers"}
_ITEMS: Final = {"items": "which permits"}

ANY_PART_CHECKS: Final = (check_optional_facts, check_wording, check_gsm7)
"""Checks of every template, also of digest items."""

SINGLE_PERMIT_CHECKS: Final = (
    check_signature,
    require_facts(PERMIT_FACTS, _TAIL, CONTACT_FACTS),
    check_free,
    *ANY_PART_CHECKS,
)
"""Checks of every template about one permit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRequirements:
    """What a template may use, and what its texts must fulfil.

    `optional` facts may be missing; `flags` are facts that only conditions use.
    `longest_values(template, language, law)` gives the longest values to try; with them
    a text may take at most `MOST_SEGMENTS`.
    """

    facts: frozenset[str] = FACT_NAMES
    optional: frozenset[str] = frozenset({"opens_on", "late", "grace_ends_on"})
    flags: frozenset[str] = frozenset({"provisional", "opened"})
    checks: tuple[TextCheck, ...] = SINGLE_PERMIT_CHECKS
    longest_values: Callable[
        [str, Language, Law | None], Iterable[tuple[str, TemplateContext]]
    ] = longest_values


DEFAULT_REQUIREMENTS: Final = TemplateRequirements()
"""The requirements of a template that is not in `REQUIREMENTS`."""

REQUIREMENTS: Final[Mapping[str, TemplateRequirements]] = {
    # Must not urge: where the new term runs from the decision, early filing costs time.
    "renewal-prepare": TemplateRequirements(
        checks=(*SINGLE_PERMIT_CHECKS, check_advice, check_no_urging)
    ),
    "renewal-open": TemplateRequirements(checks=(*SINGLE_PERMIT_CHECKS, check_advice)),
    "renewal-last-call": TemplateRequirements(
        checks=(*SINGLE_PERMIT_CHECKS, check_advice)
    ),
    "renewal-overdue": TemplateRequirements(
        checks=(*SINGLE_PERMIT_CHECKS, check_no_closing)
    ),
    CORRECTION: TemplateRequirements(
        checks=(*SINGLE_PERMIT_CHECKS, check_advice, check_no_urging)
    ),
    # Its holder calls or goes to the office: nobody can call a portal.
    CONTACT_NOW: TemplateRequirements(
        checks=(
            check_signature,
            require_facts(PERMIT_FACTS, _TAIL, OFFICE_FACTS),
            check_free,
            *ANY_PART_CHECKS,
            check_no_closing,
        )
    ),
    DIGEST: TemplateRequirements(
        facts=DIGEST_FACT_NAMES,
        # Always given today; templates saved earlier may ask whether it is.
        optional=frozenset({"action", "late"}),
        flags=frozenset({"agent", "opened"}),
        checks=(
            check_signature,
            require_facts(_ITEMS, CONTACT_FACTS),
            check_free,
            check_english_advice,
            *ANY_PART_CHECKS,
        ),
        longest_values=longest_digest_values,
    ),
    DIGEST_ITEM: TemplateRequirements(
        facts=ITEM_FACT_NAMES,
        optional=frozenset({"opens_on"}),
        checks=(
            require_facts(PERMIT_FACTS, _TAILS),
            check_inclusive_day,
            *ANY_PART_CHECKS,
        ),
        longest_values=longest_item_values,
    ),
}
"""The requirements of each template, by its name."""


@dataclass(frozen=True, slots=True)
class LongestRendering:
    """The longest text of a template, its size, and the origin of its values."""

    text: str
    size: SmsSize
    values_from: str


def requirements_of(name: str) -> TemplateRequirements:
    """Look up the requirements of a template."""
    return REQUIREMENTS.get(name, DEFAULT_REQUIREMENTS)


def names_closing(name: str) -> bool:
    """Whether texts by a template name the closing: not once it is past."""
    return check_no_closing not in requirements_of(name).checks


def render_longest(
    name: str,
    language: Language,
    render: Callable[[TemplateContext], str],
    law: Law | None,
) -> LongestRendering:
    """Find the longest text of a template: most segments, then most units."""
    renderings = [
        LongestRendering(text, measure(text), source)
        for source, values in requirements_of(name).longest_values(name, language, law)
        for text in [render(values)]
    ]
    return max(renderings, key=lambda one: (one.size.segments, one.size.units))


def avoidable_ucs2_characters(text: str, language: Language) -> tuple[str, ...]:
    """List what forces an English text into UCS-2; Chinese texts need UCS-2 anyway."""
    return characters_outside_gsm7(text) if language == "en" else ()


def find_mistakes(
    name: str,
    language: Language,
    render: Callable[[TemplateContext], str],
    longest: LongestRendering,
) -> list[Mistake]:
    """Find everything that is wrong with the texts of a template, each mistake once.

    If only some renderings are wrong, the mistake says with or without which facts.
    """
    required = requirements_of(name)
    texts = list(
        render_marked(
            render, language, required.facts, required.optional | required.flags
        )
    )
    found = dict[tuple[str, str], list[MarkedText]]()
    for check in required.checks:
        for text in texts:
            for finding in check(text):
                found.setdefault(finding, []).append(text)
    mistakes = [
        Mistake("text", what + _affected_texts(where, texts), expected)
        for (what, expected), where in found.items()
    ]
    return [*mistakes, *_too_long(longest, language)]


def _affected_texts(affected: list[MarkedText], texts: list[MarkedText]) -> str:
    """Name the facts with which texts are affected; empty if all texts are."""
    if len(affected) == len(texts):
        return ""
    present = frozenset.intersection(*(text.present_facts for text in affected))
    missing = frozenset.intersection(*(text.missing_facts for text in affected))
    conditions = [*sorted(present), *(f"not {fact}" for fact in sorted(missing))]
    return f" if {' and '.join(conditions)}" if conditions else " in some texts"


def _too_long(longest: LongestRendering, language: Language) -> Iterator[Mistake]:
    size, allowed = longest.size, MOST_SEGMENTS
    if size.segments > allowed:
        forced = " ".join(avoidable_ucs2_characters(longest.text, language))
        why = f", forced by {forced}" if forced else ""
        found = f"{size.segments} segments, {size.units} units of {size.encoding}{why}"
        units = f"{67 * allowed} units of UCS-2, {153 * allowed} of GSM-7"
        expected = f"at most {allowed}: {units}"
        yield Mistake("text", f"{found} for {longest.values_from}", expected)
