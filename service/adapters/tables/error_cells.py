"""Finds cells of an XLSX sheet whose value is an error: calamine gives them as empty.

An error is no empty cell: #N/A in the column of a status hides what the status is.
"""

import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from posixpath import join, normpath
from typing import BinaryIO, Final
from xml.etree import ElementTree as ET

ErrorsByRow = Mapping[int, Sequence[tuple[int, str]]]
"""By row, from 0: (column from 0, the error as the spreadsheet shows it)."""

_BOOK: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_RELATION_ID: Final = "}id"
_CHUNK: Final = 1 << 20
_CELL: Final = re.compile(rb"<(?:\w+:)?c\s([^>]*[^/>])>(.*?)</(?:\w+:)?c>", re.DOTALL)
_PLACE: Final = re.compile(rb'\br="([A-Z]{1,3})(\d+)"')
_VALUE: Final = re.compile(rb"<(?:\w+:)?v>([^<]*)<")
_IS_ERROR: Final = b't="e"'


def find_error_cells(file: BinaryIO, sheet: str) -> ErrorsByRow:
    """Return the error cells of a sheet; none where the file is no XLSX."""
    file.seek(0)
    found: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    if not zipfile.is_zipfile(file):
        return found
    with zipfile.ZipFile(file) as archive:
        part = _find_part(archive, sheet)
        for rows in _read_rows(archive, part) if part else ():
            for attributes, content in _CELL.findall(rows):
                place, value = _PLACE.search(attributes), _VALUE.search(content)
                if _IS_ERROR in attributes and place:
                    row, column = int(place[2]) - 1, _column_number(place[1])
                    found[row].append((column, value[1].decode() if value else "#N/A"))
    return found


def _find_part(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Return the name of the part that holds a sheet."""
    if _BOOK not in archive.namelist():
        return None
    # The child's limits hold here too, and expat stops entities that multiply.
    book = ET.fromstring(archive.read(_BOOK))  # noqa: S314
    relations = ET.fromstring(archive.read(_RELATIONS))  # noqa: S314
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    for element in book.iter():
        if element.tag.endswith("}sheet") and element.get("name") == sheet:
            (key,) = (key for key in element.attrib if key.endswith(_RELATION_ID))
            target = targets[element.get(key)]
            return (
                target[1:] if target.startswith("/") else normpath(join("xl", target))
            )
    return None


def _read_rows(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """Yield the chunks of a part, cut behind rows, that have an error."""
    rest = b""
    with archive.open(part) as content:
        while chunk := content.read(_CHUNK):
            rest += chunk
            end = rest.rfind(b"row>")
            if _IS_ERROR in rest:
                yield rest[:end]
            rest = rest[end:] if end >= 0 else rest
    yield rest


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1
