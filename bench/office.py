"""An office whose permits are all in a step that is due.

The permits form groups as in a register: each is an authority, a type and an expiry
date. Every permit has a holder and a phone of its own, encrypted as the service does.
"""

import random
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from law import TYPES

from service.adapters.calendars.holidays import calendars
from service.adapters.clock import SimulatedClock
from service.adapters.rules.files import read_authorities, read_rules
from service.adapters.store.db.database import Database
from service.adapters.store.law.change_store import SqlChangeStore
from service.adapters.store.law.law_store import SqlLawStore
from service.adapters.store.sending.pauses import SqlPauseStore
from service.adapters.templates.library import JinjaTemplateLibrary
from service.adapters.vault import Vault
from service.domain.deadlines.slot import Slot, current_slot
from service.domain.law.rule import Version
from service.domain.law_change.edits import AuthoritiesEdit, RulesEdit
from service.domain.lawbook.law import Law
from service.flow.law_change.change import apply_change
from service.flow.permits.encryption import PHONE_COLUMN
from service.settings import shipped_folder

NOW: Final = datetime(2026, 11, 24, 2, tzinfo=UTC)
"""A Tuesday morning in China: the office texts."""

OFFICE: Final = "990000"
COUNTIES: Final = tuple(f"99{at:02}00" for at in range(1, 10))
"""Authorities below the office: it texts for them."""

STORED: Final = "%Y-%m-%d %H:%M:%S.%f"
AREAS: Final = (212, 305, 312, 415, 617, 702, 713, 808, 907, 971)

_PERMIT: Final = """
    INSERT INTO permits (id, authority, rule, number_key, shown_number, tail, holder,
    holder_code, expires_on, status, replaced, series, register, registered_at,
    changed_at, dated_at) VALUES (?1, ?2, ?3, ?1, ?1, ?4, ?5, ?6, ?7, 'active', 0, ?8,
    'bench', ?9, ?9, ?9)"""
_RECIPIENT: Final = """
    INSERT INTO recipients (id, digest, phone, masked, line)
    VALUES (?, ?, ?, '+1212•••0101', 'mobile')"""
_SLOT: Final = """
    INSERT INTO slots (series, authority, expires_on, step, rule, version_id, due_at,
    until_at, closes_at, template, reminded)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"""
_LIVE: Final = """
    INSERT INTO golives (authority, rule, state, live_from, approved_by, catch_up_days)
    VALUES (?, ?, 'live', '2020-01-01 00:00:00.000000', 'bench', 0)"""


@dataclass(frozen=True, slots=True)
class Group:
    """An authority, a version and an expiry date whose first step is current."""

    authority: str
    version: Version
    expires_on: date
    slots: tuple[Slot, ...]


async def installed(file: Path) -> Law:
    """Make a simulated database with the law of twelve types and ten offices."""
    words, known = JinjaTemplateLibrary(shipped_folder("templates")), calendars()
    database = Database(f"sqlite:///{file}")
    await database.upgrade()
    store, clock = (
        SqlLawStore(database, known, words.step_templates()),
        SimulatedClock(NOW),
    )
    rules = read_rules(
        shipped_folder("schedules"), templates=words.step_templates(), calendars=known
    )
    offices = read_authorities(
        shipped_folder("examples") / "authorities.toml", calendars=known
    )
    below = [
        replace(offices[OFFICE], code=code, parent=OFFICE, sends=False)
        for code in COUNTIES
    ]
    for edit in (
        RulesEdit([rules[code] for code in TYPES]),
        AuthoritiesEdit([offices[OFFICE], *below]),
    ):
        await apply_change(edit, SqlChangeStore(database, store), clock, by="bench")
    await SqlPauseStore(database).set_simulated_now(NOW)
    law = await store.current_law()
    await database.dispose()
    return law


def groups(law: Law, wanted: int) -> list[Group]:
    """As many groups in a current step, from all types, dates and authorities."""
    found = list(_groups(law))
    random.Random(1).shuffle(found)  # noqa: S311 - the same in every run
    assert len(found) >= wanted, len(found)
    return found[:wanted]


def _groups(law: Law) -> Iterator[Group]:
    for code in TYPES:
        for day in (NOW.date() + timedelta(at) for at in range(500)):
            version = law.version_for(code, OFFICE, day)
            slots = law.ladder(code, version, OFFICE, day).slots
            if current_slot(slots, NOW) == slots[0]:
                for authority in (OFFICE, *COUNTIES):
                    yield Group(authority, version, day, slots)


def fill(file: Path, permits: int, places: Sequence[Group]) -> None:
    """Insert permits and slots, as fast as SQLite can; no reminder is created yet."""
    vault = Vault.from_key_file(file)
    since = (NOW - timedelta(days=400)).strftime(STORED)
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.execute("INSERT INTO registers VALUES ('bench', NULL, ?)", (since,))
        offices, types = (OFFICE, *COUNTIES), TYPES
        raw.executemany(_LIVE, ((one, code) for one in offices for code in types))
        raw.executemany(_SLOT, (row for one in places for row in _slots(one)))
        made = islice(cycle(places), permits)
        raw.executemany(
            _PERMIT, (_permit(at, one, since) for at, one in enumerate(made))
        )
        raw.executemany(_RECIPIENT, (_recipient(at, vault) for at in range(permits)))
        raw.execute("INSERT INTO permit_recipients SELECT id, 0, id, NULL FROM permits")
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def copied(file: Path, to: Path) -> Path:
    """Copy a database and its key."""
    shutil.copy(file, to)
    shutil.copy(f"{file}.key", f"{to}.key")
    return to


def _slots(one: Group) -> Iterator[tuple[str, ...]]:
    where = one.version.series, one.authority, str(one.expires_on)
    told = one.version.rule, one.version.key
    for slot in one.slots:
        dates = slot.due_at, slot.until_at, slot.closes_at
        stored = (one.strftime(STORED) for one in dates)
        yield *where, slot.step, *told, *stored, slot.template


def _permit(at: int, one: Group, since: str) -> tuple[str, ...]:
    permit_id, number = _id(at), f"{at:08}"
    told = one.authority, one.version.rule, number[-4:], f"Holder {at}", number
    return permit_id, *told, str(one.expires_on), one.version.series, since


def _recipient(at: int, vault: Vault) -> tuple[str, bytes, bytes]:
    phone = f"+1{AREAS[at % 10]}55501{at // 10 % 100:02}"
    return _id(at), at.to_bytes(32, "big"), vault.encrypt(phone, PHONE_COLUMN)


def _id(at: int) -> str:
    return f"{at:032x}"
