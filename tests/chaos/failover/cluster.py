"""A PostgreSQL primary and its standby, which takes its place again and again."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.postgres import (
    SETTINGS,
    NoServerError,
    Server,
    find_binaries,
    new_folder,
    run_program,
)

DATABASE: Final = "permits"

_SETTINGS: Final = SETTINGS | {"synchronous_commit": "local"}
"""What is committed is written, so that it is the standby alone that lacks it."""


@dataclass(frozen=True, slots=True)
class Node:
    """A server with a folder of its own, which begins anew when it is copied."""

    binaries: Path
    folder: Path
    paused: list[int] = field(default_factory=list)

    @property
    def server(self) -> Server:
        """The server, while it runs."""
        return Server(self.folder)

    def create(self) -> None:
        """Make an empty server and start it."""
        init = (self.binaries / "initdb", "-D", self._data, "-U", "tester")
        run_program(
            self.folder,
            *(*init, "-A", "trust", "-E", "UTF8", "--locale", "C", "--no-sync"),
        )
        self.start()
        self.server.create_database(DATABASE)

    def follow(self, primary: "Node") -> None:
        """Begin anew as a standby of another."""
        shutil.rmtree(self._data, ignore_errors=True)
        copy = (self.binaries / "pg_basebackup", "-D", self._data, "--no-sync")
        source = f"host={primary.folder} user=tester application_name=standby"
        run_program(
            self.folder, *(*copy, "-d", source, "-R", "-X", "stream", "-c", "fast")
        )
        self.start()

    def promote(self) -> None:
        """Let a standby be a primary; returns once it is."""
        run_program(self.folder, *self._control("-w", "promote"))

    def crash(self) -> None:
        """Stop it as a power cut does; the processes that were paused die with it."""
        stop = ("-m", "immediate", "stop")
        run_program(self.folder, *self._control("-W", *stop))
        for pid in self.paused:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.paused.clear()
        with suppress(NoServerError):  # it has ended already
            run_program(self.folder, *self._control("-w", *stop))

    def pause_senders(self) -> None:
        """Let nothing more reach a standby."""
        for (pid,) in self.query("SELECT pid FROM pg_stat_replication"):
            os.kill(pid, signal.SIGSTOP)
            self.paused.append(pid)

    def is_followed(self) -> bool:
        """Whether its standby has all that is committed now."""
        wanted = (
            "SELECT replay_lsn >= pg_current_wal_insert_lsn() FROM pg_stat_replication "
            "WHERE application_name = 'standby'"
        )
        return (True,) in self.query(wanted)

    def query(self, statement: str, database: str = DATABASE) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        with self.server.connect(database) as connection:
            return connection.execute(statement.encode()).fetchall()

    def start(self) -> None:
        """Run it on what it has."""
        options = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
        more = ("-l", self.folder / "log", "-w", "-o", f"-k {self.folder} {options}")
        run_program(self.folder, *self._control(*more, "start"))

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _control(self, *more: Path | str) -> tuple[Path | str, ...]:
        return (self.binaries / "pg_ctl", "-D", self._data, *more)


@dataclass(slots=True)
class Cluster:
    """Two servers, of which one is the primary."""

    primary: Node
    standby: Node
    promotions: int = 0
    url: str = field(init=False)

    def __post_init__(self) -> None:
        """Name both, so that who connects finds the primary."""
        hosts = f"{self.primary.folder},{self.standby.folder}"
        self.url = (
            f"postgresql://tester@/{DATABASE}?host={hosts}"
            "&target_session_attrs=read-write"
        )

    def configure(self, *, synchronous: bool) -> None:
        """Whether confirmed commits wait for the standby."""
        names = "*" if synchronous else ""
        self.primary.server.configure("synchronous_standby_names", names)

    def fail_over(self) -> None:
        """Cut the primary off for good, and let the standby take its place."""
        self.primary.crash()
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary
        self.promotions += 1

    def restore_standby(self) -> None:
        """Let the server that was the primary follow the present one."""
        self.standby.follow(self.primary)


@contextmanager
def run_cluster() -> Iterator[Cluster]:
    """Run a primary and its standby; `NoServerError` where that is not possible."""
    binaries = find_binaries()
    with new_folder() as one, new_folder() as other:
        nodes = Node(binaries, one), Node(binaries, other)
        try:
            nodes[0].create()
            nodes[1].follow(nodes[0])
            yield Cluster(*nodes)
        finally:
            for node in nodes:
                with suppress(NoServerError):  # it does not run
                    node.crash()
