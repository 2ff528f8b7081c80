"""Draft, trial, live: starting to remind of a permit type in an authority."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from service.domain.deadlines.slot import Slot
from service.domain.errors import ConflictError, InvalidError, Mistake
from service.domain.go_live.go_live import GoLive, hindrance, late, sending_days
from service.domain.lawbook.law import Law
from service.domain.permits.phone import Line
from service.flow.permits.register import sealed
from service.flow.ports import Clock, GoLiveStore, LawStore, Phones, Vault
from service.flow.rows import CatchUp, Recipient, Started

LONGEST_NAME: Final = 80
"""Characters of the name of who approves, or whose phone it is."""


@dataclass(frozen=True, slots=True)
class GoingLive:
    """What starting needs of the outside."""

    laws: LawStore
    store: GoLiveStore
    phones: Phones
    vault: Vault
    clock: Clock


async def go_live(
    authority: str,
    codes: Sequence[str],
    to: GoingLive,
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
    law, now = await to.laws.law(), to.clock.now()
    refuse_hindered(authority, codes, law)
    _refuse_no_name("approved-by", approved_by)
    start = GoLive(
        authority, tuple(codes), live_from or now, approved_by.strip(), catch_up_days
    )
    _refuse_wrong_start(start, await to.store.started(authority), now)
    plan = catch_up(start, law, now) if catch_up_days else None
    return await to.store.go_live(start, plan, now, by)


def _refuse_wrong_start(
    start: GoLive, started: Mapping[str, Started], now: datetime
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


def catch_up(start: GoLive, law: Law, now: datetime) -> CatchUp:
    """Plan what a start makes up for, and on which days."""
    office = law.sender_of(start.authority)
    working = law.calendar(office.calendar).surely

    def contact_now(series: str, authority: str, expires_on: date) -> Slot | None:
        found = late(law, series, authority, expires_on, now)
        return found.contact_now(start.live_from) if found else None

    days = sending_days(now, start.catch_up_days, office, working)
    return CatchUp(contact_now, days)


async def start_trial(
    authority: str, codes: Sequence[str], to: GoingLive, *, by: str
) -> int:
    """Remind only permits with a staff phone; how many such phones there are.

    Raises what `go_live` raises.
    """
    law = await to.laws.law()
    refuse_hindered(authority, codes, law)
    await to.store.start_trial(authority, codes, to.clock.now(), by)
    return await to.store.staff_count(law.line(authority))


def refuse_hindered(authority: str, codes: Sequence[str], law: Law) -> None:
    """Raise `ConflictError` with every reason why these types cannot start here."""
    line = law.line(authority)
    law.sender_of(authority)
    reasons = {code: hindrance(law.rule(code), line) for code in codes}
    if told := [f"{code}: {reason}" for code, reason in reasons.items() if reason]:
        raise ConflictError("; ".join(told))


async def add_staff(
    authority: str, phone: str, name: str, to: GoingLive, *, by: str
) -> Recipient:
    """Let trials text a phone; raises `InvalidError` for one that takes no texts."""
    found = await _read(authority, phone, to)
    _refuse_no_name("name", name)
    if found.line != Line.MOBILE:
        mistake = Mistake("phone", f"{found.masked} ({found.line})", "a mobile number")
        raise InvalidError(f"staff of {authority}", [mistake])
    await to.store.add_staff(authority, found, name.strip(), to.clock.now(), by)
    return found


async def remove_staff(
    authority: str, phone: str, to: GoingLive, *, by: str
) -> Recipient:
    """Text a phone in trials no more; raises `ConflictError` for no staff's."""
    found = await _read(authority, phone, to)
    await to.store.remove_staff(authority, found, to.clock.now(), by)
    return found


async def _read(authority: str, phone: str, to: GoingLive) -> Recipient:
    office = (await to.laws.law()).authority(authority)
    return sealed(to.phones.read(phone, office.calendar), to.vault)


def _refuse_no_name(field: str, name: str) -> None:
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        expected = f"a person's name of at most {LONGEST_NAME} characters"
        raise InvalidError("going live", [Mistake(field, f"{name[:20]!r}", expected)])
