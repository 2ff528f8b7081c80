"""Draft, trial, live: starting to remind of a permit type in an authority."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

from service.domain.deadlines.slot import Slot
from service.domain.errors import ConflictError, InvalidError, Mistake
from service.domain.go_live.go_live import (
    GoLive,
    GoLiveState,
    find_hindrance,
    find_late_group,
    next_sending_days,
)
from service.domain.lawbook.law import Law
from service.domain.permits.phone import PhoneLine
from service.flow.permits.encryption import Recipient
from service.flow.permits.phone_reader import PhoneReader
from service.flow.ports import Clock, LawStore

MAX_NAME_LENGTH: Final = 80
"""Characters of the name of who approves, or whose phone it is."""


@dataclass(frozen=True, slots=True)
class CatchUpPlan:
    """What a start makes up for, and from when on it texts on each of its days.

    `contact_now` makes the step of a series, authority and expiry date past closing,
    where it gets one.
    """

    contact_now_slot: Callable[[str, str, date], Slot | None]
    day_starts: Sequence[datetime]


@dataclass(frozen=True, slots=True)
class StartedType:
    """A type on trial or live in an authority: since when, and who approved it."""

    state: GoLiveState
    since: datetime
    approved_by: str
    catch_up_days: int


class GoLiveStore(Protocol):
    """Which types an authority reminds of, and whom its trials may text."""

    async def started_types(self, authority: str) -> Mapping[str, StartedType]:
        """The types of an authority on trial or live; all others are drafts."""

    async def go_live(
        self, start: GoLive, plan: CatchUpPlan | None, now: datetime, by: str
    ) -> int:
        """Remind from an instant on; how many reminders a catch-up made due.

        Raises `ConflictError` for a type already live: its start is history.
        """

    async def start_trial(
        self, authority: str, rule_codes: Sequence[str], now: datetime, by: str
    ) -> None:
        """Remind only staff from now on; raises `ConflictError` for what is live."""

    async def add_staff(
        self, authority: str, phone: Recipient, name: str, now: datetime, by: str
    ) -> None:
        """Let the trials of an authority, and of those below it, text a phone."""

    async def remove_staff(
        self, authority: str, phone: Recipient, now: datetime, by: str
    ) -> None:
        """Text a phone in trials no more; raises `ConflictError` for no staff's."""

    async def count_staff(self, authorities: Sequence[str]) -> int:
        """How many phones the trials of an authority may text; `line`: it and above."""


@dataclass(frozen=True, slots=True)
class GoLiveDeps:
    """What starting needs of the outside."""

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
    """Go live with some types in an authority; how many texts a catch-up put off.

    From now on, where no other instant is given. With catch-up days, who is in a step
    already is texted too, spread over them, and who is past closing is told to contact
    the office where the law accepts that; without, what fell due before is missed.
    Raises `UnknownError`, `InvalidError` for nobody's approval, and `ConflictError`
    for a type that never reminds, whose source nobody has read, or that is live.
    """
    law, now = await deps.law_store.current_law(), deps.clock.now()
    check_may_start(authority, rule_codes, law)
    _check_name("approved-by", approved_by)
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


def _refuse_wrong_start(
    start: GoLive, started: Mapping[str, StartedType], now: datetime
) -> None:
    """A catch-up texts from now on; what a trial did must come before the start."""
    told = start.live_from.isoformat()
    if start.catch_up_days and start.live_from > now:
        raise ConflictError(
            f"{start.authority}: a catch-up texts from now on, not from {told}; "
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
            f"cannot have been live from {told}; leave that out"
        )


def plan_catch_up(start: GoLive, law: Law, now: datetime) -> CatchUpPlan:
    """Plan what a start makes up for, and on which days."""
    office = law.sending_office(start.authority)
    working = law.calendar(office.calendar).certain_workdays

    def contact_now(series: str, authority: str, expires_on: date) -> Slot | None:
        found = find_late_group(law, series, authority, expires_on, now)
        return found.contact_slot(start.live_from) if found else None

    days = next_sending_days(now, start.catch_up_days, office, working)
    return CatchUpPlan(contact_now, days)


async def start_trial(
    authority: str, rule_codes: Sequence[str], deps: GoLiveDeps, *, by: str
) -> int:
    """Remind only permits with a staff phone; how many such phones there are.

    Raises what `go_live` raises.
    """
    law = await deps.law_store.current_law()
    check_may_start(authority, rule_codes, law)
    await deps.store.start_trial(authority, rule_codes, deps.clock.now(), by)
    return await deps.store.count_staff(law.lineage(authority))


def check_may_start(authority: str, rule_codes: Sequence[str], law: Law) -> None:
    """Raise `ConflictError` with every reason why these types cannot start here."""
    line = law.lineage(authority)
    law.sending_office(authority)
    reasons = {code: find_hindrance(law.rule(code), line) for code in rule_codes}
    if told := [f"{code}: {reason}" for code, reason in reasons.items() if reason]:
        raise ConflictError("; ".join(told))


async def add_staff(
    authority: str, phone: str, name: str, deps: GoLiveDeps, *, by: str
) -> Recipient:
    """Let trials text a phone; raises `InvalidError` for one that takes no texts."""
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
    """Text a phone in trials no more; raises `ConflictError` for no staff's."""
    found = await deps.phone_reader.read_for(authority, phone)
    await deps.store.remove_staff(authority, found, deps.clock.now(), by)
    return found


def _check_name(field: str, name: str) -> None:
    if not 0 < len(name.strip()) <= MAX_NAME_LENGTH:
        expected = f"a person's name of at most {MAX_NAME_LENGTH} characters"
        raise InvalidError("going live", [Mistake(field, f"{name[:20]!r}", expected)])
