"""Reads NDJSON: one JSON object a line, its keys as columns."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import orjson

from service.adapters.tables.table import (
    MOST_COLUMNS,
    Table,
    TableForm,
    TableRow,
    clean_header,
    number_text,
)
from service.domain.errors import Mistake
from service.domain.untrusted.text import safe_label

_OBJECT: Final = "a JSON object of texts and numbers, in one line"

Lines = Callable[[], Iterator[str]]


def is_ndjson(lines: Sequence[str]) -> bool:
    """Whether the first line that is not blank is a JSON object."""
    first = next((line for line in lines if line.strip()), "")
    return first.lstrip().startswith("{") and _parse(first) is not None


def ndjson_table(read_lines: Lines, encoding: str, where: str) -> Table:
    """Read lines twice: for all keys, as a later object may have more, and for rows."""
    keys: dict[str, None] = {}
    for line in read_lines():
        keys.update(dict.fromkeys(_parse(line) or ()))
        if len(keys) > MOST_COLUMNS:
            break
    return Table(
        TableForm(kind="NDJSON", encoding=encoding),
        clean_header(keys, where),
        _read_rows(read_lines(), tuple(keys)),
    )


def _read_rows(lines: Iterator[str], keys: Sequence[str]) -> Iterator[TableRow]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        values = _parse(line)
        error = _find_mistake(line, values)
        if values is None or error:
            yield TableRow(number, [line.rstrip("\r\n")], error)
            continue
        yield TableRow(number, [_text(values.get(key)) for key in keys])


def _find_mistake(line: str, values: dict[str, object] | None) -> Mistake | None:
    if values is None:
        return Mistake("row", "something else", _OBJECT)
    # orjson takes the last of several values; it has checked what is parsed here.
    pairs = json.loads(line, object_pairs_hook=list)
    if len(pairs) == len(values):
        return None
    keys = [key for key, _ in pairs]
    repeated = next(key for key in keys if keys.count(key) > 1)
    return Mistake("row", f"the key {safe_label(repeated)} twice", "each key once")


def _parse(line: str) -> dict[str, object] | None:
    """Return the object of a line; None where it is none, or has objects inside."""
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(found, dict) or any(map(_is_nested, found.values())):
        return None
    return found


def cells_of(found: Mapping[str, object]) -> dict[str, str] | None:
    """Return the values of an object as cells; None where it has objects inside."""
    if any(map(_is_nested, found.values())):
        return None
    return {key: _text(value) for key, value in found.items()}


def _is_nested(value: object) -> bool:
    if isinstance(value, list):
        return any(isinstance(one, dict | list) for one in value)
    return isinstance(value, dict)


def _text(value: object) -> str:
    """Return a value as text; those of a list are joined by semicolons."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ";".join(map(_text, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else number_text(value)
