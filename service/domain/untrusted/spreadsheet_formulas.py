"""Cells that a spreadsheet would run as a formula, and the quote that stops it.

The characters are those of OWASP's page on CSV injection.
"""

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED_FORMULA = re.compile(r"'+[=+\-@\t\r]")


def guard_formula(cell: str) -> str:
    """Put a quote before what would run as a formula: a phone's + as well."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguard_formula(cell: str) -> str:
    """Take that quote away again, so that a file we wrote can be read back."""
    if cell[:1] != "'":
        return cell
    return cell[1:] if _GUARDED_FORMULA.match(cell) else cell
