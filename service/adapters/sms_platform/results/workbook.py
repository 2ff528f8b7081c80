"""Reads the first sheet of an XLSX workbook as text, in a limited child process.

A workbook of a few kilobytes can make the reader allocate all memory and abort its
process: one cell far from the others is enough. So it runs in a child process with
limits on memory and time, and a workbook that unpacks to too much is refused first.
"""

import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from service.adapters.files.read import open_file
from service.domain.errors import InvalidError, Mistake, SetUpError

MOST_UNPACKED: Final = 256 * 1024 * 1024
"""Bytes; 200,000 rows of twelve columns take less than half of it."""

_MEMORY_LIMIT: Final = 2 * 1024 * 1024 * 1024
_CPU_LIMIT: Final = 60
_WITHOUT_LIBRARY: Final = 3
_DIGITS: Final = 15
"""Digits that a spreadsheet stores of a number; a longer id has lost its end."""


def read_workbook(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not empty, with its number, from 1.

    Raises `InvalidError` if the file is not a workbook or exceeds the limits, and
    `SetUpError` where it is no file or the library is missing.
    """
    _refuse_too_large(path)
    child = subprocess.run(  # noqa: S603 - this module
        [sys.executable, "-m", __name__, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if child.returncode == _WITHOUT_LIBRARY:
        raise SetUpError(
            f"{path.name}: its library is not installed; run pip install "
            "'permit-reminders[office]', or save it as CSV"
        )
    if child.returncode:
        raise _unreadable(path, "a workbook that cannot be read within bounds")
    for number, line in enumerate(child.stdout.splitlines(), start=1):
        cells = json.loads(line)
        if any(cells):
            yield number, cells


def _refuse_too_large(path: Path) -> None:
    try:
        with open_file(path) as file, zipfile.ZipFile(file) as archive:
            unpacked = sum(one.file_size for one in archive.infolist())
    except (OSError, zipfile.BadZipFile):
        raise _unreadable(path, "something else") from None
    if unpacked > MOST_UNPACKED:
        raise _unreadable(path, f"a workbook of {unpacked} bytes")


def _unreadable(path: Path, found: str) -> InvalidError:
    expected = "an XLSX workbook with a sheet of results, or save it as CSV"
    return InvalidError(path.name, [Mistake("file", found, expected)])


def _text(value: object) -> str:
    """Return a cell as text; a number of too many digits gets an exponent."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**_DIGITS:
        return str(int(value))
    return str(value)


def _print_rows(path: str) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_LIMIT, _MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_LIMIT, _CPU_LIMIT))
    try:
        from python_calamine import CalamineWorkbook  # noqa: PLC0415 - under the limits
    except ModuleNotFoundError:
        return _WITHOUT_LIBRARY
    with CalamineWorkbook.from_path(path) as book:
        for row in book.get_sheet_by_index(0).iter_rows():
            sys.stdout.write(json.dumps([_text(cell) for cell in row]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(_print_rows(sys.argv[1]))
