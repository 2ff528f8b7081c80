"""An office to which anything may happen, in any order."""

from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any, Final

from hypothesis import note

from service.domain.calendars.office_year import CalendarYear
from service.domain.delivery.outcome import Unknown
from service.domain.delivery.status import MessageState
from service.domain.errors import ConflictError
from service.domain.law.period import Period
from service.domain.law.rule import Step, Version
from service.domain.law_change.edits import (
    AuthoritiesEdit,
    CalendarYearsEdit,
    Edit,
    RevertEdit,
    RulesEdit,
)
from service.domain.permits.permit import Permit
from tests.flow.ledger import FOOD, OFFICE, Ledger, permit
from tests.flow.promises import ACTIVE, SEEN, left_alone, stuck, twice, untrue

DAY: Final = timedelta(days=1)

EXPIRES: Final = (date(2024, 12, 2), date(2024, 12, 31), date(2025, 1, 20))
SINCE: Final = (date(2024, 11, 1), date(2024, 12, 10))
CLOSES: Final = tuple(f"{n} working days before expiry" for n in (20, 30, 33, 60))
LAST: Final = ("last-call", "5 working days")
LADDERS: Final = (
    (("prepare", "60 days"), LAST),
    (("prepare", "50 days"), LAST),
    (("prepare-2", "60 days", "prepare"), LAST),
    (("prepare", "40 days", "prepare-2"), LAST),
    (("prepare", "60 days"), ("second", "30 days"), LAST),
    ((*LAST, "prepare"),),
)


def phone(at: int) -> str:
    """One phone for each permit: texts of two permits never look alike."""
    return f"+1212555010{at}"


def one_of_them(at: int, **changed: object) -> Permit:
    return permit(f"SC-{at}", phones=(phone(at),), **changed)


def step(name: str, before: str, *replaces: str) -> Step:
    template = "renewal-last-call" if name == "last-call" else "renewal-prepare"
    at = Period.parse(f"{before} before closing")
    return Step(name, at, template, replaces=replaces)


@dataclass(frozen=True, slots=True)
class World:
    """One office, and everything that may happen to it."""

    ledger: Ledger
    force: str | None

    async def change(self, edit: Edit) -> None:
        try:
            seen = await self.ledger.preview(edit)
            done = await self.ledger.change(edit, self.force)
        except ConflictError as error:
            note(f"   refused: {error}")
            return
        same = seen.plan.impact == done.plan.impact
        assert same, f"previewed {seen.plan.impact}, applied {done.plan.impact}"

    async def versions(self) -> list[Version]:
        rule = (await self.ledger.office.current_law()).rule(FOOD)
        return [one for one in rule.versions if one.in_force_from >= date(2020, 1, 1)]

    async def apply(self, *versions: Version) -> None:
        rule = (await self.ledger.office.current_law()).rule(FOOD)
        await self.change(RulesEdit([replace(rule, versions=versions)]))

    async def close(self, at: int) -> None:
        closes = Period.parse(CLOSES[at])
        await self.apply(*[replace(it, closes=closes) for it in await self.versions()])

    async def climb(self, at: int) -> None:
        steps = tuple(step(*told) for told in LADDERS[at])
        await self.apply(*[replace(it, steps=steps) for it in await self.versions()])

    async def word(self, on: date) -> None:
        known = await self.versions()
        read = replace(known[0].reference, checked_on=on)
        await self.apply(*[replace(it, reference=read) for it in known])

    async def begin(self, since: int, at: int, changed: dict[str, Any]) -> None:
        newest = max(await self.versions(), key=lambda it: it.in_force_from)
        closes = Period.parse(CLOSES[at])
        made = replace(newest, in_force_from=SINCE[since], closes=closes, **changed)
        await self.apply(made)

    async def revert(self) -> None:
        await self.change(RevertEdit(FOOD))

    async def resettle(self, margin: int, hour: int) -> None:
        office = (await self.ledger.office.current_law()).authority(OFFICE)
        moved = replace(office, margin_working_days=margin, sends_from=time(hour, 30))
        await self.change(AuthoritiesEdit([moved]))

    async def close_office(self, first: int, count: int) -> None:
        days = [date(2024, 11, 4) + (first + at) * DAY for at in range(count)]
        off = {day: "office" for day in days if day.isoweekday() < 6}
        year = CalendarYear(
            "CN", 2024, off, frozenset(), published=False, source="the office"
        )
        await self.change(CalendarYearsEdit([year]))

    async def register(self, at: int, expires: int, changed: dict[str, Any]) -> None:
        told = one_of_them(at, expires_on=EXPIRES[expires], **changed)
        await self.ledger.register(told)

    async def withdraw(self, at: int) -> None:
        await self.ledger.withdraw(one_of_them(at))

    async def hear(self, at: int, body: str) -> None:
        await self.ledger.hear(body, phone(at), f"IN{self.ledger.clock.now()}")

    async def lose(self) -> None:
        self.ledger.provider.script = [Unknown("timeout")]

    async def deliver(self) -> None:
        self.ledger.provider.become(MessageState.DELIVERED)
        await self.ledger.poll()

    async def settle(self) -> None:
        for _ in range(2):
            await self.ledger.settle(timedelta())

    async def expand(self, ahead: timedelta) -> None:
        await self.ledger.expand(self.ledger.clock.now() + ahead)

    async def tick(self, ahead: timedelta) -> None:
        await self.expand(ahead)
        await self.settle()
        before = {row["message_id"] for row in self.ledger.rows(SEEN)}
        await self.ledger.send()
        law, now = await self.ledger.office.current_law(), self.ledger.clock.now()
        rows = self.ledger.rows(SEEN)
        fresh = [row for row in rows if row["message_id"] not in before]
        found = [*untrue(fresh, law), *stuck(rows, now)]
        for one in self.ledger.rows(ACTIVE):
            mine = [row for row in rows if row["permit_id"] == one["id"]]
            found += left_alone(one, mine, law, now)
        assert not found, found

    async def keeps_its_promises(self) -> None:
        found = await self.ledger.audit()
        law = await self.ledger.office.current_law()
        sent = [row for row in self.ledger.rows(SEEN) if row["sent_at"]]
        found += twice(sent, law)
        assert not found, found
