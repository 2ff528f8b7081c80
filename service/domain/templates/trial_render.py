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

Said = Mapping[str, object]
"""What a template is given: facts as they are said."""

_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK: Final = re.compile(f"{_OPEN}[^{_CLOSE}]*{_CLOSE}")


def mark(fact: str) -> str:
    """What stands for a fact; no text that was checked has such characters itself."""
    return f"{_OPEN}{fact}{_CLOSE}"


class _Missing(str):
    """The mark of a fact that is not there: seen if it is said, not if asked for."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Marked:
    """One text of a template with its marks.

    Of the facts that may be missing or untrue it was `given` some, `missing` others.
    """

    text: str
    language: Language
    given: frozenset[str]
    missing: frozenset[str]

    def names(self, fact: str) -> bool:
        """Whether it says a fact."""
        return mark(fact) in self.text

    @property
    def own(self) -> str:
        """Its own words, with a hole where each fact is; wide letters as plain ones."""
        return normalize("NFKC", _MARK.sub(_OPEN, self.text))

    @property
    def bare(self) -> str:
        """Its own words with nothing between them."""
        return _MARK.sub("", self.text)


def marked(
    render: Callable[[Said], str],
    language: Language,
    facts: Collection[str],
    asked: Collection[str],
) -> Iterator[Marked]:
    """Render a template with every set of facts that it can meet.

    `asked` are those of its `facts` that may be missing, or untrue.
    """
    always = {fact: mark(fact) for fact in facts}
    for size in range(len(asked) + 1):
        for given in map(frozenset, combinations(sorted(asked), size)):
            missing = frozenset(asked) - given
            said = always | {fact: _Missing(mark(fact)) for fact in missing}
            text = _MARK.sub(lambda found: found[0].lower(), render(said))
            yield Marked(text, language, given, missing)
