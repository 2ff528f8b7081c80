"""What a register answers: rows as cells by column, or why they cannot be used."""

from collections.abc import Mapping
from datetime import date
from typing import Final

LONGEST_ANSWER: Final = 64 * 1024
"""Bytes of an answer over HTTP, or characters of a row; a permit has some hundred."""

Row = Mapping[str, object]


class NoUsableAnswerError(Exception):
    """The cause in words without personal data.

    `is_outage`: nobody answered, as would be so for other permits.
    """

    def __init__(self, cause: str, *, is_outage: bool = False) -> None:
        super().__init__(cause)
        self.cause = cause
        self.is_outage = is_outage


def only_row(rows: list[Row]) -> Row | None:
    """Return the row; None if there is none. Raises where there are several."""
    if len(rows) > 1:
        raise NoUsableAnswerError("several rows for one number")
    return rows[0] if rows else None


def cell_of(value: object) -> object:
    """A value of a database as JSON has it; raises for bytes, and what is too long."""
    if isinstance(value, bytes | bytearray | memoryview):
        raise NoUsableAnswerError("a row with bytes in it")
    if isinstance(value, str) and len(value) > LONGEST_ANSWER:
        raise NoUsableAnswerError(f"a value of more than {LONGEST_ANSWER} characters")
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | None) else str(value)
