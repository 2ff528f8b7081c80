"""Start a trial, go live, and manage the staff phones that trials may text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from service.domain.deadlines.slot import Slot
from service.domain.delivery.operator_request import MAX_NAME_LENGTH
from service.domain.errors import ConflictError, InvalidError, Mistake
from service.domain.go_live.go_live import (
    GoLive,
    GoLiveState,
    check_start,
    find_hindrance,
    find_late_group,
    next_sending_days,
)
from service.domain.lawbook.law import Law
from service.domain.permits.phone import PhoneLine
from service.flow.permits.encryption import Recipient
from service.flow.permits.phone_reader import PhoneReader
from service.flow.ports import Clock, LawStore


@dataclass(frozen=True, slots=True)
class CatchUpPlan:
    """How a catch-up fills its days.

    `contact_now_slot(series, authority, expires_on)` makes the step for permits past
    their closing; None if they get none. `day_starts` are the instants at which texting
    starts on each day of the catch-up.
    """

    contact_now_slot: Callable[[str, str, date], Slot | None]
    day_starts: Sequence[datetime]


@dataclass(frozen=True, slots=True)
class StartedType:
    """A permit type on trial or live in an authority, and who approved its start."""

    state: GoLiveState
    since: datetime
    approved_by: str
    catch_up_days: int


class GoLiveStore(Protocol):
    """Stores the started types of authorities, and their staff phones."""

    async def started_types(self, authority: str) -> Mapping[str, StartedType]:
        """The types of an authority on trial or live; all others are drafts."""

    async def go_live(
        self, start: GoLive, plan: CatchUpPlan | None, now: datetime, by: str
    ) -> int:
        """Store a start; return how many reminders the catch-up made due.

        Raises `ConflictError` for a type that is live already.
        """

    async def take_back(
        self, authority: str, rule_codes: Sequence[str], now: datetime, by: str
    ) -> None:
        """Make types whose start lies ahead drafts again.

        Raises `ConflictError` for a type that is live already, or is none.
        """

    async def start_trial(
        self, authority: str, rule_codes: Sequence[str], now: datetime, by: str
    ) -> None:
        """Start a trial of some types; raises `ConflictError` for a live one."""

    async def add_staff(
        self, authority: str, phone: Recipient, name: str, now: datetime, by: str
    ) -> None:
        """Let the trials of an authority, and of those below it, text a phone."""

    async def remove_staff(
        self, authority: str, phone: Recipient, now: datetime, by: str
    ) -> None:
        """Remove a staff phone; raises `ConflictError` if it is none."""

    async def count_staff(self, authorities: Sequence[str]) -> int:
        """Count the staff phones of these authorities."""


@dataclass(frozen=True, slots=True)
class GoLiveDeps:
    """The ports of going live."""

    law_store: LawStore
    store: GoLiveStore
    phone_reader: PhoneReader
    clock: Clock


async def go_live(
    authority: str,
    rule_codes: Sequence[str],
    deps: GoLiveDeps,
    *,
    approved_by: str,
    by: str,
    live_from: datetime | None = None,
    catch_up_days: int = 0,
) -> int:
    """Go live with some types in an authority; return how many texts were postponed.

    The start is now, unless `live_from` is given. With catch-up days, permits that are
    in a step already are texted too, spread over these days, and permits past their
    closing are asked to contact the office if the law accepts late applications.
    Without, steps that fell due before the start are missed. Raises `UnknownError`,
    `InvalidError` for a missing name in `approved_by` and for a start before today or
    more than a year ahead, and `ConflictError` for a type that never reminds, has an
    unverified source, or is live already.
    """
    law, now = await deps.law_store.current_law(), deps.clock.now()
    check_may_start(authority, rule_codes, law)
    _check_name("approved-by", approved_by)
    if live_from is not None:
        check_start(live_from, now, law.sending_office(authority))
    start = GoLive(
        authority,
        tuple(rule_codes),
        live_from or now,
        approved_by.strip(),
        catch_up_days,
    )
    _refuse_wrong_start(start, await deps.store.started_types(authority), now)
    plan = plan_catch_up(start, law, now) if catch_up_days else None
    return await deps.store.go_live(start, plan, now, by)


async def take_back(
    authority: str, rule_codes: Sequence[str], deps: GoLiveDeps, *, by: str
) -> None:
    """Take back starts that lie ahead: the types are drafts again.

    Raises `UnknownError`, and `ConflictError` for a type that does not start later.
    """
    law = await deps.law_store.current_law()
    law.sending_office(authority)
    for code in rule_codes:
        law.rule(code)
    await deps.store.take_back(authority, rule_codes, deps.clock.now(), by)


def _refuse_wrong_start(
    start: GoLive, started: Mapping[str, StartedType], now: datetime
) -> None:
    """Refuse a catch-up in the future, and a start before the end of a trial."""
    live_from = start.live_from.isoformat()
    if start.catch_up_days and start.live_from > now:
        raise ConflictError(
            f"{start.authority}: a catch-up texts from now on, not from {live_from}; "
            "go live then, or without a catch-up"
        )
    tried = [
        code
        for code in start.rules
        if code in started and started[code].state == "trial"
    ]
    if tried and start.live_from < now:
        raise ConflictError(
            f"{start.authority}, {', '.join(tried)}: was on trial until now, so it "
            f"cannot have been live from {live_from}; leave out that instant"
        )


def plan_catch_up(start: GoLive, law: Law, now: datetime) -> CatchUpPlan:
    """Plan the catch-up of a start: its days, and the step of permits past closing."""
    office = law.sending_office(start.authority)
    working_days = law.calendar(office.calendar).certain_workdays

    def contact_now_slot(series: str, authority: str, expires_on: date) -> Slot | None:
        late = find_late_group(law, series, authority, expires_on, now)
        return late.contact_slot(start.live_from) if late else None

    days = next_sending_days(now, start.catch_up_days, office, working_days)
    return CatchUpPlan(contact_now_slot, days)


async def start_trial(
    authority: str, rule_codes: Sequence[str], deps: GoLiveDeps, *, by: str
) -> int:
    """Start a trial, which reminds staff phones only; return how many there are.

    Raises what `go_live` raises.
    """
    law = await deps.law_store.current_law()
    check_may_start(authority, rule_codes, law)
    await deps.store.start_trial(authority, rule_codes, deps.clock.now(), by)
    return await deps.store.count_staff(law.lineage(authority))


def check_may_start(authority: str, rule_codes: Sequence[str], law: Law) -> None:
    """Raise `ConflictError` with every reason why these types cannot start here."""
    lineage = law.lineage(authority)
    law.sending_office(authority)
    reasons = {code: find_hindrance(law.rule(code), lineage) for code in rule_codes}
    if found := [f"{code}: {reason}" for code, reason in reasons.items() if reason]:
        raise ConflictError(*found)


async def add_staff(
    authority: str, phone: str, name: str, deps: GoLiveDeps, *, by: str
) -> Recipient:
    """Add a staff phone; raises `InvalidError` if it is not a mobile number."""
    found = await deps.phone_reader.read_for(authority, phone)
    _check_name("name", name)
    if found.line != PhoneLine.MOBILE:
        mistake = Mistake("phone", f"{found.masked} ({found.line})", "a mobile number")
        raise InvalidError(f"staff of {authority}", [mistake])
    await deps.store.add_staff(authority, found, name.strip(), deps.clock.now(), by)
    return found


async def remove_staff(
    authority: str, phone: str, deps: GoLiveDeps, *, by: str
) -> Recipient:
    """Remove a staff phone; raises `ConflictError` if it is none."""
    found = await deps.phone_reader.read_for(authority, phone)
    await deps.store.remove_staff(authority, found, deps.clock.now(), by)
    return found


def _check_name(field: str, name: str) -> None:
    if not 0 < len(name.strip()) <= MAX_NAME_LENGTH:
        expected = f"a person's name of at most {MAX_NAME_LENGTH} characters"
        raise InvalidError("going live", [Mistake(field, f"{name[:20]!r}", expected)])
