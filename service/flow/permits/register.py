"""Permits registered: dated by the law and stored, with their slots."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

from service.domain.deadlines.slot import Slot
from service.domain.errors import InvalidError, LawChangedError, PermitRemindersError
from service.domain.lawbook.law import Law
from service.domain.lawbook.permit_dates import PermitDates, find_dates
from service.domain.permits.filing import find_future_filing
from service.domain.permits.lookup import Lookup
from service.domain.permits.permit import Permit, PermitStatus
from service.domain.permits.row_permit import Withdrawal
from service.domain.permits.term import RenewalTest
from service.flow.permits.encryption import (
    Recipient,
    display_number,
    encrypt_number,
    number_key,
)
from service.flow.permits.import_record import ChunkNote
from service.flow.permits.law_mistakes import to_invalid
from service.flow.permits.phone_reader import PhoneReader
from service.flow.permits.renewals.filing_store import FilingStore
from service.flow.permits.withdraw import INACTIVE, PermitName, name_withdrawn
from service.flow.ports import Clock, LawStore, RevisionCheck, Vault

CHUNK: Final = 1000
"""Permits per transaction, so that other writers get in between two chunks."""


API_SOURCE: Final = "api"
"""The register of permits that stand in none: they come over the API."""


@dataclass(frozen=True, slots=True)
class RegisterSource:
    """The register that permits come from.

    Loaded more than `max_age_days` ago, it is stale and nothing is sent from it; with
    None it never becomes stale. By its `lookup` it is asked about permits before they
    are texted. Not `is_load`: only some of its permits come, so it is as old as before.
    Not `is_register`: a permit stays in the register that it stands in.
    """

    name: str
    max_age_days: int | None = None
    is_load: bool = True
    is_register: bool = True
    lookup: Lookup | None = None


@dataclass(slots=True)
class DatedPermit:
    """A permit ready to be stored, with the version and the slots it falls under.

    `number_key` identifies it: the number itself, or a digest of a personal one. A
    permit with a `skip_reason` is only stored if it is known already. `closes_on` is
    the closing day if it is certain, and `closing_ends_at` the end of that day. A
    permit without an expiry date has no slots and no closing day.
    """

    permit: Permit
    series: str
    version: str
    slots: tuple[Slot, ...]
    number_key: str
    encrypted_number: bytes | None
    shown_number: str
    tail: str
    replaces_key: str | None
    recipients: tuple[Recipient, ...]
    skip_reason: str | None
    closes_on: date | None
    closing_ends_at: datetime | None
    renewal_test: RenewalTest


class RegisterStore(Protocol):
    """Stores permits, and lets their slots and reminders follow."""

    filings: FilingStore

    async def register(
        self,
        dated_permits: Sequence[DatedPermit],
        source: RegisterSource,
        now: datetime,
        law_digest: str,
        *,
        check: RevisionCheck | None = None,
        note: ChunkNote | None = None,
        withdrawals: Sequence[PermitName] = (),
    ) -> list[str | InvalidError]:
        """Store a chunk in one transaction; the outcome of each permit, in order.

        Outcomes: "registered", "changed", "unchanged", the permit's `skip_reason`, or
        the mistake of one that `refuse_replaced`; then those of `withdrawals`:
        "changed", "unchanged", or `INACTIVE` if it is not stored. Ends due reminders
        that no longer apply, and creates those of current steps that are expanded.
        Raises `LawChangedError` unless `law_digest` is that of the law in force.
        `check` is about a single permit, `note` of the import of the chunk.
        """

    async def withdraw(
        self,
        authority: str,
        rule: str,
        number_key: str,
        now: datetime,
        *,
        check: RevisionCheck | None = None,
    ) -> str | None:
        """Withdraw a permit: "changed", "unchanged", or None if it is unknown."""


@dataclass(frozen=True, slots=True)
class RegisterDeps:
    """The ports of `register`."""

    law_store: LawStore
    store: RegisterStore
    phone_reader: PhoneReader
    vault: Vault
    clock: Clock


async def register(
    permits: Sequence[Permit],
    source: RegisterSource,
    deps: RegisterDeps,
    *,
    skip_idle: bool,
    check: RevisionCheck | None = None,
    note: ChunkNote | None = None,
    withdrawals: Sequence[Withdrawal] = (),
) -> list[str | InvalidError]:
    """Store permits chunk by chunk; the outcome of each, then of each withdrawal.

    Outcomes: "registered", "changed", "unchanged", or an `InvalidError` for a permit
    that the law cannot date, or that replaces one of another holder. With `skip_idle`,
    what is not stored yet and would send nothing is left out: "inactive" or "expired".
    With `check` it is a single permit, with `note` or `withdrawals` a single chunk,
    which may be empty.
    """
    outcomes: list[str | InvalidError] = []
    for start in range(0, max(len(permits), 1), CHUNK):
        chunk = permits[start : start + CHUNK]
        while True:
            try:
                outcomes += await _store_chunk(
                    *(chunk, source, deps, check, note),
                    withdrawals=withdrawals,
                    skip_idle=skip_idle,
                )
            except LawChangedError:
                continue  # the law changed after it dated the chunk: date it again
            break
    return outcomes


async def _store_chunk(
    chunk: Sequence[Permit],
    source: RegisterSource,
    deps: RegisterDeps,
    check: RevisionCheck | None,
    note: ChunkNote | None,
    *,
    withdrawals: Sequence[Withdrawal],
    skip_idle: bool,
) -> list[str | InvalidError]:
    law, now = await deps.law_store.current_law(), deps.clock.now()
    results: list[DatedPermit | PermitName | InvalidError] = [
        _date_permit(permit, law, deps, now, skip_idle=skip_idle) for permit in chunk
    ]
    results += [name_withdrawn(one, law, deps.vault) for one in withdrawals]
    dated = [result for result in results if isinstance(result, DatedPermit)]
    withdrawn = [result for result in results if isinstance(result, tuple)]

    def in_order(stored: Iterable[str | InvalidError]) -> list[str | InvalidError]:
        outcomes = iter(stored)
        return [
            result if isinstance(result, InvalidError) else next(outcomes)
            for result in results
        ]

    if not dated and not withdrawn and not note:
        return in_order(())
    stored = await deps.store.register(
        *(dated, source, deps.clock.now(), law.digest),
        check=check,
        note=note and note.of_chunk(in_order),
        withdrawals=withdrawn,
    )
    return in_order(stored)


def _date_permit(
    permit: Permit, law: Law, deps: RegisterDeps, now: datetime, *, skip_idle: bool
) -> DatedPermit | InvalidError:
    """Find the version and the slots of a permit, and encrypt what is personal."""
    try:
        rule = law.rule(permit.rule)
        office = law.authority(permit.authority)
        today = now.astimezone(office.zone).date()
        if mistake := find_future_filing(permit.renewal_filed_on, today):
            return InvalidError(f"permit of {permit.rule}", [mistake])
        of_permit = permit.rule, permit.authority, permit.expires_on, permit.issued_on
        dates = find_dates(law, *of_permit, today=today)
    except PermitRemindersError as error:
        return to_invalid(permit, error)
    return DatedPermit(
        permit=permit,
        series=dates.series,
        version=dates.version,
        slots=dates.slots,
        number_key=number_key(permit.number, rule, deps.vault),
        encrypted_number=encrypt_number(permit.number, rule, deps.vault),
        shown_number=display_number(permit.number, rule),
        tail=permit.number[-rule.number_tail :],
        replaces_key=permit.replaces and number_key(permit.replaces, rule, deps.vault),
        recipients=tuple(
            deps.phone_reader.read(phone, office.calendar) for phone in permit.phones
        ),
        skip_reason=_idle_reason(permit, dates, today, now) if skip_idle else None,
        closes_on=dates.closes_on,
        closing_ends_at=dates.closing_ends_at,
        renewal_test=dates.renewal_test,
    )


def _idle_reason(
    permit: Permit, dates: PermitDates, today: date, now: datetime
) -> str | None:
    """Why nothing will be sent; None if a reminder may come, even after expiry."""
    if permit.status is not PermitStatus.ACTIVE:
        return INACTIVE
    if permit.expires_on is None or permit.expires_on >= today:
        return None
    has_step_left = any(now < slot.until_at for slot in dates.slots)
    return None if has_step_left else "expired"
