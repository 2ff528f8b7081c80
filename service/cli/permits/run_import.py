"""A file loaded, and printed what it came to."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from service.adapters.registers.register_file import RegisterFile
from service.cli.output.import_report import full_report, print_import
from service.cli.permits.load_register import load_file
from service.cli.permits.loading import Loading
from service.flow.permits.import_record import ImportState
from service.flow.permits.import_register import ImportResult
from service.flow.permits.imported_rows.outcomes import REJECTED

UNCONFIRMED: Final = 1
"""The exit code where a person must confirm that permits are withdrawn."""

MUCH_REJECTED: Final = 3
"""The exit code where more than a tenth of a file's rows was rejected.

If it is strict, where any was.
"""


_REFUSED: Final = "nothing is stored, because of --strict"


async def run_import(
    loading: Loading,
    result: ImportResult,
    register: RegisterFile | None = None,
    *,
    strict: bool,
    shown: Path | None = None,
) -> int:
    """Load a file, print what it came to, and return the exit code.

    A strict one is tried first. The `register` is the file, if it is read already.
    `shown` is what is printed of the path of the rejects
    file, unless all. Raises as `load_file`.
    """
    shown = shown or loading.rejects
    if strict:
        if await _has_rejected(loading, register, shown):
            click.echo(_REFUSED)
            return MUCH_REJECTED
        register = None  # its rows are taken
    loaded = await load_file(loading, result, register, announce=not strict)
    print_import(result, loaded, shown)
    if strict and result.outcomes[REJECTED]:
        click.echo("the other rows are stored despite --strict: its trial missed this")
        return MUCH_REJECTED
    if not loaded.is_confirmed:
        return UNCONFIRMED
    return MUCH_REJECTED if result.has_many_rejected else 0


async def _has_rejected(
    loading: Loading, register: RegisterFile | None, shown: Path
) -> bool:
    """Rehearse it, and print what it would come to if a row would be rejected."""
    result = ImportResult()
    rehearsal = replace(loading, dry_run=True, run=None)
    loaded = replace(await load_file(rehearsal, result, register), remarks=())
    if not result.outcomes[REJECTED]:
        return False
    print_import(result, loaded, shown)
    if loading.run:
        report = [*full_report(result, loaded), _REFUSED]
        counts, types = result.outcomes, result.unknown_types
        await loading.run.end(ImportState.REFUSED, counts, types, report)
    return True
