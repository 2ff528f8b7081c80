"""Fold typographic marks: one of them would double what an English text costs."""

import unicodedata
from typing import Final

from service.domain.law.rule import Language
from service.domain.messages.segments import ALPHABET

_MARKS: Final = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d", "-")
    | dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4\u0060", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"')
    | {"\u2022": "-", "\u00b7": "-", "\u00d7": "x", "\u2044": "/"}
)
"""Marks that NFKC leaves as they are, and what a plain text writes for them."""


def fold_marks(words: str, language: Language) -> str:
    """Remove marks that nobody sees; in English, write what GSM-7 has for the others.

    Dashes become hyphens, curly quotes straight ones, full-width characters and
    accented letters that GSM-7 lacks plain ones. What has no plain form stays.
    """
    seen = words if words.isprintable() else _without_unseen(words)
    if language == "zh" or ALPHABET.issuperset(seen):
        return seen
    return "".join(c if c in ALPHABET else _plain(c) for c in seen)


def _without_unseen(words: str) -> str:
    return "".join(c for c in words if unicodedata.category(c) != "Cf")


def plain_ending(tail: str) -> str:
    """The end of a number as an English text names it, without Chinese characters."""
    return "".join(c for c in fold_marks(tail, "en") if c in ALPHABET).strip()


def _plain(character: str) -> str:
    marked = character.translate(_MARKS)
    letters = unicodedata.normalize("NFKD", marked)
    plain = "".join(c for c in letters if not unicodedata.combining(c))
    return plain.translate(_MARKS) if ALPHABET.issuperset(plain) else marked
