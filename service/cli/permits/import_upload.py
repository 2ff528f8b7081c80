"""The process that imports an upload; `ImportProcesses` starts it.

It writes one line of JSON when it has read the file: the id of its import, or what is
wrong. Then it waits for a byte on its standard input, which says that it is its turn;
the end of that input is a request to stop.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import closing, redirect_stdout
from dataclasses import replace
from datetime import datetime
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Final

import click
import orjson

from service.adapters.uploads.folder import UploadFolder
from service.app import Installation
from service.cli.installation import with_installation
from service.cli.permits.loading import Loading, StartImport, open_loading
from service.cli.permits.parent_process import listen_to_parent
from service.cli.permits.run_import import run_import
from service.cli.stop_signal import StoppedError, StopRequest, stoppable
from service.domain.errors import (
    InvalidError,
    Mistake,
    PermitRemindersError,
    SetUpError,
    UnknownError,
)
from service.flow.permits.import_record import ImportState, ImportStore
from service.flow.permits.import_register import ImportResult
from service.flow.permits.import_run import (
    ImportRun,
    begin_import,
    resume_import,
)
from service.flow.ports import UploadOptions

_NICENESS: Final = 10
"""The server beside it answers and sends first."""

_ALIVE_EVERY: Final = 60.0
"""Seconds after which one that waits for its turn shows that it is alive."""


@stoppable
@with_installation
async def import_upload(
    installation: Installation,
    stop: StopRequest,
    folder: UploadFolder,
    by: str,
    options: UploadOptions,
) -> None:
    """Read an upload, say what was found, and import it when it is its turn."""
    is_turn = _listen()
    try:
        loading = await _open(installation, stop, folder, options)
        register = loading.read()
        loading = loading.after(register)
    except InvalidError as error:
        _refuse(Path(error.where).name, error.mistakes)
        return
    except SetUpError as error:
        _say(storage=error.in_one_line)
        return
    with closing(register):
        run = await _begin(loading, register.count, folder, by, options.exported_at)
        if run is None:
            return
        if not options.strict:  # a strict one is read twice
            folder.forget()
        loading = replace(
            loading,
            path=folder.find("file") or loading.path,
            rejects=folder.rejects,
            run=run,
        )
        try:
            await _wait_for_turn(run, is_turn, stop)
            with redirect_stdout(StringIO()):  # its report is stored
                await run_import(
                    loading, ImportResult(), register, strict=options.strict
                )
        except StoppedError:
            await _note_stop(run, loading.deps.store)
        finally:
            folder.forget()


async def _note_stop(run: ImportRun, store: ImportStore) -> None:
    record = await store.get(run.record.id)
    if record.state is ImportState.RUNNING:
        await run.end(ImportState.STOPPED, record.counts, {})


async def _open(
    installation: Installation,
    stop: StopRequest,
    folder: UploadFolder,
    options: UploadOptions,
) -> Loading:
    path = folder.find("file")
    assert path is not None  # noqa: S101 - the server has received it
    try:
        loading = await open_loading(
            *(installation, path, folder.find("mapping"), stop.refuse),
            is_snapshot=options.snapshot,
        )
    except UnknownError as error:
        mistake = Mistake(error.kind, repr(error.code), "a code that is installed")
        raise InvalidError("mapping", [mistake]) from None
    except click.UsageError:
        expected = "a table that says what a full export names"
        mistake = Mistake("snapshot", "nothing", expected)
        raise InvalidError("mapping", [mistake]) from None
    if loading.mapping.lookup:  # it would ask whatever address a caller names
        expected = "none over the API; import such a register by the command"
        raise InvalidError("mapping", [Mistake("lookup", "a look-up", expected)])
    exported_at = options.exported_at or loading.file.exported_at
    file = replace(loading.file, exported_at=exported_at, is_trial=options.dry_run)
    return replace(
        loading,
        file=file,
        dry_run=options.dry_run,
        withdraw_up_to=options.withdraw_up_to,
    )


async def _begin(
    loading: Loading,
    rows: int,
    folder: UploadFolder,
    by: str,
    exported_at: datetime | None,
) -> ImportRun | None:
    """Begin an import, or resume that of an earlier upload of the same file.

    `exported_at` is what the caller says now. None if that import still runs.
    """
    file = loading.file
    last = await loading.deps.store.last(file.register, is_filed=file.is_filed)
    start: StartImport = begin_import
    is_same = last and last.file.key == file.key and last.rows == rows
    if last and is_same and not loading.dry_run:
        earlier = UploadFolder(folder.path.with_name(last.id))
        if last.state is ImportState.RUNNING and earlier.is_locked():
            _say(id=last.id)
            return None
        if last.state is ImportState.STOPPED:
            start = partial(resume_import, exported_at=exported_at)
    run = await start(file, rows, loading.deps, by=by)
    folder.begin(run.record.id)
    _say(id=run.record.id)
    return run


async def _wait_for_turn(
    run: ImportRun, is_turn: asyncio.Event, stop: StopRequest
) -> None:
    waiting = [asyncio.create_task(one) for one in (is_turn.wait(), stop.wait())]
    while not (
        await asyncio.wait(
            waiting, timeout=_ALIVE_EVERY, return_when=asyncio.FIRST_COMPLETED
        )
    )[0]:
        await run.show_alive()
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
    folder, by, given = sys.argv[1:]
    fields = orjson.loads(given)
    exported_at = fields.pop("exported_at")
    options = UploadOptions(
        **fields, exported_at=exported_at and datetime.fromisoformat(exported_at)
    )
    try:
        import_upload(folder=UploadFolder(Path(folder)), by=by, options=options)
    except StoppedError:
        sys.exit(1)  # before it was read
    except PermitRemindersError as error:
        click.echo(f"import: {error.in_one_line}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
