"""Permits in: checked against the law, stored, and reminded of when already due."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import Protocol

from service.domain.calendars.calendar import DAY
from service.domain.deadlines.slot import Ladder, Slot
from service.domain.errors import (
    InvalidError,
    LawChangedError,
    Mistake,
    NeverRemindsError,
    PermitRemindersError,
    UnknownError,
)
from service.domain.law.authority import Authority
from service.domain.lawbook.law import Law
from service.domain.permits.permit import Permit, PermitStatus
from service.flow.permits.encryption import (
    Recipient,
    display_number,
    encrypt_number,
    encrypt_phone,
    number_key,
)
from service.flow.ports import Clock, LawStore, PhoneParser, Vault

CHUNK = 500
"""Permits a transaction: other writers get in between two chunks."""


NUMBER_COLUMN = "permits.number"


@dataclass(frozen=True, slots=True)
class RegisterSource:
    """Where permits come from, and how old its word may be before it is stale."""

    name: str
    max_age_days: int | None = None


@dataclass(frozen=True, slots=True)
class DatedPermit:
    """One permit, ready to be stored, with the version and slots it falls under.

    `number_key` identifies it: the number itself, or a digest where it is personal.
    `left_out` is why it is not taken in when it is not known yet: inactive, expired.
    `closes_on` is the closing day if it is certain, `closed_at` the end of it.
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
    closing_ends_at: datetime


class RegisterStore(Protocol):
    """Taking permits in."""

    async def register(
        self,
        dated_permits: Sequence[DatedPermit],
        source: RegisterSource,
        now: datetime,
        law_digest: str,
    ) -> list[str]:
        """Store a chunk in one transaction; what became of each entry, in order.

        Raises `LawChangedError` where `law`, the digest of the law that dated the
        entries, is not that of the law in force.

        "registered", "changed", "unchanged", or the entry's `left_out`. Ends the
        due reminders a change has overtaken, and gives birth to the current step
        where its slot is already expanded.
        """

    async def withdraw(
        self, authority: str, rule: str, number_key: str, now: datetime
    ) -> bool:
        """Withdraw a permit and end its due reminders; False if it is unknown."""


@dataclass(frozen=True, slots=True)
class RegisterDeps:
    """What registering needs of the outside."""

    law_store: LawStore
    store: RegisterStore
    phone_parser: PhoneParser
    vault: Vault
    clock: Clock


async def register(
    permits: Sequence[Permit],
    source: RegisterSource,
    deps: RegisterDeps,
    *,
    skip_idle: bool,
) -> list[str | InvalidError]:
    """Take permits in, in chunks; what became of each, in order.

    "registered", "changed", "unchanged", or an `InvalidError` for a permit no rule or
    authority knows. With `leave_out_idle`, permits not known yet that nothing will be
    sent for are not taken in: "inactive" or "expired".
    """
    outcomes: list[str | InvalidError] = []
    for chunk in _chunks(permits):
        while True:
            try:
                outcomes += await _store_chunk(
                    chunk, source, deps, idle_too=not skip_idle
                )
            except LawChangedError:
                continue  # dated by a law that has changed just then
            break
    return outcomes


async def _store_chunk(
    chunk: Sequence[Permit],
    source: RegisterSource,
    deps: RegisterDeps,
    *,
    idle_too: bool,
) -> list[str | InvalidError]:
    law = await deps.law_store.current_law()
    prepared = [_date_permit(one, law, deps, idle_too=idle_too) for one in chunk]
    entries = [one for one in prepared if isinstance(one, DatedPermit)]
    stored: list[str] = []
    if entries:  # a load of which nothing can be taken keeps no register fresh
        now = deps.clock.now()
        stored = await deps.store.register(entries, source, now, law.digest)
    done = iter(stored)
    return [one if isinstance(one, InvalidError) else next(done) for one in prepared]


def _date_permit(
    permit: Permit, law: Law, deps: RegisterDeps, *, idle_too: bool
) -> DatedPermit | InvalidError:
    try:
        rule = law.rule(permit.rule)
        office = law.authority(permit.authority)
        version = law.version_for(
            rule.code, office.code, permit.expires_on, permit.issued_on
        )
        ladder = law.ladder(rule.code, version, permit.authority, permit.expires_on)
    except PermitRemindersError as error:
        return _refusal(permit, error)
    now, window = deps.clock.now(), ladder.window
    return DatedPermit(
        permit=permit,
        series=version.series,
        version=version.key,
        slots=ladder.slots,
        number_key=number_key(permit.number, rule, deps.vault),
        encrypted_number=encrypt_number(permit.number, rule, deps.vault),
        shown_number=display_number(permit.number, rule),
        tail=permit.number[-rule.number_tail :],
        replaces_key=permit.replaces and number_key(permit.replaces, rule, deps.vault),
        recipients=tuple(_recipients(permit, office.calendar, deps)),
        skip_reason=None if idle_too else _idle_reason(permit, ladder, office, now),
        closes_on=None if window.provisional else window.closes_on,
        closing_ends_at=law.sending_office(office.code).to_utc(
            window.closes_on + DAY, time(0)
        ),
    )


def _refusal(permit: Permit, error: PermitRemindersError) -> InvalidError:
    """What the law cannot place, said of the field that is to blame."""
    where = f"permit of {permit.rule}"
    if isinstance(error, NeverRemindsError):
        expected = f"a type of which holders are reminded: {error}"
        return InvalidError(where, [Mistake("rule", permit.rule, expected)])
    if isinstance(error, UnknownError):
        known = f"one of {', '.join(sorted(error.known))}"
        return InvalidError(where, [Mistake(error.kind, error.code, known)])
    expected = f"a date the law places: {error}"
    return InvalidError(
        where, [Mistake("expires_on", str(permit.expires_on), expected)]
    )


def _idle_reason(
    permit: Permit, ladder: Ladder, office: Authority, now: datetime
) -> str | None:
    """Why nothing will be sent; a law may still remind after expiry."""
    if permit.status is not PermitStatus.ACTIVE:
        return "inactive"
    over = permit.expires_on < now.astimezone(office.zone).date()
    to_come = any(now < slot.until_at for slot in ladder.slots)
    return "expired" if over and not to_come else None


def _recipients(permit: Permit, region: str, deps: RegisterDeps) -> Iterator[Recipient]:
    for text in permit.phones:
        yield encrypt_phone(deps.phone_parser.parse(text, region), deps.vault)


def _chunks(permits: Sequence[Permit]) -> Iterator[list[Permit]]:
    source = iter(permits)
    while chunk := list(islice(source, CHUNK)):
        yield chunk
