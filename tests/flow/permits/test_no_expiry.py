"""Permits without an expiry date: registered, and never reminded of."""

from dataclasses import replace
from datetime import date

import pytest

from service.domain.errors import InvalidError
from service.domain.law_change.edits import RevertEdit, RulesEdit
from tests.flow.ledger import EXPIRES, FOOD, LAST_CALL, PREPARE, Ledger, permit

PERMANENT = permit(expires_on=None)
LATER = date(2029, 12, 31)


async def ends(ledger: Ledger) -> list[tuple[str, str]]:
    rows = ledger.rows("SELECT state, reason FROM reminders ORDER BY permit_id")
    return [(row["state"], row["reason"]) for row in rows]


async def test_a_permit_without_an_end_is_registered_and_never_reminded(
    ledger: Ledger,
) -> None:
    assert await ledger.register(PERMANENT) == ["registered"]
    assert await ledger.register(PERMANENT) == ["unchanged"]
    for now in (PREPARE, LAST_CALL):
        assert await ledger.expand(now) == 0
    assert ledger.rows("SELECT * FROM slots") == []
    [row] = ledger.rows("SELECT expires_on, status FROM permits")
    assert row == {"expires_on": None, "status": "active"}
    assert await ledger.audit() == []


async def test_a_permit_that_loses_its_end_is_renewed(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    assert await ledger.register(PERMANENT) == ["changed"]
    assert await ends(ledger) == [("cancelled", "renewed")]
    assert await ledger.send() == 0
    assert await ledger.audit() == []


async def test_a_permit_that_gets_an_end_is_reminded(ledger: Ledger) -> None:
    await ledger.register(PERMANENT)
    assert await ledger.register(permit()) == ["changed"]
    assert await ledger.send_at(PREPARE) == 1
    assert await ledger.audit() == []


@pytest.mark.parametrize(
    ("old", "new", "texts"),
    [(EXPIRES, None, 0), (None, None, 0), (EXPIRES, LATER, 0), (EXPIRES, EXPIRES, 1)],
)
async def test_a_renewal_may_have_no_end(
    ledger: Ledger, old: date | None, new: date | None, texts: int
) -> None:
    renewal = permit("SC-0002", expires_on=new, replaces="SC-0001")
    await ledger.register(permit(expires_on=old), renewal)
    [row] = ledger.rows("SELECT replaced FROM permits WHERE shown_number = 'SC-0001'")
    assert row == {"replaced": 1}
    assert await ledger.send_at(PREPARE) == texts
    assert await ledger.audit() == []


async def test_it_falls_under_another_version_when_its_own_is_gone(
    ledger: Ledger,
) -> None:
    rule = (await ledger.office.current_law()).rule(FOOD)
    newest = max(rule.versions, key=lambda one: one.in_force_from)
    added = replace(newest, in_force_from=date(2024, 8, 1))
    await ledger.change(RulesEdit([replace(rule, versions=(*rule.versions, added))]))
    await ledger.register(PERMANENT)
    series = "SELECT series FROM permits"
    assert ledger.rows(series) == [{"series": f"{FOOD}@2024-08-01"}]
    await ledger.change(RevertEdit(FOOD))
    assert ledger.rows(series) == [{"series": newest.series}]
    assert await ledger.audit() == []


async def test_a_type_without_a_version_today_has_no_permit_without_an_end(
    ledger: Ledger,
) -> None:
    [refused] = await ledger.register(permit(rule="cn-tea", expires_on=None))
    assert isinstance(refused, InvalidError)
