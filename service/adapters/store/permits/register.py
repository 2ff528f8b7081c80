"""Permits stored as a register sends them; their slots and reminders follow."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils import uuid7

from service.adapters.store.db.database import Database
from service.adapters.store.law.corrections import create_corrections_of_permits
from service.adapters.store.law.digest import refuse_stale
from service.adapters.store.permits.follow_up import (
    create_current_reminders,
    end_ineligible_reminders,
)
from service.adapters.store.permits.imports.changes import (
    describe_moved,
    describe_renewed,
    describe_written,
)
from service.adapters.store.permits.imports.records import note_chunk
from service.adapters.store.permits.permit_rows import (
    NO_CONTACTS,
    Contacts,
    PermitChange,
    PermitKey,
    is_unchanged,
    permit_key,
    permits_by_key,
    write_permits,
)
from service.adapters.store.permits.recipients import (
    ensure_recipient_ids,
    recipients_of,
    write_recipients,
)
from service.adapters.store.permits.registers import set_register, upsert_register
from service.adapters.store.permits.renewals.filings import SqlFilingStore
from service.adapters.store.permits.renewals.renewed_terms import record_terms
from service.adapters.store.permits.renewals.replaced import find_refused, mark_renewed
from service.adapters.store.permits.revisions import stored_revision
from service.adapters.store.permits.withdrawals import withdraw_permits
from service.adapters.store.reminders.redate import redate_due_of_permits
from service.adapters.store.slots.frozen_forecasts import instant_after_count
from service.adapters.store.slots.slot_rows import insert_missing_slots
from service.domain.errors import InvalidError
from service.flow.permits.import_record import ChunkNote
from service.flow.permits.register import DatedPermit, RegisterSource, RegisterStore
from service.flow.permits.renewals.filing_store import FilingStore
from service.flow.permits.withdraw import INACTIVE
from service.flow.ports import RevisionCheck


class SqlRegisterStore(RegisterStore):
    """Upserts permits by (authority, rule, number key)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.filings: FilingStore = SqlFilingStore(database)

    def _transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._database.write()

    async def register(
        self,
        dated_permits: Sequence[DatedPermit],
        source: RegisterSource,
        now: datetime,
        law_digest: str,
        *,
        check: RevisionCheck | None = None,
        note: ChunkNote | None = None,
        withdrawals: Sequence[PermitKey] = (),
    ) -> list[str | InvalidError]:
        """Store a chunk in one transaction; the outcome of each permit, in order."""
        outcomes = list[str | InvalidError]()
        async with self._transaction() as connection:
            await refuse_stale(connection, law_digest)
            if check is not None:
                (only,) = dated_permits
                check(await stored_revision(connection, permit_key(only)))
            now = await instant_after_count(connection, now)
            if dated_permits:  # others must not make their register look fresh
                await upsert_register(connection, source, now)
            withdrawn, done = await withdraw_permits(
                connection, withdrawals, source, now
            )
            for run in _without_repeats(dated_permits):
                run_outcomes, changes, moved = await _compare(connection, run, source)
                renewed = await self._store(connection, changes, source, now)
                outcomes += run_outcomes
                if note:
                    done += describe_written(changes, source)
                    done += describe_moved(moved, source.name)
                    done += describe_renewed(renewed)
            outcomes += [outcome or INACTIVE for outcome in withdrawn]
            if note:
                await note_chunk(connection, note, outcomes, done, now)
        return outcomes

    async def _store(
        self,
        connection: AsyncConnection,
        changes: Sequence[PermitChange],
        source: RegisterSource,
        now: datetime,
    ) -> Mapping[str, bool]:
        return await _store_changes(connection, changes, source, now)

    async def withdraw(
        self,
        authority: str,
        rule: str,
        number_key: str,
        now: datetime,
        *,
        check: RevisionCheck | None = None,
    ) -> str | None:
        """Withdraw a permit and end its due reminders."""
        async with self._transaction() as connection:
            key = (authority, rule, number_key)
            if check is not None:
                check(await stored_revision(connection, key))
            (outcome,), _ = await withdraw_permits(connection, [key], None, now)
            return outcome


def _without_repeats(
    dated_permits: Sequence[DatedPermit],
) -> Iterator[dict[PermitKey, DatedPermit]]:
    """Runs in which no permit stands twice, so that its later row follows the first."""
    run: dict[PermitKey, DatedPermit] = {}
    for one in dated_permits:
        key = permit_key(one)
        if key in run:
            yield run
            run = {}
        run[key] = one
    yield run


async def _compare(
    connection: AsyncConnection,
    dated_permits: Mapping[PermitKey, DatedPermit],
    source: RegisterSource,
) -> tuple[list[str | InvalidError], list[PermitChange], list[Row[Any]]]:
    """The outcome of each permit; those to be written; those that only move here."""
    stored_rows = await permits_by_key(connection, dated_permits)
    stored_ids = [row.id for row in stored_rows.values()]
    refused = await find_refused(connection, [*dated_permits.values()])
    stored_contacts = await recipients_of(connection, stored_ids) if stored_ids else {}
    recipient_ids = await ensure_recipient_ids(
        connection,
        [
            recipient
            for key, one in dated_permits.items()
            if key in stored_rows or not (one.skip_reason or key in refused)
            for recipient in one.recipients
        ],
    )
    moved = {
        row.id: row
        for row in stored_rows.values()
        if source.is_register and row.register != source.name
    }
    await set_register(connection, [*moved], source.name)
    outcomes, changes = list[str | InvalidError](), list[PermitChange]()
    for key, one in dated_permits.items():
        stored, mistake = stored_rows.get(key), refused.get(key)
        if stored is None and (reason := one.skip_reason or mistake):
            outcomes.append(reason)
            continue
        ids = tuple(recipient_ids[phone.digest] for phone in one.recipients)
        contacts = Contacts(ids, one.permit.phone_roles or (None,) * len(ids))
        if stored is None:
            outcomes.append("registered")
            changes.append(PermitChange(one, str(uuid7()), None, contacts))
            continue
        before = stored_contacts.get(stored.id, NO_CONTACTS)
        if is_unchanged(one, stored) and contacts == before:
            outcomes.append("unchanged")
        elif mistake:
            outcomes.append(mistake)
        else:
            outcomes.append("changed")
            changes.append(PermitChange(one, stored.id, stored, contacts, before))
            moved.pop(stored.id, None)
    return outcomes, changes, [*moved.values()]


async def _store_changes(
    connection: AsyncConnection,
    changes: Sequence[PermitChange],
    source: RegisterSource,
    now: datetime,
) -> Mapping[str, bool]:
    """Write permits, then end, re-date, create and correct their reminders.

    Returns what `mark_renewed` does of the permits that these replace.
    """
    if not changes:
        return {}
    await write_permits(connection, changes, source, now)
    await record_terms(connection, changes, now)
    await write_recipients(connection, changes)
    await insert_missing_slots(connection, [one.dated_permit for one in changes])
    renewed = await mark_renewed(connection, _numbers_to_mark(changes), now)
    ids = [one.id for one in changes] + [*renewed]
    known = [one for one in changes if one.stored is not None]
    with_reminders = [one.id for one in known] + [*renewed]
    await end_ineligible_reminders(connection, with_reminders, now)
    await redate_due_of_permits(connection, with_reminders, now)
    await create_current_reminders(connection, ids, now)
    dated_permits = {one.id: one.dated_permit for one in known}
    await create_corrections_of_permits(connection, dated_permits, now)
    return renewed


def _numbers_to_mark(changes: Sequence[PermitChange]) -> set[str]:
    """The numbers written, and those that they replace now or replaced before."""
    found = set[str]()
    for one in changes:
        before = one.stored.replaces if one.stored is not None else None
        written = one.dated_permit
        numbers = (written.number_key, before, written.replaces_key)
        found |= {number for number in numbers if number}
    return found
