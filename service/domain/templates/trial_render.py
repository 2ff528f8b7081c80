"""Render a template with a marker in the place of each fact.

The markers separate the template's own words from the facts. Conditions in a template
may only test whether a fact is present, so trying every set of present facts gives
every text that the template can become.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final
from unicodedata import normalize

from service.domain.law.rule import Language

TemplateContext = Mapping[str, object]
"""The values that a template is rendered with: facts by name, days in words."""

_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK: Final = re.compile(f"{_OPEN}[^{_CLOSE}]*{_CLOSE}")


def marker_for(fact: str) -> str:
    """The marker of a fact, in private-use characters that no checked text contains."""
    return f"{_OPEN}{fact}{_CLOSE}"


class _MissingMarker(str):
    """The marker of a missing fact: false in a condition, visible if it is rendered."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class MarkedText:
    """One rendering of a template, with markers.

    `present_facts` and `missing_facts` divide the facts that may be missing or false.
    """

    text: str
    language: Language
    present_facts: frozenset[str]
    missing_facts: frozenset[str]

    def mentions(self, fact: str) -> bool:
        """Whether the text contains a fact."""
        return marker_for(fact) in self.text

    @property
    def own_words(self) -> str:
        """The template's own words, a placeholder for each fact; normalised by NFKC."""
        return normalize("NFKC", _MARK.sub(_OPEN, self.text))

    @property
    def joined_words(self) -> str:
        """The template's own words, with the facts removed."""
        return _MARK.sub("", self.text)


def render_marked(
    render: Callable[[TemplateContext], str],
    language: Language,
    facts: Collection[str],
    conditional: Collection[str],
) -> Iterator[MarkedText]:
    """Render a template with every set of facts that may be present.

    `conditional` are those of its `facts` that may be missing or false.
    """
    all_present = {fact: marker_for(fact) for fact in facts}
    for size in range(len(conditional) + 1):
        for present in map(frozenset, combinations(sorted(conditional), size)):
            missing = frozenset(conditional) - present
            values = all_present | {
                fact: _MissingMarker(marker_for(fact)) for fact in missing
            }
            text = _MARK.sub(lambda found: found[0].lower(), render(values))
            yield MarkedText(text, language, present, missing)
