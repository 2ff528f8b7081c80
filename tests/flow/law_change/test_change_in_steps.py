"""A change for many permits is planned while others write."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Engine, event

from service.adapters.store.law import change_store
from service.domain.law_change.edits import AuthoritiesEdit, Edit
from service.domain.law_change.group import PermitGroup
from service.domain.law_change.plan import ChangePlan, plan_change
from service.domain.lawbook.law import Law
from service.flow.law_change.change import ChangeResult
from tests.flow.law_change.test_change import closing
from tests.flow.ledger import EXPIRES, FOOD, OFFICE, PREPARE, START, Ledger, permit

PATIENCE = 60
"""Seconds until a test that waits for the other side has failed."""


class SlowPlanner:
    """Plans when it is told to, and counts how often."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now
        self.begun, self.may_end, self.plans = Event(), Event(), 0

    def plan(self, before: Law, after: Law, groups: list[PermitGroup]) -> ChangePlan:
        self.plans += 1
        self.begun.set()
        assert self.may_end.wait(PATIENCE)
        return plan_change(before, after, groups, self.now)


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_store, "MANY_PERMITS", 0)


@asynccontextmanager
async def planned(
    ledger: Ledger, edit: Edit, slow: SlowPlanner
) -> AsyncIterator[asyncio.Task[ChangeResult]]:
    """A change whose first step, its plan, goes on while the body runs."""
    change = asyncio.create_task(
        ledger.change_store.change(edit, slow.plan, slow.now, "tester", None)
    )
    assert await asyncio.to_thread(slow.begun.wait, PATIENCE)
    yield change
    slow.may_end.set()


async def test_a_permit_that_comes_meanwhile_is_registered_and_dated_anew(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    edit, slow = await closing(ledger, "60 working days before expiry"), SlowPlanner()
    async with planned(ledger, edit, slow) as change:
        assert await ledger.register(permit("SC-0002")) == ["registered"]
    assert ((await change).plan.impact.permits, slow.plans) == (2, 2)
    assert await ledger.audit() == []


async def test_who_is_texted_meanwhile_is_corrected_by_the_change(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    ledger.clock.move_to(PREPARE)
    edit = await closing(ledger, "60 working days before expiry")
    slow = SlowPlanner(PREPARE)
    async with planned(ledger, edit, slow) as change:
        assert await ledger.send_at(PREPARE) == 1
    assert ((await change).plan.impact.corrected, slow.plans) == (1, 2)
    assert await ledger.send_at(PREPARE + timedelta(hours=1)) == 1
    assert await ledger.audit() == []


async def test_what_was_claimed_meanwhile_ends_under_the_law_of_its_text(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    edit = await closing(ledger, "60 working days before expiry")
    slow = SlowPlanner(PREPARE)
    async with planned(ledger, edit, slow) as change:
        claimed = await ledger.claim()
    assert (await change).plan.impact.redated == 0
    [row] = ledger.rows("SELECT * FROM reminders WHERE state = 'sending'")
    assert (len(claimed.messages), row["step"]) == (1, "prepare")
    assert row["version_id"] == f"{FOOD}@2020-03-01.1"
    assert await ledger.audit() == []


async def test_a_second_change_of_the_law_meanwhile_holds_too(ledger: Ledger) -> None:
    await ledger.register(permit())
    edit, slow = await closing(ledger, "60 working days before expiry"), SlowPlanner()
    office = (await ledger.office.current_law()).authority(OFFICE)
    async with planned(ledger, edit, slow) as change:
        other = AuthoritiesEdit([replace(office, margin_working_days=5)])
        assert (await ledger.change(other)).plan.impact.permits == 1
    await change
    law = await ledger.office.current_law()
    [version] = law.rule(FOOD).versions[-1:]
    expected = law.ladder(FOOD, version, OFFICE, EXPIRES).slots[0].due_at
    [slot] = ledger.rows("SELECT due_at FROM slots ORDER BY due_at LIMIT 1")
    assert slot["due_at"] == f"{expected:%Y-%m-%d %H:%M:%S.%f}"
    assert (version.revision, slow.plans) == (2, 2)
    assert await ledger.audit() == []


async def test_a_change_that_is_killed_between_its_steps_has_not_happened(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    before = await ledger.office.current_law()
    edit, slow = await closing(ledger, "60 working days before expiry"), SlowPlanner()
    async with planned(ledger, edit, slow) as change:
        change.cancel()
        with pytest.raises(asyncio.CancelledError):
            await change
    assert (await ledger.office.current_law()).digest == before.digest
    assert await ledger.audit() == []
    assert (await ledger.change(edit)).plan.impact.permits == 1


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that run meanwhile."""
    seen = list[str]()

    def note(*args: Any) -> None:  # noqa: ANN401 - a hook of SQLAlchemy's
        seen.append(args[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def test_reminders_of_many_groups_take_a_few_statements_together(
    ledger: Ledger,
) -> None:
    days = [EXPIRES + timedelta(days=at) for at in range(40)]
    texted = [permit(f"SC-1{on:%m%d}", expires_on=on) for on in days]
    await ledger.register(*texted)
    assert await ledger.send_at(PREPARE + timedelta(days=41)) == len(days)
    due = [permit(f"SC-2{on:%m%d}", expires_on=on) for on in days]
    await ledger.register(*due)
    edit = await closing(ledger, "40 working days before expiry")
    with statements() as seen:
        done = (await ledger.change(edit)).plan.impact
    assert (done.corrected, done.redated) == (len(days), len(days))
    assert len([one for one in seen if "reminders" in one]) < len(days) / 2
    assert await ledger.audit() == []


async def test_what_nobody_changed_meanwhile_is_planned_once(ledger: Ledger) -> None:
    await ledger.register(permit())
    edit, slow = await closing(ledger, "60 working days before expiry"), SlowPlanner()
    slow.may_end.set()
    done = await ledger.change_store.change(edit, slow.plan, START, "tester", None)
    assert (done.plan.impact.permits, slow.plans) == (1, 1)
    assert await ledger.audit() == []
