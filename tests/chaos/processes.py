"""The processes of an office: real ones, or forked ones, which start at once."""

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Final, Protocol

from tests.cli.commands import Ran, environment
from tests.cli.processes import Fork, Forked

_PATIENCE: Final = 120.0
_GLANCE: Final = 0.003


class Running(Protocol):
    """A process as asyncio has it."""

    @property
    def pid(self) -> int:
        """Its id, and that of its group."""

    @property
    def returncode(self) -> int | None:
        """The code with which it ended, or None."""

    async def wait(self) -> int:
        """Wait for its end."""


class Processes(Protocol):
    """Starts commands in a folder, with some settings."""

    async def start(
        self, *arguments: str, folder: Path, settings: Mapping[str, str], log: Path
    ) -> Running:
        """Start one in a session of its own; `log` is its standard error."""

    async def run(
        self, *arguments: str, folder: Path, settings: Mapping[str, str]
    ) -> Ran:
        """Run one to its end."""


class RealProcesses:
    """Python starts for each; they keep their bytecode, to start sooner."""

    async def start(
        self, *arguments: str, folder: Path, settings: Mapping[str, str], log: Path
    ) -> Running:
        """Start one in a session of its own, so that a kill reaches all of it."""
        with log.open("wb") as file:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "service", *arguments),
                cwd=folder,
                env=self._environment(settings),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=file,
                start_new_session=True,
            )

    async def run(
        self, *arguments: str, folder: Path, settings: Mapping[str, str]
    ) -> Ran:
        """Run one to its end, or until nobody waits for it."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service", *arguments),
            cwd=folder,
            env=self._environment(settings),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    @staticmethod
    def _environment(settings: Mapping[str, str]) -> dict[str, str]:
        kept = environment()
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        return kept | dict(settings)


@dataclass(frozen=True, slots=True)
class _Running:
    forked: Forked

    @property
    def pid(self) -> int:
        return self.forked.pid

    @property
    def returncode(self) -> int | None:
        return self.forked.returncode

    async def wait(self) -> int:
        while (code := self.returncode) is None:  # noqa: ASYNC110 - a process, no event
            await asyncio.sleep(_GLANCE)
        self.forked.close()
        return code


@dataclass(frozen=True, slots=True)
class ForkedProcesses:
    """They have imported everything already; nothing preloaded by the system works."""

    fork: Fork

    async def start(
        self, *arguments: str, folder: Path, settings: Mapping[str, str], log: Path
    ) -> Running:
        """Start one in a session of its own."""
        return _Running(self.fork(*arguments, folder=folder, log=log, **settings))

    async def run(
        self, *arguments: str, folder: Path, settings: Mapping[str, str]
    ) -> Ran:
        """Run one to its end, also when nobody waits for it any more."""

        def run() -> Ran:
            with self.fork(*arguments, folder=folder, **settings) as forked:
                out, err = forked.communicate(_PATIENCE)
                return Ran(forked.wait(0), out, err)

        return await asyncio.to_thread(run)


def signal_all(process: Running, number: Signals) -> None:
    """Reach every process of a command, if it lives; its end may not be known yet."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
