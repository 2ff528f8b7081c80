"""What the service's database says, read by SQL alone: none of its code is trusted."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_NO_ROOM = ("disk is full", "disk I/O error", "unable to open")
"""What SQLite says on a full volume, to readers of a WAL too."""

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


@contextmanager
def connected(folder: Path) -> Iterator[sqlite3.Connection]:
    """A connection of a person who looks into the file."""
    with closing(sqlite3.connect(folder / "permit-reminders.db", timeout=60)) as found:
        yield found


def had_no_room(error: sqlite3.OperationalError) -> bool:
    """Whether the volume was so full that SQLite could not even read."""
    return any(why in str(error) for why in _NO_ROOM)


def read(folder: Path) -> Ledger:
    """All of it, at rest."""
    with connected(folder) as database:
        return Ledger(
            {one.key: one for one in _reminders(database)},
            {one.id: one for one in _messages(database)},
        )


def most_under_way(folder: Path) -> int:
    """Messages that a single worker has begun and not recorded, at most."""
    counted = (
        "SELECT count(*) FROM messages WHERE state = 'sending' AND begun GROUP BY owner"
    )
    with connected(folder) as database:
        return max((count for (count,) in database.execute(counted)), default=0)


def unsettled(folder: Path, tomorrow: datetime) -> int:
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
    return _count(folder, wanted, tomorrow=tomorrow)


def unsent(folder: Path, now: datetime, tomorrow: datetime) -> int:
    """Reminders that are due, or under way, in a step that ends before tomorrow."""
    wanted = (
        "SELECT count(*) FROM reminders WHERE until_at <= :tomorrow AND "
        "(state = 'sending' OR state IN ('due', 'retrying') AND next_at <= :now)"
    )
    return _count(folder, wanted, now=now, tomorrow=tomorrow)


def _count(folder: Path, wanted: str, **instants: datetime) -> int:
    values = {name: f"{at:%Y-%m-%d %H:%M:%S.%f}" for name, at in instants.items()}
    with connected(folder) as database:
        ((count,),) = database.execute(wanted, values)
        return int(count)


def _reminders(database: sqlite3.Connection) -> Iterator[Reminder]:
    rows = database.execute(
        "SELECT shown_number, r.expires_on, step, state, reason "
        "FROM reminders r JOIN permits p ON p.id = r.permit_id"
    )
    for number, expires_on, step, state, reason in rows:
        yield Reminder((number, expires_on, step), state, reason)


def _messages(database: sqlite3.Connection) -> Iterator[Message]:
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
