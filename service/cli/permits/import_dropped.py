"""The process that loads what is dropped for a register; `RegisterWatch` starts it.

It also reads the register's view where that is due, and prints a line for each. If it
fails, a line that begins with `FAILED` says why, and the next one goes on.
"""

import os
import sys
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import replace
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Final

import click
import orjson

from service.adapters.drop_folders.drop_folder import (
    DONE,
    REJECTED,
    DropFolder,
    DroppedFile,
)
from service.adapters.drop_folders.watch import FAILED
from service.adapters.registers.mapping import RegisterMapping
from service.app import Installation
from service.cli import BAD_INPUT
from service.cli.installation import with_installation
from service.cli.output.import_report import list_counts
from service.cli.permits.load_view import open_view
from service.cli.permits.loading import Loading, open_loading
from service.cli.permits.parent_process import listen_to_parent
from service.cli.permits.register_mapping import find_default_office, open_mapping
from service.cli.permits.run_import import MUCH_REJECTED, run_import
from service.cli.stop_signal import StoppedError, StopRequest, stoppable
from service.domain.errors import InvalidError, Mistake, PermitRemindersError
from service.domain.masked_text import mask_text
from service.domain.permits.worker_import import WorkerImport
from service.flow.permits.import_record import ImportRecord, ImportState
from service.flow.permits.import_register import ImportResult
from service.flow.permits.import_run import resume_or_begin_import
from service.flow.permits.imported_rows.outcomes import REJECTED as REJECTED_ROW

_NICENESS: Final = 10
"""The worker beside it sends first."""

_LONGEST_CAUSE: Final = 2_000
"""Characters for the log: a mapping may have thousands of mistakes."""


@stoppable
@with_installation
async def import_dropped(
    installation: Installation,
    stop: StopRequest,
    folder: DropFolder,
    files: list[DroppedFile],
) -> None:
    """Load what was taken before, then these exports; nothing if another worker does.

    Raises the errors of a mapping before an export is taken.
    """
    with folder.lock() as is_ours:
        if not is_ours:
            return
        mapping = await _open_mapping(installation, folder.mapping_file)
        for taken in folder.find_taken():
            await _load(installation, stop, folder, taken, mapping.worker)
        for file in files:
            stop.refuse()
            if found := folder.take(file):
                await _load(installation, stop, folder, found, mapping.worker)
        every = mapping.view.every_minutes if mapping.view else None
        if every and folder.is_view_due(every):
            await _load_view(installation, stop, folder, mapping.worker)


async def _open_mapping(
    installation: Installation, mapping_file: Path
) -> RegisterMapping:
    law = await installation.law_store.current_law()
    default = find_default_office(law, installation.settings.authority)
    mapping = open_mapping(mapping_file, law, default)
    if mapping.source is None:
        wanted = "the register's name, since its files have others"
        raise InvalidError(str(mapping_file), [Mistake("source", "nothing", wanted)])
    return mapping


async def _load(
    installation: Installation,
    stop: StopRequest,
    folder: DropFolder,
    taken: Path,
    options: WorkerImport,
) -> None:
    """Load an export, and move it with its report to where the clerk finds it."""
    before, name = _look_at(taken), folder.free_name(taken.name)
    loading = await open_loading(
        installation,
        taken,
        folder.mapping_file,
        stop.refuse,
        is_snapshot=options.snapshot,
    )
    loading = replace(loading, rejects=folder.output / f"{name}.rejects.csv")
    is_filed = loading.file.is_filed
    last = await loading.deps.store.last(loading.file.register, is_filed=is_filed)
    if last and _was_loaded(loading, last):
        code, report = _tell_again(last, options)
    else:
        folder.clear_output()
        loading = replace(loading, start=resume_or_begin_import)
        code, report = await _run(loading, options)
    if _look_at(taken) != before:
        folder.put_back(taken)
        return
    where, heading = _describe(installation, loading, options, code)
    folder.put(where, taken, name, f"{heading}\n\n{report}")
    _say(folder, taken.name, where, code)


async def _load_view(
    installation: Installation,
    stop: StopRequest,
    folder: DropFolder,
    options: WorkerImport,
) -> None:
    """Read the view, and load it; a report only if it has other rows than before."""
    async with open_view(
        installation,
        folder.mapping_file,
        stop.refuse,
        is_snapshot=options.snapshot,
    ) as read:
        if read is None:
            folder.note_view_read("")
            return
        folder.clear_output()
        name = folder.free_name(read.path.name)
        loading = replace(read, rejects=folder.output / f"{name}.rejects.csv")
        code, report = await _run(loading, options, is_view=True)
        rows = sha256(loading.file.content + loading.file.mapping).hexdigest()
        result = f"{rows} {code}"
        if folder.view_result != result:
            where, heading = _describe(installation, loading, options, code)
            folder.put_report(where, folder.path, name, f"{heading}\n\n{report}")
            _say(folder, loading.path.name, where, code)
        folder.note_view_read(result)


def _describe(
    installation: Installation, loading: Loading, options: WorkerImport, code: int
) -> tuple[str, str]:
    """Where something belongs that was loaded, and the first line of its report."""
    is_done = code == 0 or (code == MUCH_REJECTED and not options.strict)
    heading = f"{loading.path.name}, {installation.clock.now():%Y-%m-%d %H:%M} UTC"
    heading = f"{heading}, into {loading.file.register}: exit code {code}"
    return DONE if is_done else REJECTED, heading


def _say(folder: DropFolder, name: str, where: str, code: int) -> None:
    line = f"{folder.path.name}: {name} is in {where}, with exit code {code}"
    click.echo(mask_text(line))


def _look_at(taken: Path) -> DroppedFile:
    return DroppedFile.of(taken.name, taken.lstat())


def _was_loaded(loading: Loading, last: ImportRecord) -> bool:
    """Whether this very export was loaded, by a process that ended before the move."""
    is_it = (last.file.key, last.file.name, last.file.exported_at) == (
        *(loading.file.key, loading.file.name),
        loading.file.exported_at,
    )
    return is_it and last.state is ImportState.DONE


def _tell_again(last: ImportRecord, options: WorkerImport) -> tuple[int, str]:
    """The exit code and the report of an import that is done.

    Its rejected rows are still in the folder for them.
    """
    result = ImportResult(outcomes=Counter(last.counts))
    is_refused = options.strict and last.counts.get(REJECTED_ROW)
    code = MUCH_REJECTED if result.has_many_rejected or is_refused else 0
    lines = [f"loaded already: {list_counts(last.counts)}", *(last.report or ())]
    return code, "".join(f"{line}\n" for line in lines)


async def _run(
    loading: Loading, options: WorkerImport, *, is_view: bool = False
) -> tuple[int, str]:
    """Import an export as the command does; the exit code, and what it prints.

    A view with mistakes is not put away, and raises them.
    """
    shown = Path(loading.rejects.name)
    with redirect_stdout(StringIO()) as printed:
        try:
            code = await run_import(
                loading, ImportResult(), strict=options.strict, shown=shown
            )
        except InvalidError as error:
            if is_view:
                raise
            click.echo(mask_text(str(error)))
            code = BAD_INPUT
    return code, printed.getvalue()


def load_dropped(mapping_file: Path, files: list[DroppedFile]) -> int:
    """Load exports of the register of a mapping; the exit code of this process."""
    try:
        import_dropped(folder=DropFolder(mapping_file), files=files)
    except StoppedError:
        return 1
    except PermitRemindersError as error:
        cause = mask_text(error.in_one_line)
        if len(cause) > _LONGEST_CAUSE:
            cause = f"{cause[:_LONGEST_CAUSE]} …"
        click.echo(f"{FAILED}{cause}")
        return 1
    return 0


if __name__ == "__main__":
    os.nice(_NICENESS)
    listen_to_parent(lambda: None)
    dropped = [DroppedFile(**one) for one in orjson.loads(sys.argv[2])]
    sys.exit(load_dropped(Path(sys.argv[1]), dropped))
