"""Cells that a spreadsheet would run as a formula, and the quote that stops it.

The characters are those of OWASP's page on CSV injection.
"""

import re

_RUNS = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


def guarded(cell: str) -> str:
    """Put a quote before what would run as a formula: a phone's + as well."""
    return f"'{cell}" if _RUNS.match(cell) else cell


def unguarded(cell: str) -> str:
    """Take that quote away again, so that a file we wrote can be read back."""
    return cell[1:] if _GUARDED.match(cell) else cell
