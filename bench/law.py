"""The speed of a change of the law, beside one row per permit and step.

    python bench/law.py [PERMITS]

A million permits of twelve types in one office, expiring over five years. `rules diff`
and `rules apply` are timed from the opened installation on: the window of one type, and
of all twelve, moves. The peer has the same permits and dates in the same SQLite, but
stored as other systems store them: one row per permit and step, previewed by counting
and applied by updating each row.
"""

import asyncio
import random
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

from service.adapters.calendars.holidays import calendars
from service.adapters.clock import SimulatedClock
from service.adapters.rules.files import read_authorities, read_rules
from service.adapters.store.db.database import Database
from service.adapters.store.law.change_store import SqlChangeStore
from service.adapters.store.law.law_store import SqlLawStore
from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.deadlines.slot import Slot
from service.domain.law.period import Period
from service.domain.law_change.edits import AuthoritiesEdit, RevertEdit, RulesEdit
from service.domain.lawbook.law import Law
from service.flow.law_change.change import ChangeResult, apply_change, preview_change
from service.settings import shipped_folder

NOW: Final = datetime(2026, 11, 22, tzinfo=UTC)
OFFICE: Final = "990000"
FIRST, DAYS = date(2026, 1, 1), 5 * 365
STORED: Final = "%Y-%m-%d %H:%M:%S.%f"

TYPES: Final = (
    "cn-food-production-license",
    "cn-food-business-license",
    "cn-inspection-testing-cma",
    "cn-special-equipment-production-license",
    "cn-cylinder-filling-license",
    "cn-mobile-pressure-vessel-filling-license",
    "cn-special-equipment-operator-certificate",
    "cn-industrial-product-production-license",
    "cn-legal-metrology-institution-authorization",
    "cn-special-metrology-authorization",
    "cn-food-workshop-registration-local",
    "cn-foreign-representative-office",
)

_PERMITS: Final = """
    INSERT INTO permits (id, authority, rule, number_key, shown_number, tail, holder,
    expires_on, status, replaced, series, register, registered_at, changed_at, dated_at)
    VALUES (?1, '990000', ?2, ?1, ?1, '0142', 'Holder', ?3, 'active', 0, ?4, 'bench',
    '2026-01-01', '2026-01-01', '2026-01-01')"""

_SLOTS: Final = """
    INSERT INTO slots (series, authority, expires_on, step, rule, version_id, due_at,
    until_at, closes_at, template, reminded, expanded_at)
    VALUES (?, '990000', ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)"""

_MATERIALISED: Final = """
    CREATE TABLE jobs (permit_id, step, rule, expires_on, due_at,
        PRIMARY KEY (permit_id, step));
    CREATE INDEX ix_jobs_due ON jobs (due_at);
    CREATE INDEX ix_jobs_of ON jobs (rule, expires_on, step);"""


@dataclass(frozen=True, slots=True)
class Office:
    """An opened installation with its permits, and the same materialised."""

    file: Path
    peer: Path
    store: SqlLawStore
    change_store: SqlChangeStore
    clock: SimulatedClock

    def law_after(self, law: Law, types: tuple[str, ...]) -> RulesEdit:
        """The law with the windows of these types closing at another time."""
        closes = Period.parse("60 working days before expiry")
        edited = []
        for code in types:
            newest = max(law.rules[code].versions, key=lambda one: one.in_force_from)
            rest = [one for one in law.rules[code].versions if one is not newest]
            later = replace(newest, closes=closes)
            edited.append(replace(law.rules[code], versions=(*rest, later)))
        return RulesEdit(edited)


def dated(law: Law, code: str, expires_on: date) -> tuple[Slot, ...]:
    """The slots of one expiry date."""
    version = law.version_for(code, OFFICE, expires_on)
    return law.compute_ladder(code, version, OFFICE, expires_on).to_ladder().slots


def fill(office: Office, law: Law, permits: int) -> None:
    """Write permits, slots and the materialised rows, as fast as SQLite can."""
    chance = random.Random(1)  # noqa: S311 - the same permits in every run
    made = [
        (f"{at:032x}", TYPES[at % 12], FIRST + timedelta(chance.randrange(DAYS)))
        for at in range(permits)
    ]
    slots = {(code, day): dated(law, code, day) for _, code, day in made}
    with closing(sqlite3.connect(office.file)) as ours, ours:
        ours.execute("INSERT INTO registers VALUES ('bench', NULL, '2026-01-01')")
        ours.executemany(_PERMITS, _rows_of_permits(law, made))
        ours.executemany(_SLOTS, _rows_of_slots(law, slots))
    with closing(sqlite3.connect(office.file)) as ours:
        ours.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with closing(sqlite3.connect(office.peer)) as theirs, theirs:
        theirs.execute("PRAGMA journal_mode = WAL")
        theirs.executescript(_MATERIALISED)
        theirs.executemany(
            "INSERT INTO jobs VALUES (?, ?, ?, ?, ?)",
            (
                (permit, slot.step, code, str(day), slot.due_at.strftime(STORED))
                for permit, code, day in made
                for slot in slots[code, day]
            ),
        )


def _rows_of_permits(
    law: Law, made: list[tuple[str, str, date]]
) -> Iterator[tuple[str, ...]]:
    for permit, code, day in made:
        yield permit, code, str(day), law.version_for(code, OFFICE, day).series


def _rows_of_slots(
    law: Law, slots: dict[tuple[str, date], tuple[Slot, ...]]
) -> Iterator[tuple[str | None, ...]]:
    for (code, day), found in slots.items():
        version = law.version_for(code, OFFICE, day)
        for slot in found:
            dates = slot.due_at, slot.until_at, slot.closes_at
            due, *ends = (one.strftime(STORED) for one in dates)
            born = due if slot.due_at <= NOW else None
            told = version.series, str(day), slot.step, code, version.key
            yield *told, due, *ends, slot.template, born


def materialised(office: Office, law: Law, types: tuple[str, ...]) -> tuple[float, int]:
    """Date the same change row by row in SQL; seconds, and how many rows."""
    began = perf_counter()
    after = [
        (slot.due_at.strftime(STORED), code, str(day), slot.step)
        for code in types
        for day in (FIRST + timedelta(at) for at in range(DAYS))
        for slot in dated(law, code, day)
    ]
    with closing(sqlite3.connect(office.peer)) as theirs, theirs:
        done = theirs.executemany(
            "UPDATE jobs SET due_at = ? WHERE rule = ? AND expires_on = ? AND step = ?",
            after,
        )
        return perf_counter() - began, done.rowcount


async def timed(
    act: Callable[[], Awaitable[ChangeResult]],
) -> tuple[float, ChangeResult]:
    """Seconds, and what came of it."""
    began = perf_counter()
    done = await act()
    return perf_counter() - began, done


async def compare(office: Office, types: tuple[str, ...]) -> None:
    """Preview, apply and revert a change, and let the peer apply it too."""
    law = await office.store.current_law()
    edit = office.law_after(law, types)
    diff, seen = await timed(
        lambda: preview_change(edit, office.change_store, office.clock)
    )
    apply, done = await timed(
        lambda: apply_change(
            edit, office.change_store, office.clock, by="bench", force_reason="bench"
        )
    )
    assert seen.plan.impact == done.plan.impact
    theirs, rows = materialised(office, await office.store.current_law(), types)
    back, _ = await timed(
        lambda: apply_change(
            RevertEdit(types[0]), office.change_store, office.clock, by="bench"
        )
    )
    permits = done.plan.impact.permits
    print(
        f"{len(types):2} of 12 types change, {permits:>9,} permits move: "
        f"diff {diff:.2f} s, apply {apply:.2f} s, revert of one {back:.2f} s; "
        f"materialised, {rows:,} rows: {theirs:.2f} s, "
        f"{theirs / apply:.1f} times ours"
    )


def count_days() -> None:
    """Time the arithmetic of working days beside counting them one by one."""
    days = calendars()["CN"].certain_workdays
    asked = [date(2026, 1, 1) + timedelta(at % 365) for at in range(200_000)]
    began = perf_counter()
    for day, count in zip(asked, repeat(30)):
        days.back(day, count)
    ours = (perf_counter() - began) / len(asked)
    began = perf_counter()
    for day in asked[:2000]:
        left, walked = 30, day
        while left:
            walked -= timedelta(days=1)
            left -= walked in days
    theirs = (perf_counter() - began) / 2000
    print(
        f"30 working days back: {ours * 1e9:.0f} ns a date, "
        f"walked day by day {theirs * 1e9:.0f} ns, {theirs / ours:.0f} times ours"
    )


async def main(permits: int) -> None:
    """Fill an office and change its law."""
    count_days()
    words, known = JinjaTemplateLibrary(shipped_folder("templates")), calendars()
    with TemporaryDirectory(prefix="permit-reminders-bench-") as folder:
        file, peer = Path(folder) / "office.db", Path(folder) / "peer.db"
        database = Database(f"sqlite:///{file}")
        await database.upgrade()
        store = SqlLawStore(database, known, words.step_templates())
        change_store = SqlChangeStore(database, store)
        office = Office(file, peer, store, change_store, SimulatedClock(NOW))
        rules = read_rules(
            shipped_folder("schedules"),
            templates=words.step_templates(),
            calendars=known,
        )
        offices = read_authorities(
            shipped_folder("examples") / "authorities.toml", calendars=known
        )
        for edit in (
            RulesEdit(list(rules.values())),
            AuthoritiesEdit([offices[OFFICE]]),
        ):
            await apply_change(edit, change_store, office.clock, by="bench")
        fill(office, await store.current_law(), permits)
        for types in (TYPES[:1], TYPES):
            await compare(office, types)
        await database.dispose()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
