"""What the service's database says, read by SQL alone: none of its code is trusted."""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import psycopg

from service.adapters.store.db.dialects.postgres_engine import WRITE_LOCK
from tests.databases import plain_value, with_percents

_NO_ROOM = ("disk is full", "disk I/O error", "unable to open")
"""What SQLite says on a full volume, to readers of a WAL too."""

LookError = (sqlite3.OperationalError, psycopg.OperationalError)
"""What is raised where the database cannot be looked into."""

_SQLITE = "sqlite:///"

Key = tuple[str, str, str]
"""A reminder: the number of its permit, the expiry date, the step."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """Where one permit in one step stands."""

    key: Key
    state: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """One row that may be POSTed once, and the reminders it is about."""

    id: str
    state: str
    reason: str | None
    provider_id: str | None
    posted_after: datetime
    about: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Reminders by key, messages by id."""

    reminders: dict[Key, Reminder]
    messages: dict[str, Message]


Rows = Sequence[tuple[Any, ...]]


class Raw(Protocol):
    """A connection of a person who looks into the database."""

    def execute(
        self, query: str, values: Mapping[str, Any] | Sequence[Any] = ()
    ) -> Rows:
        """What a statement finds, as SQLite would show it."""


@dataclass(frozen=True, slots=True)
class _Sqlite:
    connection: sqlite3.Connection

    def execute(
        self, query: str, values: Mapping[str, Any] | Sequence[Any] = ()
    ) -> Rows:
        return self.connection.execute(query, values).fetchall()


@dataclass(frozen=True, slots=True)
class _Postgres:
    connection: psycopg.Connection[tuple[Any, ...]]

    def execute(
        self, query: str, values: Mapping[str, Any] | Sequence[Any] = ()
    ) -> Rows:
        found = self.connection.execute(_for_psycopg(query, values), values or None)
        rows = found.fetchall() if found.description else []
        return [tuple(map(plain_value, row)) for row in rows]


def _for_psycopg(query: str, values: Mapping[str, Any] | Sequence[Any]) -> Any:  # noqa: ANN401 - a literal, to psycopg
    if isinstance(values, Mapping):
        return re.sub(r":([a-z]+)", r"%(\1)s", query.replace("%", "%%"))
    return with_percents(query)


@contextmanager
def connected(url: str) -> Iterator[Raw]:
    """Look into the database at an address; what is changed is stored in the end."""
    if url.startswith(_SQLITE):
        file = url.removeprefix(_SQLITE)
        with closing(sqlite3.connect(file, timeout=60)) as found, found:
            yield _Sqlite(found)
        return
    with psycopg.connect(url, autocommit=True) as session:
        yield _Postgres(session)


@contextmanager
def changing(url: str) -> Iterator[Raw]:
    """Change the database, alone; all of it is stored in the end."""
    with connected(url) as raw:
        if not isinstance(raw, _Postgres):
            yield raw
            return
        with raw.connection.transaction():
            raw.execute("SELECT pg_advisory_xact_lock(?)", [WRITE_LOCK])
            yield raw


def cannot_look(error: Exception) -> bool:
    """Whether the volume was so full that SQLite could not read, or a server away."""
    is_away = isinstance(error, psycopg.OperationalError)
    return is_away or any(why in str(error) for why in _NO_ROOM)


def read(url: str) -> Ledger:
    """All of it, at rest."""
    with connected(url) as database:
        return Ledger(
            {one.key: one for one in _reminders(database)},
            {one.id: one for one in _messages(database)},
        )


def most_under_way(url: str) -> int:
    """Messages that a single worker has begun and not recorded, at most."""
    counted = (
        "SELECT count(*) FROM messages WHERE state = 'sending' AND begun GROUP BY owner"
    )
    with connected(url) as database:
        return max((count for (count,) in database.execute(counted)), default=0)


def unsettled(url: str, tomorrow: datetime) -> int:
    """Messages whose outcome nobody knows, and somebody has to find out tonight.

    The provider has not been asked about them; or a step of theirs ends before
    tomorrow, and they are neither proven absent nor put before a person.
    """
    wanted = (
        "SELECT count(*) FROM messages m WHERE state = 'sending' AND begun "
        "OR state = 'uncertain' AND (absent_at IS NULL "
        "OR reason NOT LIKE 'absent again:%' AND EXISTS (SELECT 1 FROM reminders r "
        "WHERE r.message_id = m.id AND r.until_at <= :tomorrow))"
    )
    return _count(url, wanted, tomorrow=tomorrow)


def unsent(url: str, now: datetime, tomorrow: datetime) -> int:
    """Reminders that are due, or under way, in a step that ends before tomorrow."""
    wanted = (
        "SELECT count(*) FROM reminders WHERE until_at <= :tomorrow AND "
        "(state = 'sending' OR state IN ('due', 'retrying') AND next_at <= :now)"
    )
    return _count(url, wanted, now=now, tomorrow=tomorrow)


def _count(url: str, wanted: str, **instants: datetime) -> int:
    values = {name: f"{at:%Y-%m-%d %H:%M:%S.%f}" for name, at in instants.items()}
    with connected(url) as database:
        ((count,),) = database.execute(wanted, values)
        return int(count)


def _reminders(database: Raw) -> Iterator[Reminder]:
    rows = database.execute(
        "SELECT shown_number, r.expires_on, step, state, reason "
        "FROM reminders r JOIN permits p ON p.id = r.permit_id"
    )
    for number, expires_on, step, state, reason in rows:
        yield Reminder((number, expires_on, step), state, reason)


def _messages(database: Raw) -> Iterator[Message]:
    about: dict[str, list[Key]] = {}
    for message, *key in database.execute(
        "SELECT message_id, shown_number, m.expires_on, step "
        "FROM message_reminders m JOIN permits p ON p.id = m.permit_id"
    ):
        about.setdefault(message, []).append((key[0], key[1], key[2]))
    for row in database.execute(
        "SELECT id, state, reason, provider_id, posted_after FROM messages"
    ):
        message, state, reason, provider_id, after = row
        posted_after = datetime.fromisoformat(after).replace(tzinfo=UTC)
        keys = tuple(about.get(message, ()))
        yield Message(dashed(message), state, reason, provider_id, posted_after, keys)


def dashed(text: str) -> str:
    """As it is written in an address: SQLite keeps the digits alone."""
    bare = text.replace("-", "")
    return "-".join((bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:]))
