"""The moments of a reminder's life, and what may happen to its permit in each."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import pytest

from service.adapters.store.sending.resolve import SqlResolveStore
from service.domain.delivery.outcome import Outcome, RefusalKind, Refused, Unknown
from service.domain.delivery.status import MessageState
from service.flow.sending.outcomes.resolve import Decision, ResolveDeps, resolve
from tests.flow.fakes import DiedError
from tests.flow.ledger import EXPIRES, LANDLINE, PREPARE, Ledger, permit, word

DAY: Final = timedelta(days=1)
EVENING: Final = PREPARE + timedelta(hours=9)

SOONER, LATER = date(2024, 12, 21), date(2029, 12, 31)
"""Expiry dates that a register may give by mistake, or for good."""

WAITS: Final = """UPDATE reminders SET
    retry_at = strftime('%Y-%m-%d %H:%M:%f000', 'now', '+30 minutes')
    WHERE state IN ('due', 'retrying')"""
WAITED: Final = "UPDATE reminders SET retry_at = NULL"
AGAIN: Final = "UPDATE reminders SET next_at = state_at, retry_at = NULL"
LEFT: Final = "SELECT id FROM messages WHERE state = 'uncertain'"
LAPSED: Final = "UPDATE messages SET lease_until = '2020-01-01 00:00:00.000000'"

Happen = Callable[[], Awaitable[None]]


FOUR: Final = 4
"""One more failure in a row would end a round."""

OTHER, ARRIVES = 40, 100
"""What is added to a permit's number for its second phone, and for permits whose texts
arrive while those of others fail."""


def phone(at: int) -> str:
    area, line = divmod(at, 100)
    return f"+1{212 + area}55501{line:02}"


@dataclass(frozen=True, slots=True)
class Office:
    """Drives an office with some permits, each with a phone of its own."""

    ledger: Ledger
    count: int

    async def register(self, *permits: int, **changed: object) -> None:
        told = [
            permit(f"SC-{at}", **({"phones": (phone(at),)} | changed)) for at in permits
        ]
        await self.ledger.register(*told)

    async def withdraw(self, *permits: int) -> None:
        for at in permits:
            await self.ledger.withdraw(permit(f"SC-{at}"))

    async def hear(self, body: str, *permits: int) -> None:
        for at in permits:
            heard = len(self.ledger.rows("SELECT * FROM inbounds"))
            await self.ledger.hear(body, phone(at), f"IN{heard}")

    async def change_phone(self, *permits: int) -> None:
        for at in permits:
            await self.register(at, phones=(phone(at + OTHER),))

    async def renew(self, status: str, *permits: int) -> None:
        new = [
            permit(f"NEW-{at}", expires_on=LATER, replaces=f"SC-{at}", status=status)
            for at in permits
        ]
        await self.ledger.register(*new)

    async def by_fours(self) -> AsyncIterator[None]:
        """Let only four be due at a time, and a text arrive after each four."""
        await self.ledger.expand(PREPARE)
        self.ledger.tamper(WAITS)
        for first in range(0, self.count, FOUR):
            shown = ", ".join(f"'SC-{first + at}'" for at in range(FOUR))
            of = f"SELECT id FROM permits WHERE shown_number IN ({shown})"  # noqa: S608 - ours
            self.ledger.tamper(f"{WAITED} WHERE permit_id IN ({of})")
            yield
            await self.register(ARRIVES + len(self.ledger.provider.posted))
            assert await self.ledger.send() == 1

    async def answer(self, outcome: Outcome | DiedError) -> None:
        """POST what is due, and be answered so; what is due again has to wait."""
        self.ledger.provider.script = [outcome] * FOUR
        await self.ledger.send()
        self.ledger.tamper(WAITS)

    async def resend(self) -> None:
        """Decide, as an operator who has looked into the provider's log."""
        to = ResolveDeps(
            SqlResolveStore(self.ledger.database), self.ledger.clock, timedelta()
        )
        for row in self.ledger.rows(LEFT):
            order = {"reason": "it is not in their log"}
            message = str(UUID(row["id"]))
            await resolve(message, Decision.RESEND, order, to, "ann")

    async def report(self, state: MessageState, code: str | None = None) -> None:
        """Send, and hear what became of it."""
        await self.ledger.send_at(PREPARE)
        kind = RefusalKind.RETRY_LATER if code else None
        sids = [f"SM{at + 1}" for at in range(self.count)]
        told = [word(state, sid, kind=kind, code=code) for sid in sids]
        await self.ledger.receive(*told)


async def before_it_is_due(office: Office, act: Happen) -> None:
    office.ledger.clock.move_to(PREPARE - DAY)
    await act()


async def due(office: Office, act: Happen) -> None:
    await office.ledger.expand(PREPARE)
    await act()


async def held(office: Office, act: Happen) -> None:
    assert await office.ledger.send_at(EVENING) == 0
    await act()


async def claimed(office: Office, act: Happen) -> None:
    office.ledger.provider.before = [act]
    await office.ledger.send_at(PREPARE)


async def on_its_way(office: Office, act: Happen) -> None:
    office.ledger.provider.after = [act]
    await office.ledger.send_at(PREPARE)


async def uncertain_and_taken(office: Office, act: Happen) -> None:
    async for _ in office.by_fours():
        office.ledger.provider.lost = True
        await office.answer(Unknown("timeout"))
        office.ledger.provider.lost = False
    await act()


async def uncertain_and_not_taken(office: Office, act: Happen) -> None:
    async for _ in office.by_fours():
        await office.answer(Unknown("timeout"))
    await act()


async def left_by_a_process_that_died(office: Office, act: Happen) -> None:
    async for _ in office.by_fours():
        with pytest.raises(DiedError):
            await office.answer(DiedError())
        office.ledger.provider.script = []
    office.ledger.tamper(LAPSED)
    await act()


async def given_back(office: Office, act: Happen) -> None:
    async for _ in office.by_fours():
        await office.answer(Refused(RefusalKind.RETRY_SAFE, "20429", "HTTP 429"))
    await act()
    office.ledger.tamper(WAITED)


async def sent(office: Office, act: Happen) -> None:
    await office.ledger.send_at(PREPARE)
    await act()


async def delivered(office: Office, act: Happen) -> None:
    await office.report(MessageState.DELIVERED)
    await act()


async def failed(office: Office, act: Happen) -> None:
    await office.report(MessageState.FAILED)
    await act()


async def retrying(office: Office, act: Happen) -> None:
    await office.report(MessageState.UNDELIVERED, "30003")
    await act()


async def tried_once_more(office: Office, act: Happen) -> None:
    await office.report(MessageState.UNDELIVERED, "30003")
    office.ledger.tamper(AGAIN)
    office.ledger.provider.before = [act]
    await office.ledger.send()


async def on_its_way_once_more(office: Office, act: Happen) -> None:
    await office.report(MessageState.UNDELIVERED, "30003")
    office.ledger.tamper(AGAIN)
    office.ledger.provider.after = [act]
    await office.ledger.send()


async def uncertain_once_more(office: Office, act: Happen) -> None:
    await office.report(MessageState.UNDELIVERED, "30003")
    office.ledger.tamper(AGAIN)
    async for _ in office.by_fours():
        await office.answer(Unknown("timeout"))
    await act()


async def left_to_an_operator(office: Office, act: Happen) -> None:
    for _ in range(3):
        async for _ in office.by_fours():
            await office.answer(Unknown("timeout"))
        for _ in range(2):
            await office.ledger.settle(timedelta())
    await act()
    await office.resend()


async def paused(office: Office, act: Happen) -> None:
    brakes, now = office.ledger.brakes, office.ledger.clock.now()
    await brakes.pause("all", "ann", "an exercise", now)
    assert await office.ledger.send_at(PREPARE) == 0
    await act()
    await brakes.resume("all", "ann", now)


Moment = Callable[[Office, Happen], Awaitable[None]]

MOMENTS: Final[Sequence[Moment]] = (
    *(before_it_is_due, due, held, claimed, on_its_way, uncertain_and_taken),
    *(uncertain_and_not_taken, left_by_a_process_that_died, given_back),
    *(sent, delivered, failed, retrying, tried_once_more, on_its_way_once_more),
    *(uncertain_once_more, left_to_an_operator, paused),
)

Change = Callable[..., Awaitable[None]]

ACTS: Final[Mapping[str, tuple[Change, Change]]] = {
    "withdrawn": (Office.withdraw, Office.register),
    "suspended": (partial(Office.register, status="suspended"), Office.register),
    "expiring sooner": (partial(Office.register, expires_on=SOONER), Office.register),
    "expiring later": (partial(Office.register, expires_on=LATER), Office.register),
    "with a landline": (
        partial(Office.register, phones=(LANDLINE,)),
        Office.change_phone,
    ),
    "filed": (
        partial(Office.register, renewal_filed_on=date(2024, 9, 18)),
        Office.register,
    ),
    "renewed": (
        lambda office, *permits: office.renew("active", *permits),
        lambda office, *permits: office.renew("withdrawn", *permits),
    ),
    "stopped": (
        lambda office, *permits: office.hear("STOP", *permits),
        lambda office, *permits: office.hear("START", *permits),
    ),
}
"""What happens to a permit or its phone, and what undoes it."""


def texted(ledger: Ledger, at: int) -> list[str]:
    """The steps in which a permit was texted of its right expiry date, in order."""
    rows = ledger.rows(
        "SELECT r.step FROM reminders r JOIN permits p ON p.id = r.permit_id "
        "WHERE p.shown_number = ? AND r.expires_on = ? AND r.sent_at IS NOT NULL "
        "ORDER BY r.sent_at",
        *(f"SC-{at}", str(EXPIRES)),
    )
    return [row["step"] for row in rows]


def twice(ledger: Ledger) -> list[dict[str, Any]]:
    """The reminders of which two messages were taken that the carrier did not fail."""
    return ledger.rows(
        "SELECT l.permit_id, l.expires_on, l.step FROM message_reminders l "
        "JOIN messages m ON m.id = l.message_id WHERE m.accepted_at IS NOT NULL "
        "AND coalesce(m.kind, '') <> 'retry-later' "
        "GROUP BY l.permit_id, l.expires_on, l.step HAVING count(*) > 1"
    )
