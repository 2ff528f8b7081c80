"""Which permit field a column's heading names."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from service.domain.permits.phone import ContactRole
from service.domain.register_columns.synonyms import OTHER_WORDS, ROLES, SYNONYMS, WORDS

_ALONE: Final = frozenset({"licence", "number", "name", "to", "until", "from", "end"})
"""Words that name a field only where nothing else stands in the heading."""

_PHRASES: Final = {
    field: [
        (weight, phrase)
        for weight, phrases in by_weight.items()
        for phrase in phrases.split(", ")
    ]
    for field, by_weight in SYNONYMS.items()
}
_STOP_WORDS: Final = frozenset({"of", "the", "for", "and", "s", "code"})
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TOKEN: Final = re.compile(r"[a-z]+|#")
_HAN: Final = re.compile(r"[\u3400-\u9fff]+")
_BRACKETS: Final = re.compile(r"[(（\[【][^()（）\[\]【】]*[)）\]】]")


def score_heading(heading: str) -> dict[str, float]:
    """How surely a heading names each permit field, of 1; fields at 0 are left out.

    A phrase of `SYNONYMS` that is the whole heading has its own weight; the smaller a
    part of the heading it is, the nearer to half of it. One of `OTHER_WORDS` beside it
    leaves a fifth. What stands in brackets is left out, and Chinese and English count
    apart. The name of a permit field has 1.
    """
    han, tokens = _read(heading)
    scores: dict[str, float] = {}
    for field in SYNONYMS:
        best = max(
            (
                weight * (0.5 + 0.5 * coverage)
                for weight, coverage in _matches(field, han, tokens)
            ),
            default=0.0,
        )
        if _means_another(field, han, tokens):
            best /= 5
        if best:
            scores[field] = best
    name = heading.strip().casefold()
    return {name: 1.0} if name in SYNONYMS else scores


def find_excluded(heading: str) -> frozenset[str]:
    """The permit fields that other words of a heading exclude."""
    han, tokens = _read(heading)
    return frozenset(one for one in OTHER_WORDS if _means_another(one, han, tokens))


def find_role(heading: str) -> ContactRole | None:
    """Whose phone a heading names; None where it says none, or several."""
    han, tokens = _read(heading)
    found = [
        role
        for role, phrases in ROLES.items()
        if any(
            one in han if has_han(one) else {*read_words(one)} <= {*tokens}
            for one in phrases.split(", ")
        )
    ]
    return found[0] if len(found) == 1 else None


def has_han(text: str) -> bool:
    """Whether Chinese characters stand in a text."""
    return bool(_HAN.search(text))


def read_words(text: str) -> tuple[str, ...]:
    """The English words of a text in small letters, each in one spelling."""
    folded = _CAMEL.sub(" ", unicodedata.normalize("NFKC", text)).casefold()
    words = (WORDS.get(one, one) for one in _TOKEN.findall(folded))
    return tuple(one for one in words if one not in _STOP_WORDS)


def read_han(text: str) -> str:
    """The Chinese characters of a text."""
    return "".join(_HAN.findall(unicodedata.normalize("NFKC", text)))


def _read(heading: str) -> tuple[str, tuple[str, ...]]:
    bare = _BRACKETS.sub(" ", heading)
    bare = bare if bare.strip() else heading
    return read_han(bare), read_words(bare)


def _means_another(field: str, han: str, tokens: tuple[str, ...]) -> bool:
    others = OTHER_WORDS.get(field, "").split()
    return any(one in han or one in tokens for one in others)


def _matches(
    field: str, han: str, tokens: tuple[str, ...]
) -> Iterator[tuple[float, float]]:
    """The weights of phrases in a heading, with the part of it that each one is."""
    for weight, phrase in _PHRASES[field]:
        words = {*read_words(phrase)}
        if has_han(phrase):
            if phrase in han:
                yield weight, len(phrase) / len(han)
        elif words <= {*tokens} and (len(tokens) == 1 or phrase not in _ALONE):
            yield weight, len(words) / len(tokens)
