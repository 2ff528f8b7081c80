"""The process that imports an upload; `ImportProcesses` starts it.

It writes one line of JSON when it has read the file: the id of its import, or what is
wrong. Then it waits for a byte on its standard input, which says that it is its turn;
the end of that input is a request to stop.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import click
import orjson

from service.adapters.registers.register_file import read_register
from service.adapters.registers.reject_report import open_reject_report
from service.adapters.uploads.folder import UploadFolder
from service.app import Installation
from service.cli.installation import with_installation
from service.cli.permits.load_register import Loading, open_loading
from service.cli.permits.parent_process import listen_to_parent
from service.cli.stop_signal import StoppedError, StopRequest, stoppable
from service.domain.errors import (
    InvalidError,
    Mistake,
    PermitRemindersError,
    SetUpError,
    UnknownError,
)
from service.flow.permits.import_record import ImportState
from service.flow.permits.import_register import ImportResult, import_register
from service.flow.permits.import_run import (
    ImportRun,
    begin_import,
    resume_import,
)

_NICENESS: Final = 10
"""The server beside it answers and sends first."""


@stoppable
@with_installation
async def import_upload(
    installation: Installation, stop: StopRequest, folder: UploadFolder, by: str
) -> None:
    """Read an upload, say what was found, and import it when it is its turn."""
    is_turn = _listen()
    try:
        loading = await _open(installation, stop, folder)
        register = read_register(
            loading.path,
            loading.mapping,
            default_authority=loading.default_authority,
            check=loading.check,
        )
    except InvalidError as error:
        _refuse(Path(error.where).name, error.mistakes)
        return
    except SetUpError as error:
        _say(storage=error.in_one_line)
        return
    with closing(register):
        run = await _begin(loading, register.count, folder, by)
        if run is None:
            return
        result, state = ImportResult(), ImportState.STOPPED
        with suppress(StoppedError):
            await _wait_for_turn(run, is_turn, stop)
            with open_reject_report(
                folder.rejects, register, loading.mapping, loading.codes
            ) as rejects:
                await import_register(
                    *(register, loading.source, loading.deps, rejects, result), run=run
                )
            state = ImportState.DONE
        counts = result.outcomes or run.record.counts
        await run.end(state, counts, result.unknown_types)


async def _open(
    installation: Installation, stop: StopRequest, folder: UploadFolder
) -> Loading:
    path = folder.find("file")
    assert path is not None  # noqa: S101 - the server has received it
    try:
        loading = await open_loading(
            installation, path, folder.find("mapping"), stop.refuse
        )
    except UnknownError as error:
        mistake = Mistake(error.kind, repr(error.code), "a code that is installed")
        raise InvalidError("mapping", [mistake]) from None
    if loading.mapping.lookup:  # it would ask whatever address a caller names
        expected = "none over the API; import such a register by the command"
        raise InvalidError("mapping", [Mistake("lookup", "a look-up", expected)])
    return loading


async def _begin(
    loading: Loading, rows: int, folder: UploadFolder, by: str
) -> ImportRun | None:
    """Begin an import, or resume that of an earlier upload of the same file.

    None if that one still runs.
    """
    file = loading.file
    last = await loading.deps.store.last(file.register, is_filed=file.is_filed)
    start = begin_import
    if last and last.file.key == file.key and last.rows == rows:
        earlier = UploadFolder(folder.path.with_name(last.id))
        if last.state is ImportState.RUNNING and earlier.is_locked():
            _say(id=last.id)
            return None
        if last.state is ImportState.STOPPED:
            start = resume_import
    run = await start(file, rows, loading.deps, by=by)
    folder.begin(run.record.id)
    _say(id=run.record.id)
    return run


async def _wait_for_turn(
    run: ImportRun, is_turn: asyncio.Event, stop: StopRequest
) -> None:
    waiting = [asyncio.create_task(one) for one in (is_turn.wait(), stop.wait())]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    stop.refuse()
    run.restart_clock()
    os.nice(_NICENESS)


def _listen() -> asyncio.Event:
    """Hear what the server says; the event is set when it is our turn."""
    is_turn, loop = asyncio.Event(), asyncio.get_running_loop()
    listen_to_parent(lambda: loop.call_soon_threadsafe(is_turn.set))
    return is_turn


def _refuse(where: str, mistakes: Sequence[Mistake]) -> None:
    found = [(one.field, one.found, one.expected) for one in mistakes]
    _say(where=where, mistakes=found)


def _say(**answer: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    """Import the upload of the folder that the first argument names."""
    folder, by = sys.argv[1:]
    try:
        import_upload(folder=UploadFolder(Path(folder)), by=by)
    except StoppedError:
        sys.exit(1)  # before it was read
    except PermitRemindersError as error:
        click.echo(f"import: {error.in_one_line}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
