"""Has dropped exports imported, each register in a process of its own.

Reading a register takes seconds of processor time: in this process, every request and
every reminder would wait for it. The end of its standard input tells a process to stop,
so that it does not outlive a worker that was killed.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
import structlog

from service.adapters.drop_folders.look import RegisterFolders, RegisterWork
from service.adapters.lookups.daemon_thread import DaemonThreads
from service.domain.untrusted.text import safe_label
from service.flow.monotonic import monotonic_now

_CHILD: Final = "service.cli.permits.import_dropped"

_AFTER_FAILURE: Final = 60.0
"""Seconds for which a register is left alone that could not be loaded."""

_SHOWN: Final = 300
"""Characters of a path in the log."""

FAILED: Final = "failed: "
"""How a process begins the line that says why it could not load a register."""

_MOST_LOGGED: Final = 20
"""Lines a look about files that are left alone."""

_log = structlog.get_logger("service.registers")


class RegisterWatch:
    """Looks at the folder of registers every so many seconds, and loads what is ready.

    Registers are loaded one after the other. What is left alone, and why one cannot be
    loaded, is logged once for each cause.
    """

    def __init__(self, root: Path, seconds: float) -> None:
        self._folders = RegisterFolders(root)
        self._root, self._seconds = root, seconds
        self._threads = DaemonThreads()
        self._left_alone: Mapping[Path, str] = {}
        self._failures = dict[Path, _Failure]()
        self._process: Process | None = None
        self._is_stopping = False

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Watch until exit; an import under way then stops after its chunk."""
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            self._is_stopping = True
            if self._process is None:
                watching.cancel()
            else:
                with suppress(ProcessLookupError):
                    self._process.terminate()
            with suppress(asyncio.CancelledError):
                await watching

    async def _watch(self) -> None:
        while not self._is_stopping:
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - it is logged, and looked again
                _log.error("registers were not looked at", exc_info=error)
            if not self._is_stopping:
                await asyncio.sleep(self._seconds)

    async def _look(self) -> None:
        # In a thread that nobody waits for: a network share may hang.
        look = await self._threads.run("registers", 1, self._folders.look)
        self._log_left_alone(look.left_alone)
        for work in look.work:
            failure = self._failures.get(work.folder.mapping_file)
            if not self._is_stopping and not (failure and failure.is_fresh):
                await self._load(work)

    def _log_left_alone(self, left_alone: Mapping[Path, str]) -> None:
        new = sorted(left_alone.items() - self._left_alone.items())
        for path, why in new[:_MOST_LOGGED]:
            _log.warning(f"{safe_label(str(path), _SHOWN)} is left alone: {why}")
        if len(new) > _MOST_LOGGED:
            more = len(new) - _MOST_LOGGED
            _log.warning(f"{more} more files in {self._root} are left alone")
        self._left_alone = left_alone

    async def _load(self, work: RegisterWork) -> None:
        """Start a process for a register, log what it says, and wait for its end."""
        mapping_file = work.folder.mapping_file
        files = orjson.dumps([*work.files]).decode()
        process = self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", _CHILD, str(mapping_file), files),
            stdin=PIPE,
            stdout=PIPE,
        )
        try:
            cause = await _log_what_is_said(process)
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
            self._process = None
        if code and not self._is_stopping:
            self._note_failure(mapping_file, cause or f"its process ended with {code}")
        else:
            self._failures.pop(mapping_file, None)

    def _note_failure(self, mapping_file: Path, cause: str) -> None:
        last = self._failures.get(mapping_file)
        if last is None or last.cause != cause:
            _log.warning(f"{mapping_file.stem} cannot be loaded: {cause}")
        self._failures[mapping_file] = _Failure(cause, monotonic_now())


async def _log_what_is_said(process: Process) -> str | None:
    """Log what a process says until it ends; return why it could not load."""
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    cause = None
    async for line in process.stdout:
        text = line.decode(errors="replace").rstrip()
        if text.startswith(FAILED):
            cause = text.removeprefix(FAILED)
        else:
            _log.info(text)
    return cause


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a register could not be loaded, and when, on the monotonic clock."""

    cause: str
    at: float

    @property
    def is_fresh(self) -> bool:
        """Whether it is too early to try again."""
        return monotonic_now() - self.at < _AFTER_FAILURE
