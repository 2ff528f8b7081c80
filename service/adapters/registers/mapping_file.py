"""Mapping files: TOML, checked as a whole before a row is read.

```toml
source = "city-register"        # the register's name, shown when it grows stale
max_age_days = 30
rule = "us-nyc-parking"         # the same in every row; or a column for it
authority = "us-nyc"            # likewise; absent: the one in the settings
encoding = "gb18030"            # default utf-8-sig
date_format = "%d/%m/%Y"        # default ISO
ignore = ["internal note"]      # every other column must be mapped
[columns]
"Licence No" = "number"
[values.status]
Current = "active"
```
"""

import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import get_args

from service.adapters.registers.mapping import RegisterMapping, to_iso_date
from service.domain.errors import InvalidError, Mistake
from service.domain.law.rule import Language
from service.domain.permits.permit import PermitStatus
from service.domain.permits.permit_fields import FIELDS, REQUIRED
from service.domain.untrusted.text import safe_label, show_value

_CONSTANT_KEYS = ("rule", "authority")
_TEXT_KEYS = (*_CONSTANT_KEYS, "date_format", "encoding", "source")
_KEYS = (*_TEXT_KEYS, "max_age_days", "ignore", "columns", "values")
_ALLOWED_VALUES: dict[str, Collection[str]] = {
    "status": tuple(PermitStatus),
    "language": get_args(Language),
}
_EXAMPLE = date(2026, 12, 31)


def load_mapping(path: Path) -> RegisterMapping:
    """Load a mapping file; raises `InvalidError` with all its mistakes at once."""
    try:
        document = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        mistake = Mistake("file", str(error.strerror), "a readable file")
        raise InvalidError(path.name, [mistake]) from error
    except ValueError as error:
        mistake = Mistake("file", str(error), "TOML in UTF-8")
        raise InvalidError(path.name, [mistake]) from error
    return mapping_from(document, path.name)


def mapping_from(document: Mapping[str, object], where: str) -> RegisterMapping:
    """Check what a mapping file says; raises `InvalidError` with all its mistakes."""
    read = _MappingDocument(document)
    mapping = RegisterMapping(
        columns=read.words("columns", document.get("columns", {})),
        values=read.tables("values"),
        constants={key: text for key in _CONSTANT_KEYS if (text := read.text(key))},
        ignore=read.names("ignore"),
        date_format=read.text("date_format"),
        encoding=read.text("encoding") or "utf-8-sig",
        source=read.text("source"),
        max_age_days=read.count("max_age_days"),
    )
    mistakes = [
        *read.mistakes,
        *_column_mistakes(mapping),
        *_value_mistakes(mapping),
        *_format_mistakes(mapping),
    ]
    if mistakes:
        raise InvalidError(where, mistakes)
    return mapping


class _MappingDocument:
    """A TOML document being read, and the values of the wrong shape in it."""

    def __init__(self, document: Mapping[str, object]) -> None:
        self._document = document
        self.mistakes = [
            Mistake(safe_label(key), "an unknown key", f"one of {', '.join(_KEYS)}")
            for key in document
            if key not in _KEYS
        ]

    def _wrong(self, key: str, found: object, expected: str) -> None:
        self.mistakes.append(Mistake(key, show_value(found), expected))

    def text(self, key: str) -> str | None:
        found = self._document.get(key)
        if found is None or (isinstance(found, str) and found):
            return found
        self._wrong(key, found, "text")
        return None

    def count(self, key: str) -> int | None:
        found = self._document.get(key)
        if found is None or (type(found) is int and found > 0):
            return found
        self._wrong(key, found, "a whole number from 1")
        return None

    def names(self, key: str) -> tuple[str, ...]:
        found = self._document.get(key, [])
        if isinstance(found, list) and all(isinstance(one, str) for one in found):
            return tuple(found)
        self._wrong(key, found, "a list of column names")
        return ()

    def words(self, key: str, found: object) -> dict[str, str]:
        if not isinstance(found, dict):
            self._wrong(key, found, "a table")
            return {}
        for name, word in found.items():
            if not isinstance(word, str):
                self._wrong(f"{key}.{name}", word, "text")
        return {name: word for name, word in found.items() if isinstance(word, str)}

    def tables(self, key: str) -> dict[str, dict[str, str]]:
        found = self._document.get(key, {})
        if not isinstance(found, dict):
            self._wrong(key, found, "a table for each field")
            return {}
        return {name: self.words(f"{key}.{name}", one) for name, one in found.items()}


def _column_mistakes(mapping: RegisterMapping) -> Iterator[Mistake]:
    for column, name in mapping.columns.items():
        if name not in FIELDS:
            expected = f"one of {', '.join(FIELDS)}"
            yield Mistake(f"columns.{column}", show_value(name), expected)
        if column in mapping.ignore:
            yield Mistake("ignore", show_value(column), "a column that is not mapped")
    sources = Counter([*mapping.columns.values(), *mapping.constants])
    for name, times in sources.items():
        if times > 1 and name != "phones":
            yield Mistake("columns", f"{name} {times} times", "it once")
    for name in REQUIRED:
        if name not in sources:
            expected = "a column for it" + (
                ", or a constant" * (name in _CONSTANT_KEYS)
            )
            yield Mistake("columns", f"nothing for {name}", expected)


def _value_mistakes(mapping: RegisterMapping) -> Iterator[Mistake]:
    for name, words in mapping.values.items():
        if name not in mapping.columns.values():
            yield Mistake(f"values.{name}", "a field without a column", "a mapped one")
        allowed = _ALLOWED_VALUES.get(name)
        for word, ours in words.items():
            if allowed and ours not in allowed:
                expected = " or ".join(allowed)
                yield Mistake(f"values.{name}.{word}", show_value(ours), expected)


def _format_mistakes(mapping: RegisterMapping) -> Iterator[Mistake]:
    written = mapping.date_format
    if written and to_iso_date(_EXAMPLE.strftime(written), written) != str(_EXAMPLE):
        expected = "strptime codes for year, month and day, like %Y-%m-%d"
        yield Mistake("date_format", show_value(written), expected)
    if not _is_encoding(mapping.encoding):
        expected = "a text encoding, like gb18030"
        yield Mistake("encoding", show_value(mapping.encoding), expected)
    if mapping.max_age_days and not mapping.source:
        yield Mistake("source", "nothing", "the register whose age max_age_days limits")


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except (LookupError, ValueError):
        return False
    return True
