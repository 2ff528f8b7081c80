"""A template tried with a mark in the place of each fact.

So its own words are told from what an office puts in, and every text that it can ever
become is looked at: conditions only ask whether a fact is there.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final
from unicodedata import normalize

from service.domain.law.rule import Language

TemplateContext = Mapping[str, object]
"""What a template is given: facts as they are said."""

_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK: Final = re.compile(f"{_OPEN}[^{_CLOSE}]*{_CLOSE}")


def marker_for(fact: str) -> str:
    """What stands for a fact; no text that was checked has such characters itself."""
    return f"{_OPEN}{fact}{_CLOSE}"


class _MissingMarker(str):
    """The mark of a fact that is not there: seen if it is said, not if asked for."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class MarkedText:
    """One text of a template with its marks.

    Of the facts that may be missing or untrue it was `given` some, `missing` others.
    """

    text: str
    language: Language
    present_facts: frozenset[str]
    missing_facts: frozenset[str]

    def mentions(self, fact: str) -> bool:
        """Whether it says a fact."""
        return marker_for(fact) in self.text

    @property
    def own_words(self) -> str:
        """Its own words, with a hole where each fact is; wide letters as plain ones."""
        return normalize("NFKC", _MARK.sub(_OPEN, self.text))

    @property
    def joined_words(self) -> str:
        """Its own words with nothing between them."""
        return _MARK.sub("", self.text)


def render_marked(
    render: Callable[[TemplateContext], str],
    language: Language,
    facts: Collection[str],
    conditional: Collection[str],
) -> Iterator[MarkedText]:
    """Render a template with every set of facts that it can meet.

    `asked` are those of its `facts` that may be missing, or untrue.
    """
    always = {fact: marker_for(fact) for fact in facts}
    for size in range(len(conditional) + 1):
        for given in map(frozenset, combinations(sorted(conditional), size)):
            missing = frozenset(conditional) - given
            said = always | {fact: _MissingMarker(marker_for(fact)) for fact in missing}
            text = _MARK.sub(lambda found: found[0].lower(), render(said))
            yield MarkedText(text, language, given, missing)
