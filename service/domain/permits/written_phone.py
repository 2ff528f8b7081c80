"""The number in what a register writes as a phone: without notes and extension.

A number that is redacted, named a fax, or otherwise not to be texted is no number.
Letters are never dialled: 212-555-XXXX would be a stranger's phone.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final

from service.domain.untrusted.spreadsheet_cells import unwrap_cell, unwrap_float
from service.domain.untrusted.text import fold_marks, remove_invisible

_LONGEST: Final = 100
"""Characters of a phone with its notes; a longer text is no phone."""

_MOST_NOTE_DIGITS: Final = 6
"""With more digits a note in brackets holds another number."""

_NOT_TO_TEXT: Final = re.compile(
    r"(?<![a-z])(?:fax|facsimile|land ?line|pager|tty|tdd|teletype|telex|disconnected"
    r"|(?:not |out |no longer )(?:in|of) (?:service|use)|do not|don't|dnc|no (?:texts?"
    r"|sms|messages?)|wrong|invalid|deceased|former|old|inactive|dead)(?![a-z])"
    r"|传真|座机|固话|固定电话|总机|空号|停机|停用|错号|错误|原号|旧号|作废|注销"
    r"|已故|不要|不发|勿|拒收|退订",
    re.IGNORECASE,
)
"""Words that say that no text must go to the number, or that none can arrive."""

_BRACKETED: Final = re.compile(
    r"[(\[{<【〔《]([^()\[\]{}<>【】〔〕《》]*)[)\]}>】〕》]"
)
_LETTER: Final = re.compile(r"[^\W\d_]")
_LATIN: Final = re.compile(r"[A-Za-z]")
_DOT: Final = re.compile(r"[·•‧∙]")
_DOTS: Final = re.compile(r"[·•‧∙]\s*[·•‧∙]")
_EXTENSION: Final = re.compile(
    r"(?P<number>.*\d)\W*?"
    r"(?:(?:extension|extn|ext|int|x)[\s.:=#]*|(?:分机号?|转接?|内线)[\s:.#-]*|#\s*"
    r"|,\s*,[\s,]*)(?P<extension>\d{1,7})[\s)\].]*",
    re.IGNORECASE | re.DOTALL,
)
_SHORT_TAIL: Final = re.compile(
    r"(?P<number>(?:\D*\d){8}.*)[;,/、\n]\s*(?P<extension>\d{1,4})", re.DOTALL
)
_INNER_EXTENSION: Final = re.compile(
    r"(?:(?<![a-z])(?:ext|x|int)|分机|转|内线)\D*\d", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"(?:\(\s*)?(?:\+\s*)?\(?\d(?:[\d\s()\[\].~/-]*\d)?\)?")
_PLAIN: Final = re.compile(
    r"\+?\d[\d -]*\d|(?:\+\d{1,3} ?)?\(\d+\) ?\d[\d -]*\d", re.ASCII
)
"""Nothing but a number, as most cells have it: no other step would change it."""
_NOTE: Final = re.compile(r"(?:[^\W\d_]|[\s:.,;()\[\]<>/'\"&-])*")
_REDACTED: Final = re.compile(r"(?<![^\W\d_])[xX]+(?![^\W\d_])")
_LABEL: Final = re.compile(r"(?i)(?:^|[^a-z])(?:tel|phone|mobile|mob|cell|ph)$")
_BETWEEN: Final = re.compile(r"[\s:,;/.]")


@dataclass(slots=True)
class WrittenPhone:
    """A number as it is dialled, and the digits of its extension."""

    number: str = field(repr=False)
    extension: str | None = None


def read_written_phone(text: str) -> WrittenPhone | None:
    """Find the number in a text; None if there is none, or it must not be texted.

    Invisible marks, tel:, notes in brackets and words around the number are left out,
    and a number that a spreadsheet turned into 2125550142.0 is whole again. A second
    number, a redaction (X, *, #, ?) or letters that touch the digits make it none.
    """
    if len(text) > _LONGEST:
        return None
    if _PLAIN.fullmatch(text):
        return WrittenPhone(text)
    plain = fold_marks(remove_invisible(unicodedata.normalize("NFKC", text)))
    plain = unwrap_float(unwrap_cell(plain).strip("'\"` \t"))
    if _NOT_TO_TEXT.search(plain) or _DOTS.search(plain):
        return None
    plain = _BRACKETED.sub(_blank_note, _DOT.sub(".", plain))
    if split := _EXTENSION.fullmatch(plain) or _SHORT_TAIL.fullmatch(plain):
        number = _number_alone(split["number"])
        return WrittenPhone(number, split["extension"]) if number else None
    number = _number_alone(plain)
    return WrittenPhone(number) if number else None


def _number_alone(text: str) -> str | None:
    found = _NUMBER.search(text)
    if found is None:
        return None
    before, after = text[: found.start()], text[found.end() :]
    is_clear = (
        _is_note(before)
        and _is_note(after)
        and (not _touches(before[::-1]) or _LABEL.search(before))
        and not _touches(after)
    )
    return found[0] if is_clear else None


def _blank_note(bracketed: re.Match[str]) -> str:
    note = bracketed[1]
    is_note = (
        _LETTER.search(note)
        and not _REDACTED.search(note)
        and not _INNER_EXTENSION.search(note)
        and sum(map(str.isdecimal, note)) <= _MOST_NOTE_DIGITS
    )
    return " " if is_note else bracketed[0]


def _is_note(text: str) -> bool:
    return bool(_NOTE.fullmatch(text)) and not _REDACTED.search(text)


def _touches(text: str) -> bool:
    """Whether no blank or mark stands between the number and the next Latin letter."""
    letter = _LATIN.search(text)
    return letter is not None and not _BETWEEN.search(text[: letter.start()])
