"""`SqlFilingStore`: filed renewals of permits."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.json_rows import JsonValues
from service.adapters.store.db.schema import permits
from service.adapters.store.permits.follow_up import (
    create_current_reminders,
    end_ineligible_reminders,
)
from service.adapters.store.permits.imports.changes import describe_filed
from service.adapters.store.permits.imports.records import note_chunk
from service.adapters.store.permits.permit_rows import stored_filing
from service.adapters.store.permits.renewals.renewed_terms import (
    Renewal,
    forget_filings,
    record_renewals,
)
from service.adapters.store.slots.frozen_forecasts import instant_after_count
from service.domain.errors import InvalidError, Mistake
from service.domain.permits.filing import (
    FiledPermit,
    Filing,
    StoredFiling,
    find_future_filing,
)
from service.domain.rejected_rows.repairs import REGISTERED
from service.domain.untrusted.text import safe_label, show_field
from service.flow.permits.import_record import ChunkNote
from service.flow.permits.renewals.filing_store import FilingStore, KeyedFiling

_NUMBERS: Final = JsonValues(permits.c.number_key, "numbers")

_NAMED: Final = select(
    permits.c.id,
    permits.c.authority,
    permits.c.rule,
    permits.c.number_key,
    permits.c.expires_on,
    permits.c.issued_on,
    permits.c.renewal_filed_on,
    permits.c.filing,
    permits.c.filing_on,
    permits.c.filing_expires_on,
).where(
    permits.c.register == bindparam("its_register"),
    permits.c.number_key.in_(_NUMBERS.values),
)

_STORE: Final = (
    update(permits)
    .where(permits.c.id == bindparam("filed_id"))
    .values(
        {
            name: bindparam(name)
            for name in (
                *("filing", "filing_on", "filing_expires_on"),
                *("renewal_filed_on", "changed_at"),
            )
        }
    )
)


class SqlFilingStore(FilingStore):
    """Stores the last filing of each permit with the permit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def _transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._database.write()

    async def file(
        self,
        filings: Sequence[KeyedFiling],
        register: str,
        now: datetime,
        term_days: Mapping[str, int],
        todays: Mapping[str, date],
        *,
        note: ChunkNote | None = None,
    ) -> list[str | InvalidError]:
        """Store a chunk in one transaction; the outcome of each, in order."""
        async with self._transaction() as connection:
            now = await instant_after_count(connection, now)
            by_key = await _permits_named(connection, filings, register)
            before = {
                row.id: _filed_permit(row, term_days[row.rule])
                for rows in by_key.values()
                for row in rows
            }
            outcomes, changed = _compare(filings, by_key, before, register, todays)
            await self._store(connection, changed, now)
            if note:
                done = describe_filed(before, changed)
                await note_chunk(connection, note, outcomes, done, now)
        return outcomes

    async def _store(
        self,
        connection: AsyncConnection,
        changed: Mapping[str, FiledPermit],
        now: datetime,
    ) -> None:
        if not changed:
            return
        values = [
            _values(id_, one) | {"changed_at": now} for id_, one in changed.items()
        ]
        await connection.execute(_STORE, values)
        await _record(connection, changed, now)
        await end_ineligible_reminders(connection, [*changed], now)
        await create_current_reminders(connection, [*changed], now)


async def _record(
    connection: AsyncConnection, changed: Mapping[str, FiledPermit], now: datetime
) -> None:
    unfiled = [id_ for id_, one in changed.items() if not one.renewal_filed_on]
    await forget_filings(connection, unfiled)
    filed = [
        Renewal(id_, one.expires_on, one.renewal_filed_on)
        for id_, one in changed.items()
        if one.expires_on and one.renewal_filed_on
    ]
    await record_renewals(connection, filed, now)


def _compare(
    filings: Sequence[KeyedFiling],
    by_key: Mapping[str, Sequence[Row[Any]]],
    before: Mapping[str, FiledPermit],
    register: str,
    todays: Mapping[str, date],
) -> tuple[list[str | InvalidError], dict[str, FiledPermit]]:
    """The outcome of each filing, and the permits that change, by id."""
    outcomes, changed = list[str | InvalidError](), dict[str, FiledPermit]()
    for one in filings:
        rows = [row for key in one.number_keys for row in by_key.get(key, ())]
        found = [row for row in rows if _fits(row, one.filing)]
        if len(found) != 1:
            outcomes.append(_refuse(one.filing, register, len(found)))
            continue
        id_, today = found[0].id, todays[found[0].authority]
        if mistake := find_future_filing(one.filing.filed_on, today):
            outcomes.append(InvalidError("filed renewal", [mistake]))
            continue
        permit = changed.get(id_, before[id_])
        taken = permit.take(one.filing)
        if isinstance(taken, StoredFiling):
            changed[id_] = permit.with_filing(taken)
            taken = taken.state
        outcomes.append(taken)
    return outcomes, changed


async def _permits_named(
    connection: AsyncConnection, filings: Sequence[KeyedFiling], register: str
) -> defaultdict[str, list[Row[Any]]]:
    numbers = {key for one in filings for key in one.number_keys}
    asked = _NUMBERS.bind(connection.dialect, numbers) | {"its_register": register}
    found = defaultdict[str, list[Row[Any]]](list)
    rows: Iterable[Row[Any]] = await connection.execute(_NAMED, asked)
    for row in rows:
        found[row.number_key].append(row)
    return found


def _filed_permit(row: Row[Any], term_days: int) -> FiledPermit:
    return FiledPermit(
        expires_on=row.expires_on,
        issued_on=row.issued_on,
        renewal_filed_on=row.renewal_filed_on,
        filing=stored_filing(row),
        term_days=term_days,
    )


def _fits(row: Row[Any], filing: Filing) -> bool:
    return filing.authority in {None, row.authority} and filing.rule in {None, row.rule}


def _values(id_: str, permit: FiledPermit) -> dict[str, Any]:
    filing = permit.filing
    assert filing is not None  # noqa: S101 - it has just been taken
    return {
        "filed_id": id_,
        "filing": filing.state,
        "filing_on": filing.filed_on,
        "filing_expires_on": filing.expires_on,
        "renewal_filed_on": permit.renewal_filed_on,
    }


def _refuse(filing: Filing, register: str, permits_found: int) -> InvalidError:
    name = safe_label(register)
    number = show_field("number", filing.number)
    found, expected = number, f"{REGISTERED} {name}"
    if permits_found:
        found = f"{number} of {permits_found} permits"
        expected = "that of one; add a column for rule or authority"
    return InvalidError("filed renewal", [Mistake("number", found, expected)])
