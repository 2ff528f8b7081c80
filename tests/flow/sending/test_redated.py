"""Reminders and corrections of a permit whose register states other dates."""

from dataclasses import replace
from datetime import date, timedelta

from service.domain.delivery.outcome import Accepted
from service.domain.law.period import Period
from service.domain.law.rule import Step
from service.domain.law_change.edits import RulesEdit
from tests.flow.ledger import CLOSED, FOOD, LAST_CALL, PREPARE, Ledger, permit

FOUR_WEEKS_LATER = PREPARE + timedelta(weeks=4)

BEFORE, AFTER = date(2024, 1, 15), date(2024, 7, 1)
"""Issue dates before and after the day from which the second version holds."""


async def add_version(ledger: Ledger, *steps: Step) -> None:
    """Give permits issued since June ten more working days to apply."""
    rule = (await ledger.office.current_law()).rule(FOOD)
    newest = rule.versions[-1]
    later = replace(
        newest,
        in_force_from=date(2024, 6, 1),
        governs="issue",
        closes=Period.parse("20 working days before expiry"),
        steps=steps or newest.steps,
    )
    await ledger.change(RulesEdit([replace(rule, versions=(*rule.versions, later))]))


async def test_a_reminder_put_off_and_brought_forward_again_is_sent_at_once(
    ledger: Ledger,
) -> None:
    await add_version(ledger)
    await ledger.register(permit(issued_on=BEFORE))
    await ledger.expand(LAST_CALL)
    await ledger.register(permit(issued_on=AFTER))
    [put_off] = ledger.rows("SELECT * FROM reminders WHERE step = 'last-call'")
    assert put_off["next_at"] > f"{LAST_CALL + timedelta(days=1)}"
    await ledger.register(permit(issued_on=BEFORE))
    assert await ledger.send() == 1
    assert ledger.reminders()["last-call"] == ("sent", None)
    assert await ledger.audit() == []


async def test_a_correction_may_be_sent_until_the_closing_day_has_ended(
    ledger: Ledger,
) -> None:
    early = Step(
        "last-call", Period.parse("60 days before closing"), "renewal-last-call"
    )
    await add_version(ledger, early)
    await ledger.register(permit(issued_on=AFTER))
    assert await ledger.send_at(FOUR_WEEKS_LATER) == 1
    on_closing_day = CLOSED - timedelta(hours=12)
    ledger.clock.move_to(on_closing_day)
    await ledger.register(permit(issued_on=BEFORE))
    assert await ledger.send_at(on_closing_day) == 1
    assert ledger.reminders()["correction-1"] == ("sent", None)
    assert await ledger.audit() == []


async def test_a_correction_waits_until_the_text_it_corrects_is_recorded(
    ledger: Ledger,
) -> None:
    await add_version(ledger)
    await ledger.register(permit(issued_on=AFTER))
    await ledger.expand(FOUR_WEEKS_LATER)
    [under_way] = (await ledger.claim()).messages
    await ledger.register(permit(issued_on=BEFORE))
    assert ledger.reminders()["correction-1"] == ("due", None)
    assert (await ledger.claim()).messages == ()
    owner, now = ledger.message()["owner"], ledger.clock.now()
    await ledger.record(owner, [(under_way, Accepted("SM1"))], now)
    [correction] = (await ledger.claim()).messages
    assert "更正" in correction.body
