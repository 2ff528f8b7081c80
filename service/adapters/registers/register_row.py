"""A row of a register's file, read."""

from dataclasses import dataclass

from service.domain.errors import InvalidError
from service.domain.permits.filing import Filing
from service.domain.permits.permit import Permit
from service.domain.permits.row_permit import Withdrawal


@dataclass(slots=True)
class RegisterRow:
    """A row with its line number: a permit, or an error with all its mistakes.

    A row of filed renewals has a `filing` instead of a permit.

    `cells` has one for each column of the header, as found, then those beyond it; of a
    row that was not split, its text is beyond it. A row that only says again what an
    earlier one says has neither, and that row's line in `repeats`. A row that the
    mapping skips has neither too. One that withdraws a permit, and whose other fields
    cannot be read, has that permit's name in `withdraws`. `decision` is that of a word
    of the mapping about it: what was decided, with the column and the word. `number` is
    that of a permit that it does not state: None where it cannot be read, empty where
    the row is of no permit.
    """

    line: int
    cells: list[str]
    permit: Permit | None
    error: InvalidError | None
    repeats: int | None = None
    decision: tuple[str, str] | None = None
    withdraws: Withdrawal | None = None
    number: str | None = None
    filing: Filing | None = None

    @property
    def named(self) -> Permit | Withdrawal | Filing | None:
        """What it says, where that can be read; a permit, or something of one."""
        return self.permit or self.withdraws or self.filing
