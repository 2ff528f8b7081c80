"""The header of a table: its mistakes, and the columns of a rejects file."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from service.domain.errors import Mistake
from service.domain.untrusted.text import safe_name

REJECT_COLUMNS = ("line", "reason")
"""The first columns of a rejects file; the last ones are the table's own."""

REPAIR_COLUMN = "repair"
"""The column that follows them where something is said about each repair."""


def count_reject_columns(header: Sequence[str]) -> int:
    """Return how many columns to skip: 2 or 3 in a corrected rejects file, else 0."""
    count = len(REJECT_COLUMNS)
    if tuple(header[:count]) != REJECT_COLUMNS:
        return 0
    return count + (header[count : count + 1] == [REPAIR_COLUMN])


def header_mistakes(
    header: Sequence[str],
    *,
    known: Collection[str],
    required: Collection[str],
    expected: str,
) -> Iterator[Mistake]:
    """Find columns that are unnamed, repeated, unknown or missing.

    `expected` says what an unknown column should have been.
    """
    for name, times in Counter(header).items():
        if not name:
            yield Mistake("header", "a column without a name", "a name for each")
        elif times > 1:
            yield Mistake(safe_name(name), f"{times} columns of that name", "one")
        elif name not in known:
            yield Mistake(safe_name(name), "an unknown column", expected)
    for name in required:
        if name not in header:
            yield Mistake(name, "no such column", "it in the header")
