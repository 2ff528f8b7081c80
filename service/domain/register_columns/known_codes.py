"""Which of our rules and offices a register's words mean."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from service.domain.nearest import find_nearest
from service.domain.register_columns.headings import has_han, read_han, read_words

MOST_NEAREST: Final = 3
"""Codes that a question offers."""

CHOSEN_FROM: Final = 0.6
"""From this likeness on a word means a rule, of 1."""

_LICENCE_WORDS: Final = frozenset({"licence", "type", "bodie", "a", "or", "in"})
"""As `_subject` reads them."""
_HAN_ENDINGS: Final = (
    *("许可证书", "许可证", "登记证", "注册证", "证书"),
    *("许可", "登记", "注册", "证"),
)


@dataclass(frozen=True, slots=True)
class KnownCode:
    """A rule or an office of ours by its names in Chinese and English, the best first.

    A later name, such as that of a certificate, may be that of other rules as well.
    """

    code: str
    zh: tuple[str, ...]
    en: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodeChoice:
    """The codes that some words mean.

    `sure` has a code for each word that means one; `nearest` offers codes for the
    others. `share` is the part of the rows with a sure word, of 1.
    """

    sure: Mapping[str, str]
    nearest: Mapping[str, tuple[str, ...]]
    share: float

    @property
    def only(self) -> str | None:
        """The one code of all rows; None where there are several or unsure words."""
        codes = {*self.sure.values()}
        return codes.pop() if len(codes) == 1 and not self.nearest else None


def choose_rules(words: Mapping[str, int], rules: Collection[KnownCode]) -> CodeChoice:
    """Find the rules that words with their counts mean."""
    sure: dict[str, str] = {}
    nearest: dict[str, tuple[str, ...]] = {}
    for word in words:
        ranked = rank_rules(word, rules)
        if ranked and ranked[0][0] >= CHOSEN_FROM and is_clear(ranked):
            sure[word] = ranked[0][1]
        else:
            nearest[word] = tuple(code for _, code in ranked[:MOST_NEAREST])
    total = sum(words.values())
    share = sum(words[word] for word in sure) / total if total else 0.0
    return CodeChoice(sure, nearest, share)


def choose_offices(
    words: Mapping[str, int], offices: Collection[KnownCode]
) -> CodeChoice:
    """Find the offices that words with their counts name, as they are written."""
    codes = {
        name.casefold(): office.code
        for office in offices
        for name in (office.code, *office.zh, *office.en)
    }
    sure = {word: codes[word.casefold()] for word in words if word.casefold() in codes}
    total = sum(words.values())
    share = sum(words[word] for word in sure) / total if total else 0.0
    nearest = {
        word: tuple(codes[name] for name in find_nearest(word, codes, MOST_NEAREST))
        for word in words
        if word not in sure
    }
    return CodeChoice(sure, nearest, share)


def is_clear(ranked: list[tuple[float, str]]) -> bool:
    """Whether the likeliest rule is likelier than the next."""
    return len(ranked) == 1 or ranked[0][0] - ranked[1][0] >= 0.05


def longest_name_in(text: str, rules: Iterable[KnownCode]) -> str | None:
    """The longest name of a rule that stands in a text such as a title, if one does.

    Names of one English word are left out: they stand in too many others.
    """
    folded = text.casefold()
    names = (
        name
        for rule in rules
        for name in (*rule.zh, *rule.en)
        if name.casefold() in folded and (has_han(name) or " " in name)
    )
    return max(names, key=len, default=None)


def rank_rules(text: str, rules: Iterable[KnownCode]) -> list[tuple[float, str]]:
    """The rules that a text may mean with their likeness of 1, the likeliest first.

    Likeness is the part of the words, for Chinese of the pairs of characters, that text
    and name share. A text that is a code has 1. Chinese texts are compared with Chinese
    names, so that an English register finds no Chinese law.
    """
    scored = [(_likeness(text, rule), rule.code) for rule in rules]
    return sorted(
        (one for one in scored if one[0] >= 0.2), key=lambda one: (-one[0], one[1])
    )


def _likeness(text: str, rule: KnownCode) -> float:
    if text.strip() == rule.code:
        return 1.0
    if has_han(text):
        asked = _pairs(text)
        return _best(_overlap(asked, _pairs(name)) for name in rule.zh)
    if rule.code.startswith("cn-"):
        return 0.0
    words = _subject(text)
    return _best(_overlap(words, _subject(name)) for name in rule.en)


def _best(overlaps: Iterable[float]) -> float:
    return max((one * 0.9**place for place, one in enumerate(overlaps)), default=0.0)


def _overlap(asked: frozenset[str], known: frozenset[str]) -> float:
    """The share of words in common: of those asked for mostly, of the name's less."""
    if not asked or not known:
        return 0.0
    common = len(asked & known)
    return 0.75 * common / len(asked) + 0.25 * common / len(known)


def _subject(name: str) -> frozenset[str]:
    words = {one.removesuffix("s") for one in read_words(name)}
    return frozenset(words - _LICENCE_WORDS)


def _pairs(name: str) -> frozenset[str]:
    plain = read_han(name)
    for ending in _HAN_ENDINGS:
        if plain.endswith(ending) and len(plain) > len(ending) + 1:
            plain = plain.removesuffix(ending)
            break
    return frozenset(plain[place : place + 2] for place in range(len(plain) - 1))
