"""Move the window of very many permits, and move it back."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from service.domain.law_change.edits import AuthoritiesEdit, RevertEdit, RulesEdit
from service.domain.lawbook.version_choice import ExplainRequest
from service.flow.reports.explain import explain_dates
from tests.depth import by_depth
from tests.flow.law_change.test_change import closing
from tests.flow.ledger import FOOD, OFFICE, START, Ledger, permit

MANY, DATES = by_depth(quick=20_000, deep=100_000), 1500
SOON, SHARE = 200, 2_000
"""Few permits on the dates that are texted here; the test is about all the others."""

FIRST = date(2024, 11, 20)
HELD = START + timedelta(days=5, hours=12)
"""An evening: reminders due since the morning wait for the next day."""

COPIES = """
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers
        WHERE n < :many)
    INSERT INTO permits (id, authority, rule, number_key, shown_number, tail, holder,
        expires_on, status, replaced, series, register, registered_at, changed_at,
        dated_at)
    SELECT printf('%032x', n + :done), authority, rule, 'N' || (n + :done),
        'N' || (n + :done), tail, holder,
        expires_on, status, replaced, series, register, registered_at, changed_at,
        dated_at
    FROM numbers JOIN permits ON shown_number = printf('SC-%04d', :from + n % :dates)
    WHERE shown_number LIKE 'SC-%'"""

PHONES = """
    INSERT INTO permit_recipients SELECT p.id, 0, r.id, NULL FROM permits p
    JOIN (SELECT id FROM recipients LIMIT 1) r WHERE NOT EXISTS (
        SELECT 1 FROM permit_recipients l WHERE l.permit_id = p.id)"""

TEXTED = """
    SELECT l.permit_id, l.step FROM message_reminders l JOIN messages m
    ON m.id = l.message_id AND m.accepted_at IS NOT NULL
    GROUP BY 1, 2 HAVING count(*) > 1"""


def copies(many: int, done: int, *, first: int, dates: int) -> str:
    """Copy permits of some dates until there are so many more."""
    values = {":many": many, ":done": done, ":from": first, ":dates": dates}
    statement = COPIES
    for name, value in values.items():
        statement = statement.replace(name, str(value))
    return statement


async def register_many(ledger: Ledger) -> None:
    """Register one permit for each expiry date, and copy it for the others."""
    await ledger.register(
        *[
            permit(f"SC-{at:04}", expires_on=FIRST + timedelta(days=at))
            for at in range(DATES)
        ]
    )
    ledger.tamper(copies(SHARE, 0, first=0, dates=SOON))
    rest = MANY - DATES - SHARE
    ledger.tamper(copies(rest, SHARE, first=SOON, dates=DATES - SOON))
    ledger.tamper(PHONES)


async def without_limits(ledger: Ledger) -> None:
    """Lift the limit of texts that one phone gets in a day."""
    law = await ledger.office.current_law()
    free = replace(law.authority(OFFICE), recipient_daily_limit=100)
    await ledger.change(AuthoritiesEdit([free]))
    await ledger.change(RulesEdit([replace(law.rule(FOOD), merges=False)]))


@pytest.mark.deep
async def test_a_window_moves_for_many_and_back_and_nobody_is_texted_twice(
    ledger: Ledger,
) -> None:
    await without_limits(ledger)
    await register_many(ledger)
    assert await ledger.send_at(START + timedelta(days=4, hours=4)) > 40
    await ledger.expand(HELD)
    [held] = ledger.rows("SELECT count(*) AS n FROM reminders WHERE state = 'due'")
    assert held["n"] > 10
    edit = await closing(ledger, "60 working days before expiry")

    seen = (await ledger.preview(edit)).plan.impact
    assert seen.permits == seen.earlier.permits == MANY
    done = (await ledger.change(edit)).plan.impact
    assert done == seen
    assert done.redated == held["n"]
    law = await ledger.office.current_law()
    values = explain_dates(law, ExplainRequest(FOOD, OFFICE, date(2024, 12, 31)))
    assert (values["version"], str(values["closes_on"])) == (
        f"{FOOD}@2020-03-01.2",
        "2024-10-08",
    )
    assert await ledger.audit() == []

    assert await ledger.send_at(HELD + timedelta(days=2, hours=16)) > held["n"]
    back = await ledger.change(RevertEdit(FOOD))
    assert back.plan.impact.later.permits == MANY
    assert await ledger.audit() == []
    for week in range(2, 4):
        await ledger.send_at(HELD + timedelta(weeks=week, hours=16))
        assert await ledger.audit() == []
    assert ledger.rows(TEXTED) == []
