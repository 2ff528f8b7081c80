"""Permits as rows: found by their key, compared with what is stored, written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, and_, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.insert_rows import insert_rows
from service.adapters.store.db.json_rows import json_rows_like
from service.adapters.store.db.schema import permits
from service.domain.lawbook.revisions import revision_of
from service.domain.permits.filing import FilingState, StoredFiling, find_filed_on
from service.domain.permits.permit_change import FieldChanges, compare_fields
from service.domain.permits.term import Term
from service.domain.untrusted.district import is_district
from service.flow.permits.register import DatedPermit, RegisterSource

PermitKey = tuple[str, str, str]
"""(authority, rule, number key): what identifies a permit."""

_KEY: Final = ("authority", "rule", "number_key")
_KEYS: Final = json_rows_like(permits, _KEY)
_WITH_KEYS: Final = select(permits).join(
    _KEYS.table, and_(*(permits.c[name] == _KEYS[name] for name in _KEY))
)
"""Takes the keys that `_KEYS` binds."""

_REGISTER_COLUMNS: Final = (
    "holder",
    "holder_code",
    "language",
    "issued_on",
    "expires_on",
    "status",
    "renewal_filed_on",
    "district",
)
"""The columns that a register's row sets as they stand."""

_COMPARED_COLUMNS: Final = (*_REGISTER_COLUMNS, "replaces", "series")
"""A permit is unchanged if these columns, and its phones, are."""

_DATING_COLUMNS: Final = ("expires_on", "series")
"""The columns that decide which slots a permit belongs to."""


class Contacts(NamedTuple):
    """The recipients of a permit by their ids, in order of preference, and roles."""

    ids: tuple[str, ...]
    roles: tuple[str | None, ...]


NO_CONTACTS: Final = Contacts((), ())


@dataclass(slots=True)
class PermitChange:
    """A permit to write: its stored row (None: new), and whom it may reach."""

    dated_permit: DatedPermit
    id: str
    stored: Row[Any] | None
    contacts: Contacts
    stored_contacts: Contacts = NO_CONTACTS


def permit_key(dated_permit: DatedPermit) -> PermitKey:
    """The key of a permit to be stored."""
    permit = dated_permit.permit
    return permit.authority, permit.rule, dated_permit.number_key


async def permits_by_key(
    connection: AsyncConnection, keys: Iterable[PermitKey]
) -> dict[PermitKey, Row[Any]]:
    """The stored rows of these permits."""
    asked = _KEYS.bind(connection.dialect, keys)
    rows = await connection.execute(_WITH_KEYS, asked)
    return {(row.authority, row.rule, row.number_key): row for row in rows}


def is_unchanged(dated_permit: DatedPermit, stored: Row[Any]) -> bool:
    """Whether a permit is as its stored row says, but for its phones.

    Not so if that was withdrawn for another reason than its row.
    """
    if stored.status_reason is not None:
        return False
    values = _compared_values(dated_permit, stored)
    return all(values[name] == getattr(stored, name) for name in _COMPARED_COLUMNS)


def permit_revision(stored: Row[Any], contacts: Contacts) -> str:
    """The revision of a permit: of what a register says of it, and of its phones."""
    values = {name: getattr(stored, name) for name in ("id", *_COMPARED_COLUMNS)}
    return revision_of([values, *contacts])


def _new_values(change: PermitChange, register: str, now: datetime) -> dict[str, Any]:
    """The row of a permit that is not stored yet."""
    dated_permit = change.dated_permit
    return _compared_values(dated_permit, None) | {
        "id": change.id,
        "authority": dated_permit.permit.authority,
        "rule": dated_permit.permit.rule,
        "number_key": dated_permit.number_key,
        "number": dated_permit.encrypted_number,
        "shown_number": dated_permit.shown_number,
        "tail": dated_permit.tail,
        "replaced": False,
        "register": register,
        "registered_at": now,
        "changed_at": now,
        "dated_at": now,
    }


_UPDATE_PERMIT: Final = (
    update(permits)
    .where(permits.c.id == bindparam("old_id"))
    .values({name: bindparam(name) for name in _COMPARED_COLUMNS})
    .values(
        {
            name: bindparam(name)
            for name in ("register", "changed_at", "dated_at", "filing_expires_on")
        }
    )
    .values(status_reason=None)
)
"""Takes the parameters that `_changed_values` returns."""


def _changed_values(
    change: PermitChange, stored: Row[Any], source: RegisterSource, now: datetime
) -> Mapping[str, Any]:
    """The parameters of `_UPDATE_PERMIT` for a permit that is stored already."""
    values = _compared_values(change.dated_permit, stored)
    keeps_slots = all(values[name] == getattr(stored, name) for name in _DATING_COLUMNS)
    filing = _present_filing(change.dated_permit, stored)
    return values | {
        "old_id": change.id,
        "filing_expires_on": (
            filing.expires_on if filing else stored.filing_expires_on
        ),
        "register": source.name if source.is_register else stored.register,
        "changed_at": now,
        "dated_at": stored.dated_at if keeps_slots else now,
    }


def field_changes(change: PermitChange, source: RegisterSource) -> FieldChanges:
    """What changes of a permit that is stored already."""
    stored = change.stored
    after = _compared_values(change.dated_permit, stored) | {"status_reason": None}
    if source.is_register:
        after["register"] = source.name
    before = {name: getattr(stored, name) for name in after}
    return compare_fields(
        before | _contact_values(change.stored_contacts),
        after | _contact_values(change.contacts),
    )


def _contact_values(contacts: Contacts) -> dict[str, object]:
    roles = contacts.roles if any(contacts.roles) else ()
    return {"phones": contacts.ids, "phone_roles": roles}


async def write_permits(
    connection: AsyncConnection,
    changes: Sequence[PermitChange],
    source: RegisterSource,
    now: datetime,
) -> None:
    """Insert the permits that are new, and update the others."""
    new = [_new_values(one, source.name, now) for one in changes if one.stored is None]
    await insert_rows(connection, insert(permits), new)
    if changed := [
        _changed_values(one, one.stored, source, now)
        for one in changes
        if one.stored is not None
    ]:
        await connection.execute(_UPDATE_PERMIT, changed)


def stored_filing(stored: Row[Any]) -> StoredFiling | None:
    """The last filing of a permit, as its row has it."""
    if stored.filing is None:
        return None
    state = FilingState(stored.filing)
    return StoredFiling(state, stored.filing_on, stored.filing_expires_on)


def renews(dated_permit: DatedPermit, stored: Row[Any]) -> bool:
    """Whether a permit renews what is stored of it, and does not only correct it."""
    permit = dated_permit.permit
    if permit.expires_on == stored.expires_on:
        return False
    return dated_permit.renewal_test.is_renewal(
        Term(stored.expires_on, stored.issued_on),
        Term(permit.expires_on, permit.issued_on),
        is_filed=stored.renewal_filed_on is not None,
    )


def filed_on_after(dated_permit: DatedPermit, stored: Row[Any]) -> date | None:
    """When the renewal of a permit was filed, once it is written."""
    filing, permit = _present_filing(dated_permit, stored), dated_permit.permit
    return find_filed_on(permit.renewal_filed_on, filing, permit.expires_on)


def _present_filing(dated_permit: DatedPermit, stored: Row[Any]) -> StoredFiling | None:
    """The filing for the term that a permit has now; a corrected one keeps its own."""
    filing = stored_filing(stored)
    if filing is None or filing.expires_on != stored.expires_on:
        return None
    if renews(dated_permit, stored):
        return None
    return replace(filing, expires_on=dated_permit.permit.expires_on)


def _compared_values(
    dated_permit: DatedPermit, stored: Row[Any] | None
) -> dict[str, Any]:
    permit = dated_permit.permit
    values = {name: getattr(permit, name) for name in _REGISTER_COLUMNS}
    if permit.district and not is_district(permit.district):
        values["district"] = None
    if stored is not None and stored.filing is not None:
        values["renewal_filed_on"] = filed_on_after(dated_permit, stored)
    return values | {
        "replaces": dated_permit.replaces_key,
        "series": dated_permit.series,
    }
