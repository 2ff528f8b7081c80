"""Phone and identity numbers masked in a text whose other words stay.

The rule goes by what a number looks like, because a text has no field that names it. It
takes for a phone, in the groups in which people write it and with up to four marks or
blanks of any kind between them:

- a plus and 8 to 15 digits; 00 and 11 or more digits;
- 11 digits that begin with 1, alone or after 86: 138 0000 0142, 13800000142;
- an American number: 212-555-0142, 2125550142, with or without a 1 before it;
- a national number with its zero: 010-12345678, 07700 900142, or after 86 without it;
- at least ten single digits: 2 1 2 5 5 5 0 1 4 2.

So a permit number of this form is masked in an error or a note too: 11 digits that
begin with 1, 10 that may be American, 10 to 12 that begin with one zero. Numbers with
letters, of another length, or with a year as their first group stay as they are, and so
do dates, instants, UUIDs and IP addresses. A number without its area code stays: nobody
can be called by it.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from service.domain.masking import mask_phone

_FEWEST_DIGITS: Final = 8
"""Digits of the shortest phone with its country code."""

_TOKEN: Final = re.compile(
    r"""(?P<kept>
      [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}
    | (?<!\d)(?:19|2[0-2])\d\d[-/.年](?:0?[1-9]|1[0-2])[-/.月](?:0?[1-9]|[12]\d|3[01])
      (?!\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[+-]\d\d:\d\d)?)?
    | (?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?![\d.])
    | \*{3,}(?:\d{1,4}(?!\d))?
    )
    | (?:%[0-9a-f]{2})+ | (?-i:\\u)[0-9a-f]{4} | (?-i:\\x)[0-9a-f]{2} | (?-i:\\[nrt])
    | .""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
"""UUIDs, dates, addresses and what is masked already; characters that a URL, JSON or a
traceback has escaped; any other character."""

_NUMBER: Final = re.compile(
    r"""
      (?<![0-9a-z+]) 1[3-9]\d{9} (?=[a-z]{2,12}(?![0-9a-z]))  # 13800000142wang
    | \+_?(?: 1(?:_?\d){10}(?!\d) | 86(?:_?\d){11}(?!\d) | [1-9](?:_?\d){7,14}(?!\d) )
    | (?: (?<![0-9a-z+]) | (?<=tel) | (?<=phone) | (?<=mobile) | (?<=cell) | (?<=fax)
      | (?<=wx) | (?<=vx) | (?<=weixin) )
      (?:
        # Chinese identity number, GB 11643-1999: region, day of birth, order, check
        [1-8]\d{5} _? (?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]) _?
        \d{3}[\dx]
      | [1-8]\d{5}(?:19|20)\d{9}x  # one with a mistyped day is no other number
      | 86[1-9]\d{9,10}
      | (?: (?:00_?)? 86 _? )? 1 (?:
            \d{10} | \d\d_\d{8} | \d\d_\d{3}_\d{5}
          | [3-9]\d_\d{4}_\d{4} | [0-2]\d_(?!YEAR)\d{4}_\d{4}
          | \d{6}_(?!YEAR)\d{4} | \d{3}_\d{3}_\d{4} | \d{3}_\d{4}_\d{3} )
      | (?: (?:00_?)? 1 _? )? (?:
            [2-9][0-8]\d[2-9]\d{6} | [2-9]\d\d_\d{3}_?\d{4}
          | [2-9][0-8]\d[2-9]\d\d_(?!YEAR)\d{4} )
      | 0[1-9] (?:
            \d{8,10} | \d{1,3}_\d{6,8} | \d{1,3}_(?!YEAR)\d{3,4}_\d{3,4} )
      | 00[2-9]\d(?:_?\d){7,11}
      | \d(?:_\d){9,12}
      )
      (?! \d | (?!ext|x[-\d])[a-z] )
    """.replace("_?", "-{0,4}")
    .replace("_", "-{1,4}")
    .replace("YEAR", "(?:19|20)\\d\\d"),
    re.VERBOSE,
)
"""A number in a text as `_read` simplifies it: _ is one to four marks or blanks, _? is
none to four. Latin letters may touch it only as a label or an extension."""

_WORD: Final = "字"
"""Stands for letters of other scripts and what is no number; no letter is one."""

_FILLERS: Final = "\u115f\u1160\u3164\uffa0"
"""Letters that nobody sees."""


def mask_text(text: str) -> str:
    """Mask every phone and identity number in a text: "call 212***0142 after noon"."""
    folded = text if text.isascii() else unicodedata.normalize("NFKC", text)
    if sum(map(str.isdecimal, folded)) < _FEWEST_DIGITS:
        return text
    plain, spans = _read(text)
    parts, end = [], 0
    for found in _NUMBER.finditer(plain):
        start = spans[found.start()][0]
        stop = spans[found.end() - 1][1]
        if text[:start].endswith(("(", "（")) and re.search("[)）]", text[start:stop]):
            start -= 1
        parts += [text[end:start], mask_phone(found[0])]
        end = stop
    return "".join([*parts, text[end:]])


def _read(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Simplify a text, and say for each character where it stood.

    Digits of all kinds become 0 to 9, marks and blanks -, letters small Latin ones or
    `_WORD`, which stands for what is kept too. Invisible characters are left out.
    """
    plain, spans = [], list[tuple[int, int]]()
    for token in _TOKEN.finditer(text):
        simple = _WORD if token.lastgroup == "kept" else _simplify(token[0])
        plain.append(simple)
        spans += [token.span()] * len(simple)
    return "".join(plain), spans


@lru_cache(maxsize=4096)  # the characters of most texts
def _simplify(token: str) -> str:
    if token.startswith("%"):
        token = unquote(token)
    elif len(token) > 1:
        token = token.encode().decode("unicode_escape")
    return "".join(map(_simplify_character, unicodedata.normalize("NFKC", token)))


def _simplify_character(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if character == "+":
        return character
    if character in _FILLERS or unicodedata.category(character) in {"Cf", "Mn", "Me"}:
        return ""
    if character.isalnum():
        return character.lower() if character.isascii() else _WORD
    return "-"
