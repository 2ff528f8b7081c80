"""Rows of files that list filed renewals."""

from service.adapters.registers.register_row import RegisterRow
from service.adapters.registers.row_mapper import RowReading
from service.domain.errors import InvalidError
from service.domain.permits.permit_fields import filing_from


def read_filing(
    line: int, cells: list[str], reading: RowReading, where: str
) -> RegisterRow:
    """Return the row with the filed renewal that was read of it."""
    mistakes, filing = reading.mistakes, None
    try:
        filing = filing_from(reading.fields, where)
    except InvalidError as error:
        found = {mistake.field for mistake in mistakes}
        mistakes += [one for one in error.mistakes if one.field not in found]
    wrong = InvalidError(where, mistakes) if mistakes else None
    filing = None if wrong else filing
    return RegisterRow(
        line, cells, None, wrong, decision=reading.decision, filing=filing
    )
