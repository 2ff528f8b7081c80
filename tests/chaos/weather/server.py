"""A PostgreSQL server that restarts, and ends sessions, while everybody works."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from random import Random
from time import monotonic
from typing import Final

import psycopg

from tests.postgres import Server

_MODES: Final = ("fast", "immediate")
"""Of a stop: sessions are ended, or the server dies as in a crash."""

_SESSIONS: Final = "SELECT pid FROM pg_stat_activity WHERE datname = %s"


@dataclass(slots=True)
class DatabaseServer:
    """The server of the office; until `out_at` it failed somebody, or still does."""

    server: Server
    database: str
    out_at: float = 0.0

    @property
    def url(self) -> str:
        """The address of the office's database."""
        return self.server.url(self.database)

    async def restart(self, rng: Random) -> None:
        """Stop it, and start it again."""
        self.out_at = inf
        try:
            await asyncio.to_thread(self.server.restart, rng.choice(_MODES))
        finally:
            self.out_at = monotonic()

    def end_sessions(self, rng: Random) -> None:
        """End each session of the office with a chance of a half."""
        with self.server.connect("postgres") as admin, suppress(psycopg.Error):
            for (pid,) in admin.execute(_SESSIONS, [self.database]).fetchall():
                if rng.random() < 0.5:
                    admin.execute("SELECT pg_terminate_backend(%s)", [pid])
        self.out_at = monotonic()
