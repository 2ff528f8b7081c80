"""What would repair a wrong value of a register: the cell, or a key of its mapping."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from service.domain.errors import Mistake
from service.domain.permits.permit_fields import DATES
from service.domain.permits.row_permit import SKIP
from service.domain.register_columns.date_forms import CERTAIN, NO_EXPIRY, read_forms
from service.domain.register_columns.status_words import our_status
from service.domain.untrusted.spreadsheet_cells import (
    find_damage,
    is_error,
    is_placeholder,
    unwrap_cell,
)
from service.domain.untrusted.text import mask_digits, remove_invisible, safe_label
from service.domain.untrusted.written_date import DateForms, read_day

REGISTERED: Final = "the number of a permit of the register"
"""What is expected of a filed renewal, with the register's name behind it."""

ROW: Final = "row"
"""The field of a mistake that is about a row as a whole."""

_TIMES: Final = ("%H:%M", "%H:%M:%S", "%H:%M:%SZ", "%H:%M:%S.%fZ")
_TIMED: Final = tuple(f"%Y-%m-%d{mark}{time}" for mark in "T " for time in _TIMES)
"""Formats that say of an instant that only its day counts."""

_SAME_WORD: Final = 0.85
"""Likeness in `get_close_matches`, of 1, from which a code was only mistyped."""

_CHOICES: Final[Mapping[str, str]] = {
    "status": '"active", "suspended", "withdrawn" or "skip"',
    "language": '"zh" or "en"',
}
_FILING_STATES: Final = '"filed", "withdrawn", "refused" or "skip"'
_NAME_OFFICE: Final = 'add to the mapping: authority = "CODE"'
_FILL_IN: Final[Mapping[str, str]] = {
    "rule": 'fill it in, or add to the mapping: rule = "CODE"',
    "authority": f"fill it in, or {_NAME_OFFICE}",
    "expires_on": "fill it in; where empty means no end, add to the mapping, below "
    '[values.expires_on]: "" = "no expiry"',
}
_BY_EXPECTED: Final[Mapping[str, str]] = {
    "one meaning": "write it as 2026-12-31, or keep one of its formats in the mapping",
    "two_digit_years_from": "write years of four digits, or add to the mapping the "
    "first year that two digits stand for, such as: two_digit_years_from = 1970",
    "office is known": _NAME_OFFICE,
}
"""By what was expected of a date, as `read_day` says it."""

_NUMBERS: Final = frozenset({"number", "holder_code", "replaces"})


@dataclass(frozen=True, slots=True)
class Repair:
    """What to do, in one line.

    `formats` are date formats that the mapping lacks; one of them reads the date.
    """

    advice: str
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RepairFacts:
    """What a mapping says already, and the `codes` that are installed, by field.

    `is_filed`: its file lists filed renewals.
    """

    date_format: str | None = None
    date_formats: tuple[str, ...] | Mapping[str, tuple[str, ...]] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    codes: Mapping[str, Collection[str]] = field(default_factory=dict)
    is_filed: bool = False

    def formats_of(self, column: str) -> tuple[str, ...]:
        """The formats in which a column is read."""
        everywhere = (self.date_format,) if self.date_format else ()
        if isinstance(self.date_formats, tuple):
            return self.date_formats or everywhere
        return self.date_formats.get(column, everywhere)


@dataclass(frozen=True, slots=True)
class _Wrong:
    mistake: Mistake
    column: str
    text: str
    facts: RepairFacts


def find_repair(
    mistake: Mistake, column: str | None, cell: str, facts: RepairFacts
) -> Repair:
    """Find what repairs a mistake in a cell; the column is None where it has none."""
    if mistake.field == ROW:
        return Repair(_repair_row(mistake))
    if mistake.found.startswith("other values than"):
        return Repair("keep one of these rows, or let them say the same")
    if mistake.expected.startswith(REGISTERED):
        return Repair("correct it, or import the permits of the register first")
    text = unwrap_cell(remove_invisible(unwrap_cell(cell)))
    if column is None and mistake.found != "nothing":
        return Repair("correct it in the mapping")
    if column is None or not text:
        return Repair(_FILL_IN.get(mistake.field, "fill it in"))
    wrong = _Wrong(mistake, column, text, facts)
    found = filter(None, (find(wrong) for find in _FINDERS))
    return next(found, Repair("correct it in the register"))


def add_formats(column: str, formats: Collection[str], facts: RepairFacts) -> str:
    """Say where in the mapping one of these formats belongs."""
    if isinstance(facts.date_formats, tuple) and facts.date_formats:
        return f"add to date_formats in the mapping: {_alternatives(formats)}"
    key = _quoted(safe_label(mask_digits(column)))
    if column in facts.date_formats:
        named = f"{key} below [date_formats] in the mapping"
        return f"add to {named}: {_alternatives(formats)}"
    present = [_quoted(one) for one in facts.formats_of(column)]
    lists = [f"[{', '.join([*present, _quoted(one)])}]" for one in formats]
    return f"add to the mapping, below [date_formats]: {key} = {_whichever(lists)}"


def _repair_row(mistake: Mistake) -> str:
    if mistake.found == "a NUL byte":
        return "delete it, or export the register again"
    if mistake.found == "a value in a column without a name":
        return 'give the column a heading, or add to the mapping: ignore = [""]'
    return "complete the row; a cell that holds the separator needs quotes around it"


def _change_word(wrong: _Wrong) -> Repair | None:
    name = wrong.mistake.field
    if wrong.text not in wrong.facts.values.get(name, ()):
        return None
    word = _quoted(wrong.text)
    return Repair(f"correct it, or change {word} below [values.{name}] in the mapping")


def _name_format(wrong: _Wrong) -> Repair | None:
    """The format that a date lacks; it may be one of two orders of day and month."""
    formats = wrong.facts.formats_of(wrong.column)
    if wrong.mistake.field not in DATES or _read(wrong.text, formats):
        return None
    for words, advice in _BY_EXPECTED.items():
        if words in wrong.mistake.expected:
            return Repair(advice)
    missing = tuple(one for one in _find_formats(wrong.text) if one not in formats)
    if not missing:
        return None
    return Repair(add_formats(wrong.column, missing, wrong.facts), missing)


def _write_date(wrong: _Wrong) -> Repair | None:
    if wrong.mistake.field not in DATES:
        return None
    if _read(wrong.text, wrong.facts.formats_of(wrong.column)):
        return None
    if wrong.mistake.field != "expires_on" or not _is_word(wrong.text):
        return Repair("write a date such as 2026-12-31")
    return Repair(
        "write a date; if it means no end, add to the mapping, below "
        f'[values.expires_on]: {_quoted(wrong.text)} = "no expiry"'
    )


def _name_word(wrong: _Wrong) -> Repair | None:
    name, text = wrong.mistake.field, wrong.text
    codes = wrong.facts.codes.get(name, ())
    if not (name in _CHOICES or codes) or not _is_shown(text):
        return None
    is_filing = wrong.facts.is_filed and name == "status"
    ours = our_status(text) if name == "status" and not is_filing else None
    if text in codes:
        ours = SKIP  # a type that never reminds
    known = {code: code for code in codes} | dict(wrong.facts.values.get(name, {}))
    alike = get_close_matches(text, known, 1, _SAME_WORD)
    ours = ours or next((known[one] for one in alike), None)
    choices = _FILING_STATES if is_filing else _CHOICES.get(name, '"CODE"')
    value = _quoted(ours) if ours else choices
    return Repair(
        f"add to the mapping, below [values.{name}]: {_quoted(text)} = {value}"
    )


def _export_as_text(wrong: _Wrong) -> Repair | None:
    if wrong.mistake.field not in _NUMBERS:
        return None
    if not find_damage(wrong.text) and "spreadsheet" not in wrong.mistake.found:
        return None
    return Repair("format the column as text, and export it again")


_FINDERS: Final = (_change_word, _name_format, _write_date, _name_word, _export_as_text)
"""What may repair a value, the first that fits."""


@lru_cache(maxsize=1024)
def _find_formats(text: str) -> list[str]:
    """The formats that read a text, likely ones first."""
    found = [one for one in read_forms(text) if one not in {CERTAIN, NO_EXPIRY}]
    return found or [form for form in _TIMED if _read(text, (form,))]


def _read(text: str, formats: tuple[str, ...]) -> bool:
    return isinstance(read_day(text, DateForms(formats=formats)), date)


def _is_word(text: str) -> bool:
    is_empty = is_error(text) or is_placeholder(text)
    return _is_shown(text) and not is_empty and not any(map(str.isdecimal, text))


def _is_shown(text: str) -> bool:
    """Whether an error may repeat a text as it stands."""
    return safe_label(mask_digits(text)) == text


def _alternatives(formats: Collection[str]) -> str:
    return _whichever([*map(_quoted, formats)])


def _whichever(texts: Collection[str]) -> str:
    several = ", whichever the office writes" if len(texts) > 1 else ""
    return f"{' or '.join(texts)}{several}"


def _quoted(text: str) -> str:
    """A text as TOML has it; JSON's escapes are among those of TOML."""
    return json.dumps(text, ensure_ascii=False)
