"""Finds the encoding of a text from its bytes."""

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Final

from charset_normalizer import from_bytes

from service.adapters.tables.table import TableHints, refuse_file
from service.domain.errors import InvalidError

ENCODINGS: Final = ("utf-8", "gb18030", "big5", "cp1252")
"""What offices export, beside UTF-16: tried on what is not UTF-8, likeliest first."""

_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_NAMED: Final = 'the encoding that its mapping names, e.g. encoding = "gb18030"'
_CHUNK: Final = 1 << 20
_SAMPLE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class _WrongBytes:
    """Where a line begins that is not in an encoding; `is_cut` where the file ends.

    `is_first` if all lines before it are ASCII, and so in nearly every encoding.
    """

    offset: int
    line: int
    is_cut: bool
    is_first: bool


def find_encoding(file: BinaryIO, hints: TableHints, where: str) -> str:
    """Return the encoding of a file that can be sought, by Python's name.

    A byte order mark goes before what `hints` name, and that before what is found: of
    encodings that fit, the one in which most columns of the hints appear. All bytes
    were decoded then. Raises `InvalidError` with the file's name `where`.
    """
    file.seek(0)
    head = file.read(_SAMPLE)
    marked = next(
        (name for mark, name in _MARKS.items() if head.startswith(mark)), None
    )
    named = hints.encoding
    if named in {None, "utf-16"} and not marked:  # which of the two, the bytes say
        named = _find_utf_16(head) or named
    certain = marked or named
    wrong = _find_wrong_bytes(file, certain or "utf-8")
    if wrong is None:
        return certain or "utf-8"
    if certain or wrong.is_cut:
        raise _refuse_bytes(where, certain or "utf-8", wrong)
    if not wrong.is_first:
        found = f"bytes that are not utf-8 near line {wrong.line}, and utf-8 above it"
        raise refuse_file(where, found, f"one encoding, or {_NAMED}")
    fitting = [
        name
        for name in _guess(file, wrong.offset)
        if _find_wrong_bytes(file, name) is None
    ]
    if not fitting:
        raise _refuse_bytes(where, " or ".join(ENCODINGS), wrong)
    return max(fitting, key=lambda name: _count_columns(head, name, hints.columns))


def _count_columns(head: bytes, encoding: str, columns: Iterable[str]) -> int:
    text = head.decode(encoding, errors="replace")
    return sum(column in text for column in columns)


def _find_utf_16(head: bytes) -> str | None:
    """Recognise UTF-16 without a mark: figures and commas have a NUL byte each."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 10 < len(head) or min(even, odd) * 10 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _guess(file: BinaryIO, offset: int) -> list[str]:
    """Return the encodings that fit the lines from a byte on, best first."""
    file.seek(offset)
    sample = file.read(_SAMPLE)
    # Cut inside a character, a sample would be of no encoding.
    whole = sample[: sample.rfind(b"\n") + 1] or sample
    matches = from_bytes(whole, cp_isolation=list(ENCODINGS[1:]))
    found = [match.encoding.replace("_", "-") for match in matches]
    return [*found, *(name for name in ENCODINGS[1:] if name not in found)]


def _find_wrong_bytes(file: BinaryIO, encoding: str) -> _WrongBytes | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    offset, line, is_ascii = 0, 1, True
    while True:
        chunk = file.read(_CHUNK)
        try:
            line += decoder.decode(chunk, final=not chunk).count("\n")
        except UnicodeError as error:  # a missing mark is no UnicodeDecodeError
            start = error.start if isinstance(error, UnicodeDecodeError) else 0
            before = chunk[:start]
            line += before.count(b"\n")
            begin = before.rfind(b"\n") + 1
            is_first = is_ascii and chunk[:begin].isascii()
            return _WrongBytes(offset + begin, line, not chunk, is_first)
        if not chunk:
            return None
        is_ascii = is_ascii and chunk.isascii()
        offset += len(chunk)


def _refuse_bytes(where: str, encoding: str, wrong: _WrongBytes) -> InvalidError:
    found = f"bytes that are not {encoding} near line {wrong.line}"
    return refuse_file(where, found, _NAMED)
