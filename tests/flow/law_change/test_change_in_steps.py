"""A change for many permits is planned while others write."""

import asyncio
from threading import Event

import pytest

from service.adapters.store.law import change_store
from service.domain.law_change.group import PermitGroup
from service.domain.law_change.plan import ChangePlan, plan_change
from service.domain.lawbook.law import Law
from tests.flow.law_change.test_change import closing
from tests.flow.ledger import START, Ledger, permit

PATIENCE = 60
"""Seconds until a test that waits for the other side has failed."""


class SlowPlanner:
    """Plans when it is told to, and counts how often."""

    def __init__(self) -> None:
        self.begun, self.may_end, self.plans = Event(), Event(), 0

    def plan(self, before: Law, after: Law, groups: list[PermitGroup]) -> ChangePlan:
        self.plans += 1
        self.begun.set()
        assert self.may_end.wait(PATIENCE)
        return plan_change(before, after, groups, START)


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_store, "MANY_PERMITS", 0)


async def test_a_permit_that_comes_meanwhile_is_registered_and_dated_anew(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    edit, slow = await closing(ledger, "60 working days before expiry"), SlowPlanner()
    change = asyncio.create_task(
        ledger.change_store.change(edit, slow.plan, START, "tester", None)
    )
    assert await asyncio.to_thread(slow.begun.wait, PATIENCE)
    assert await ledger.register(permit("SC-0002")) == ["registered"]
    slow.may_end.set()
    assert ((await change).plan.impact.permits, slow.plans) == (2, 2)
    assert await ledger.audit() == []


async def test_what_nobody_changed_meanwhile_is_planned_once(ledger: Ledger) -> None:
    await ledger.register(permit())
    edit, slow = await closing(ledger, "60 working days before expiry"), SlowPlanner()
    slow.may_end.set()
    done = await ledger.change_store.change(edit, slow.plan, START, "tester", None)
    assert (done.plan.impact.permits, slow.plans) == (1, 1)
    assert await ledger.audit() == []
