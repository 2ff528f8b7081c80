"""What kind of file this is, by its first bytes: extensions are often wrong."""

import zipfile
from typing import BinaryIO, Final, Literal

from service.adapters.tables.table import refuse_file

Kind = Literal["text", "XLSX", "XLSB", "XLS", "ODS"]

MOST_UNPACKED: Final = 256 * 1024 * 1024
"""Bytes; 200,000 rows of twelve columns take less than half of it."""

_HEAD_BYTES: Final = 4096
_CHUNK_BYTES: Final = 1 << 20
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORKBOOK_PARTS: Final[dict[str, Kind]] = {
    "xl/workbook.xml": "XLSX",
    "xl/workbook.bin": "XLSB",
    "content.xml": "ODS",
}
_OTHERS: Final = {
    b"%PDF": "a PDF document",
    b"{\\rtf": "an RTF document",
    b"\x1f\x8b": "a file packed with gzip",
    b"7z\xbc\xaf": "a file packed with 7-Zip",
    b"Rar!": "a file packed with RAR",
    b"SQLite format 3": "a database of SQLite",
    b"<": "a page of HTML or XML",
}
_EXPECTED: Final = "CSV, XLSX, XLS, ODS or NDJSON; open it in a spreadsheet and save it"


def find_kind(file: BinaryIO, where: str) -> Kind:
    """Return the kind of a file that can be sought.

    Raises `InvalidError` with the file's name `where` for what is no table, and for a
    workbook that unpacks to more than `MOST_UNPACKED`.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if not head.strip():
        raise refuse_file(where, "nothing", "a header and rows")
    if head.startswith(_COMPOUND):
        _refuse_encrypted(file, where)
        return "XLS"
    if head.startswith(b"PK"):
        return _find_workbook_kind(file, where)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for mark, what in _OTHERS.items():
        if start.startswith(mark):
            raise refuse_file(where, what, _EXPECTED)
    return "text"


def _refuse_encrypted(file: BinaryIO, where: str) -> None:
    """Refuse an XLSX workbook with a password: its bytes are in an old container."""
    file.seek(0)
    before = b""
    while chunk := file.read(_CHUNK_BYTES):
        if _ENCRYPTED in before + chunk:
            raise refuse_file(where, "an encrypted workbook", "one without a password")
        before = chunk[-len(_ENCRYPTED) :]


def _find_workbook_kind(file: BinaryIO, where: str) -> Kind:
    try:
        with zipfile.ZipFile(file) as archive:
            parts = {part.filename: part.file_size for part in archive.infolist()}
    except zipfile.BadZipFile:
        expected = "it whole: copy or export it again"
        raise refuse_file(
            where, "a workbook that is cut off or damaged", expected
        ) from None
    if sum(parts.values()) > MOST_UNPACKED:
        found = f"a workbook of {sum(parts.values())} bytes"
        raise refuse_file(where, found, f"at most {MOST_UNPACKED}; save it as CSV")
    for name, kind in _WORKBOOK_PARTS.items():
        if name in parts:
            return kind
    raise refuse_file(where, "a ZIP file that is no workbook", _EXPECTED)
