"""Imports uploaded registers, each in a process of its own, one after the other.

Reading and storing a register takes seconds of processor time in one piece: in this
process, every request and every reminder would wait for it. The child is told
over its standard input when it is its turn; the end of that input tells it to stop, so
that it does not outlive a server that was killed.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, Final

import orjson
import structlog

from service.adapters.clock import SystemClock
from service.adapters.uploads.folder import UploadFolder
from service.domain.errors import InvalidError, Mistake, StorageError, UnknownError
from service.flow.permits.import_record import ImportState, ImportStore
from service.flow.ports import Clock, Upload, UploadOptions, UploadPart, Uploads
from service.settings import PREFIX, Settings

MOST_UPLOADS: Final = 4
"""Uploads under way at a time: each has a process, and room on the disk."""

KEPT: Final = timedelta(days=30)
"""How long what was received and rejected is kept: it holds phones."""

_SWEPT_EVERY: Final = 86_400.0
"""Seconds after which old uploads are looked for."""

_CHILD: Final = "service.cli.permits.import_upload"
_LONGEST_ANSWER: Final = 16 << 20
"""Bytes; a header of 10,000 unknown columns has as many mistakes."""

_log = structlog.get_logger("service.imports")


class ImportProcesses(Uploads):
    """Uploads in a folder beside the database; other servers have theirs there too."""

    def __init__(self, settings: Settings, store: ImportStore, clock: Clock) -> None:
        file = settings.file_beside.resolve()
        self._folder = file.with_name(f"{file.name}.uploads")
        self._store, self._clock = store, clock
        url = (
            settings.database_url
            if settings.database_file is None
            else f"sqlite:///{file}"
        )
        self._environment = {f"{PREFIX}DATABASE_URL": url}
        if settings.authority:
            self._environment[f"{PREFIX}AUTHORITY"] = settings.authority
        self._turn = asyncio.Lock()
        self._under_way = 0
        self._processes = dict[asyncio.Task[None], Process]()

    @property
    def is_full(self) -> bool:
        """Whether so many are under way that no other is received."""
        return self._under_way >= MOST_UPLOADS

    @asynccontextmanager
    async def receive(self) -> AsyncIterator[Upload]:
        """Receive an upload; one that was not begun is forgotten at exit."""
        self._under_way += 1
        with ExitStack() as at_exit:
            at_exit.callback(self._release)
            folder = await asyncio.to_thread(UploadFolder.make, self._folder)
            upload = _Upload(folder, self)
            try:
                yield upload
            finally:
                await asyncio.to_thread(upload.close)
                if upload.task is not None:
                    at_exit.pop_all()
                    upload.task.add_done_callback(lambda _: self._release())

    def find_rejects(self, import_id: str) -> str | None:
        """The CSV file of the rejected rows of an import; None if there is none."""
        path = UploadFolder(self._folder / import_id).rejects
        return str(path) if path.is_file() else None

    async def recover(self) -> None:
        """Note the imports that ended without a word, when the machine did."""
        for folder in [*self._unlocked_folders()]:
            if folder.is_new:
                folder.remove()
            else:
                await self._note_end(folder.path.name)

    async def sweep(self) -> None:
        """Delete what was received or rejected longer ago than `KEPT`."""
        await asyncio.to_thread(self._delete_old)

    @asynccontextmanager
    async def swept_daily(self) -> AsyncIterator[None]:
        """Sweep at once, and then every day until exit."""
        sweeping = asyncio.create_task(self._sweep_daily())
        try:
            yield
        finally:
            sweeping.cancel()

    async def close(self) -> None:
        """Stop all imports after their chunk, and wait for that."""
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                process.terminate()
        await asyncio.gather(*self._processes, return_exceptions=True)

    async def start(
        self, folder: UploadFolder, by: str, options: UploadOptions
    ) -> tuple[asyncio.Task[None], asyncio.Future[bytes]]:
        """Start a process for an upload; the future is what it says of the file."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", _CHILD, str(folder.path), by),
            orjson.dumps(options),
            stdin=PIPE,
            stdout=PIPE,
            pass_fds=[folder.lock],
            env=os.environ | self._environment,
            limit=_LONGEST_ANSWER,
        )
        said = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._follow(process, said))
        self._processes[task] = process
        task.add_done_callback(self._processes.pop)
        return task, said

    async def _follow(self, process: Process, said: asyncio.Future[bytes]) -> None:
        """Hear what a process says, give it its turn, and wait for its end."""
        assert process.stdin is not None  # noqa: S101 - pipes were asked for
        assert process.stdout is not None  # noqa: S101
        line = await process.stdout.readline()
        said.set_result(line)
        import_id = orjson.loads(line).get("id") if line else None
        if import_id:
            async with self._turn:
                with suppress(ConnectionError):  # it may have ended
                    process.stdin.write(b"\n")
                    await process.stdin.drain()
                await process.wait()
        if await process.wait() and import_id:
            await self._note_end(import_id)

    async def _note_end(self, import_id: str) -> None:
        """Store that an import is not done, if its process did not."""
        await asyncio.to_thread(UploadFolder(self._folder / import_id).forget)
        try:
            record = await self._store.get(import_id)
            if record.state is ImportState.RUNNING:
                now = self._clock.now()
                await self._store.end(
                    import_id, ImportState.STOPPED, record.counts, {}, now
                )
        except UnknownError:  # of a database that was here before
            return
        except StorageError as error:
            _log.error("the end of an import was not noted", why=error.in_one_line)

    def _delete_old(self) -> None:
        # Files are dated by the machine, not by a clock that may be simulated.
        oldest = (SystemClock().now() - KEPT).timestamp()
        try:
            for folder in self._unlocked_folders():
                with suppress(FileNotFoundError):  # an upload has replaced it
                    if folder.changed_at < oldest:
                        folder.remove()
        except OSError as error:
            _log.warning("old uploads were not deleted", why=error.strerror)

    async def _sweep_daily(self) -> None:
        while True:
            await self.sweep()
            await asyncio.sleep(_SWEPT_EVERY)

    def _unlocked_folders(self) -> Iterator[UploadFolder]:
        paths = self._folder.iterdir() if self._folder.is_dir() else ()
        for folder in map(UploadFolder, paths):
            if folder.try_lock():
                try:
                    yield folder
                finally:
                    folder.unlock()

    def _release(self) -> None:
        self._under_way -= 1


class _Upload(Upload):
    """An upload that is being received, in a locked folder."""

    def __init__(self, folder: UploadFolder, processes: ImportProcesses) -> None:
        self._folder, self._processes = folder, processes
        self.task: asyncio.Task[None] | None = None

    async def add(self, part: UploadPart, name: str, chunk: bytes) -> None:
        """Take a chunk of a part, which is a file of this name."""
        await asyncio.to_thread(self._folder.add, part, name, chunk)

    async def begin(self, by: str, options: UploadOptions) -> str:
        """Read what was received, and import it when those before it are done."""
        self.task, said = await self._processes.start(self._folder, by, options)
        return _import_id(await said)

    def close(self) -> None:
        """Delete what was received, if it was not begun."""
        self._folder.unlock()
        self._folder.remove()  # one that was begun has another name


def _import_id(line: bytes) -> str:
    """The id that a process has answered with; raises the error that it has found."""
    if not line:
        raise RuntimeError("an import's process ended before it had read its file")
    answer: dict[str, Any] = orjson.loads(line)
    if "mistakes" in answer:
        mistakes = [Mistake(*one) for one in answer["mistakes"]]
        raise InvalidError(answer["where"], mistakes)
    if "storage" in answer:
        raise StorageError(answer["storage"])
    return str(answer["id"])
