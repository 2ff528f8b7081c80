"""Holds a register's rows, read and checked, until the last one was read."""

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import fields
from operator import attrgetter
from os import SEEK_END
from tempfile import SpooledTemporaryFile
from typing import Any, Final

from service.adapters.registers.register_row import RegisterRow
from service.domain.errors import InvalidError, Mistake, SetUpError
from service.domain.permits.filing import Filing
from service.domain.permits.permit import Permit
from service.domain.permits.row_permit import Withdrawal

_IN_MEMORY: Final = 16 << 20
"""Bytes after which the rows go to a temporary file: some 80,000 rows."""

_CHUNK: Final = 500

_NAMES: Final = tuple(field.name for field in fields(Permit))
_permit_values: Final = attrgetter(*_NAMES)

_Spooled = tuple[
    int,
    list[str],
    tuple[Any, ...] | None,
    tuple[str, Sequence[Mistake]] | None,
    tuple[str, str] | None,
    Withdrawal | None,
    str | None,
    Filing | None,
]


class RowSpool:
    """Takes rows, then gives them back, in memory of a fixed size.

    What does not fit is in a temporary file without a name: only this process reads it,
    and it is gone with it. Raises `SetUpError` where the disk takes no more.
    """

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - taken later
        self._chunk: list[_Spooled] = []
        self.count = 0

    def add(self, row: RegisterRow) -> None:
        """Take a row; none may repeat another yet."""
        permit = _permit_values(row.permit) if row.permit else None
        error = (row.error.where, row.error.mistakes) if row.error else None
        self.count += 1
        self._chunk.append(
            (
                *(row.line, row.cells, permit, error),
                *(row.decision, row.withdraws, row.number, row.filing),
            )
        )
        if len(self._chunk) == _CHUNK:
            self._write()

    def take(self) -> Iterator[RegisterRow]:
        """Give back the rows, in their order, for the last time."""
        with self._file:
            yield from self.look()

    def look(self) -> Iterator[RegisterRow]:
        """Give all the rows, in their order; none may be added any more."""
        if self._chunk:
            self._write()
        self._file.seek(0, SEEK_END)
        end = self._file.tell()
        self._file.seek(0)
        while self._file.tell() < end:
            chunk: list[_Spooled] = pickle.load(self._file)  # noqa: S301 - we wrote it
            yield from map(_restore, chunk)

    def close(self) -> None:
        """Forget the rows."""
        self._file.close()

    def _write(self) -> None:
        try:
            pickle.dump(self._chunk, self._file, pickle.HIGHEST_PROTOCOL)
        except OSError as error:
            message = (
                f"the folder for temporary files: {error.strerror}; make room in it"
            )
            raise SetUpError(message) from error
        self._chunk = []


def _restore(spooled: _Spooled) -> RegisterRow:
    line, cells, values, mistakes, decision, withdraws, number, filing = spooled
    permit = Permit(**dict(zip(_NAMES, values, strict=True))) if values else None
    error = InvalidError(*mistakes) if mistakes else None
    return RegisterRow(
        line,
        cells,
        permit,
        error,
        decision=decision,
        withdraws=withdraws,
        number=number,
        filing=filing,
    )
