"""What is asked of a template: which facts it may use, what its texts must fulfil."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from service.domain.errors import Mistake
from service.domain.law.rule import CONTACT_NOW, CORRECTION, Language
from service.domain.lawbook.law import Law
from service.domain.messages.digest import DIGEST, DIGEST_FACTS, ITEM, ITEM_FACTS
from service.domain.messages.facts import FACTS
from service.domain.messages.segments import Size, forcing, measure
from service.domain.templates.checks import (
    TURN,
    WHICH,
    Check,
    advised,
    advises,
    calm,
    free,
    includes,
    lasting,
    naming,
    past,
    plain,
    signed,
    spelt,
)
from service.domain.templates.longest import longest, longest_digest, longest_item
from service.domain.templates.trial_render import Marked, Said, marked

_TAIL: Final = {"tail": "the end of the permit's number"}
_TAILS: Final = {"tails": "the ends of the permits' numbers"}
_ITEMS: Final = {"items": "which permits"}

OPEN: Final = (lasting, plain, spelt)
"""What holds for every part of a text."""

ALWAYS: Final = (signed, naming(WHICH, _TAIL, TURN), free, *OPEN)
"""What holds for every text about one permit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What a template may use, and what is looked at in its texts.

    Of its `facts` the `optional` may be missing, and the `flags` are only asked for.
    `longest` gives the longest facts it meets, by the law where there is one; with
    them it may take as many as `most_segments`.
    """

    facts: frozenset[str] = FACTS
    optional: frozenset[str] = frozenset({"opens_on", "late"})
    flags: frozenset[str] = frozenset({"provisional"})
    checks: tuple[Check, ...] = ALWAYS
    longest: Callable[[str, Language, Law | None], Iterable[tuple[str, Said]]] = longest
    most_segments: int = 2


PLAIN: Final = Demands()
"""What is asked of a template that is not in the table."""

DEMANDS: Final[Mapping[str, Demands]] = {
    # where the new term runs from the decision, a first word must not urge
    "renewal-prepare": Demands(checks=(*ALWAYS, advises, calm)),
    "renewal-open": Demands(checks=(*ALWAYS, advises)),
    "renewal-last-call": Demands(checks=(*ALWAYS, advises)),
    "renewal-overdue": Demands(checks=(*ALWAYS, past)),
    CORRECTION: Demands(checks=(*ALWAYS, advises, calm)),
    CONTACT_NOW: Demands(checks=(*ALWAYS, past)),
    DIGEST: Demands(
        facts=DIGEST_FACTS,
        optional=frozenset({"action", "late"}),
        flags=frozenset({"agent"}),
        checks=(signed, naming(_ITEMS, TURN), free, advised, *OPEN),
        longest=longest_digest,
        most_segments=4,  # two permits: no more than two texts of their own take
    ),
    ITEM: Demands(
        facts=ITEM_FACTS,
        optional=frozenset({"opens_on"}),
        checks=(naming(WHICH, _TAILS), includes, *OPEN),
        longest=longest_item,
    ),
}
"""By the name of the template."""


@dataclass(frozen=True, slots=True)
class Longest:
    """A text at its longest, its size, and whose values make it so."""

    text: str
    size: Size
    whose: str


def demands(name: str) -> Demands:
    """Look up what is asked of a template."""
    return DEMANDS.get(name, PLAIN)


def at_longest(
    name: str, language: Language, render: Callable[[Said], str], law: Law | None
) -> Longest:
    """Find the longest text of a template: most segments, then most units."""
    told = [
        Longest(text, measure(text), whose)
        for whose, said in demands(name).longest(name, language, law)
        for text in [render(said)]
    ]
    return max(told, key=lambda one: (one.size.segments, one.size.units))


def forced_by(text: str, language: Language) -> tuple[str, ...]:
    """List what forces a text into UCS-2 that could do without: Chinese cannot."""
    return forcing(text) if language == "en" else ()


def mistakes(
    name: str, language: Language, render: Callable[[Said], str], most: Longest
) -> list[Mistake]:
    """Find everything that is wrong with the texts of a template, each thing once.

    Where only some texts are wrong it says which: those with or without some facts.
    """
    asked = demands(name)
    tried = list(marked(render, language, asked.facts, asked.optional | asked.flags))
    found = dict[tuple[str, str], list[Marked]]()
    for check in asked.checks:
        for one in tried:
            for finding in check(one):
                found.setdefault(finding, []).append(one)
    wrong = [
        Mistake("text", what + _only(where, tried), expected)
        for (what, expected), where in found.items()
    ]
    return [*wrong, *_too_long(most, language, asked.most_segments)]


def _only(where: list[Marked], tried: list[Marked]) -> str:
    """Say which of the texts tried are meant, unless it is all of them."""
    if len(where) == len(tried):
        return ""
    given = frozenset.intersection(*(one.given for one in where))
    missing = frozenset.intersection(*(one.missing for one in where))
    told = [*sorted(given), *(f"not {fact}" for fact in sorted(missing))]
    return f" if {' and '.join(told)}" if told else " in some texts"


def _too_long(most: Longest, language: Language, allowed: int) -> Iterator[Mistake]:
    size = most.size
    if size.segments > allowed:
        forced = " ".join(forced_by(most.text, language))
        why = f", forced by {forced}" if forced else ""
        found = f"{size.segments} segments, {size.units} units of {size.encoding}{why}"
        units = f"{67 * allowed} units of UCS-2, {153 * allowed} of GSM-7"
        expected = f"at most {allowed}: {units}"
        yield Mistake("text", f"{found} for {most.whose}", expected)
