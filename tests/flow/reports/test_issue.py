"""A report that has been issued stays as it was; what is learned later is restated."""

from dataclasses import fields
from datetime import datetime, timedelta

import pytest

from service.adapters.store.reports.counts import SqlCountStore
from service.domain.delivery.outcome import RefusalKind, Unknown
from service.domain.delivery.status import MessageState
from service.domain.errors import InvalidError
from service.domain.reports.period import ReportPeriod, next_period, week_of
from service.domain.reports.tally import Tally
from service.domain.reports.weekly import Report
from service.flow.reports.weekly import list_counts, make_report
from tests.flow.ledger import (
    OFFICE,
    PHONE_1,
    PREPARE,
    Ledger,
    permit,
    word,
)

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
TODAYS_REGISTER = {"filed_after_reminding", "forecast"}
"""Figures of a report that follow the register of the day it is printed."""


async def report(
    ledger: Ledger, period: ReportPeriod, as_of: datetime | None = None
) -> Report:
    office = (await ledger.office.current_law()).authority(OFFICE)
    store = SqlCountStore(ledger.database)
    return await make_report(
        period, office, ledger.office, store, ledger.clock, as_of=as_of
    )


async def the_week(ledger: Ledger) -> ReportPeriod:
    office = (await ledger.office.current_law()).authority(OFFICE)
    return week_of(PREPARE, office.zone)


def issued(report: Report) -> dict[str, object]:
    kept = {one.name for one in fields(report)} - TODAYS_REGISTER
    return {name: getattr(report, name) for name in kept}


async def by_day(ledger: Ledger, day: datetime) -> list[tuple[str, int, int]]:
    period = week_of(day, (await the_week(ledger)).zone)
    rows = await list_counts(
        period, "day", ledger.clock.now(), [OFFICE], SqlCountStore(ledger.database)
    )
    return [
        (row.key, row.tally.messages, row.tally.reminded)
        for row in rows
        if row.tally.messages or row.tally.reminded
    ]


async def lose(ledger: Ledger, number: str = "SC-0001") -> None:
    """POST a text whose answer is lost, on Thursday."""
    await ledger.register(permit(number))
    ledger.provider.script, ledger.provider.lost = [Unknown("no answer")], True
    await ledger.send_at(PREPARE)


async def test_a_message_counts_on_the_day_it_was_posted(ledger: Ledger) -> None:
    await lose(ledger)
    ledger.clock.move_to(PREPARE + 5 * DAY)
    await ledger.settle()
    assert ledger.states() == ["accepted"]
    assert await by_day(ledger, PREPARE) == [("2024-09-19", 1, 1)]
    assert await by_day(ledger, PREPARE + WEEK) == []
    assert await ledger.audit() == []


async def test_what_is_learned_later_is_restated_in_the_next_report(
    ledger: Ledger,
) -> None:
    week = await the_week(ledger)
    await lose(ledger)
    await ledger.register(permit("SC-0002"))
    await ledger.send_at(PREPARE + HOUR)
    ledger.clock.move_to(week.ends_at + HOUR)
    first = await report(ledger, week)
    assert (first.sums.this.messages, first.waiting) == (1, 1)
    await ledger.settle()
    ledger.clock.move_to(week.ends_at + WEEK + HOUR)
    second = await report(ledger, next_period(week))
    assert issued(await report(ledger, week)) == issued(first)
    assert (second.sums.this, second.waiting) == (Tally(), 0)
    segments = first.sums.this.segments
    assert second.sums.restated == Tally(reminded=1, messages=1, segments=segments)
    assert second.sums.total == (
        first.sums.total + second.sums.restated + second.sums.this
    )
    assert second.sums.previous == first.sums.this


async def test_a_failure_that_was_reported_stays_in_its_report(ledger: Ledger) -> None:
    week = await the_week(ledger)
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    failure = word(MessageState.UNDELIVERED, kind=RefusalKind.ROUTE, code="30003")
    await ledger.receive(failure)
    ledger.clock.move_to(week.ends_at + HOUR)
    first = await report(ledger, week)
    assert (first.sums.this.failed, first.sums.this.delivered) == (1, 0)
    await ledger.receive(word(MessageState.DELIVERED))
    ledger.clock.move_to(week.ends_at + WEEK + HOUR)
    assert issued(await report(ledger, week)) == issued(first)
    second = await report(ledger, next_period(week))
    assert second.sums.restated == Tally(delivered=1, failed=-1)
    assert (second.sums.total.delivered, second.sums.total.failed) == (1, 0)


async def test_a_reminder_reopened_later_stays_in_the_report_of_its_end(
    ledger: Ledger,
) -> None:
    week = await the_week(ledger)
    await ledger.register(permit(phones=()))
    await ledger.send_at(PREPARE)
    ledger.clock.move_to(week.ends_at + HOUR)
    first = await report(ledger, week)
    assert first.not_reminded == {"no phone number": 1}
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE + 5 * DAY) == 1
    assert issued(await report(ledger, week)) == issued(first)
    assert (await report(ledger, next_period(week))).not_reminded == {}


async def test_a_report_as_of_an_instant_says_what_waited_then(ledger: Ledger) -> None:
    week = await the_week(ledger)
    await ledger.register(permit("SC-0001"), permit("SC-0002"))
    await ledger.expand(PREPARE)
    ledger.clock.move_to(PREPARE + HOUR)
    assert await ledger.send() == 2
    ledger.clock.move_to(PREPARE + 2 * HOUR)
    waited = [
        (await report(ledger, week, PREPARE + after)).waiting
        for after in (-HOUR, timedelta(), HOUR / 2, 2 * HOUR)
    ]
    assert waited == [0, 2, 2, 0]
    with pytest.raises(InvalidError, match="as_of: found"):
        await report(ledger, week, PREPARE + 3 * HOUR)


async def test_a_later_trial_in_the_sandbox_makes_no_earlier_report_a_simulation(
    ledger: Ledger,
) -> None:
    week = await the_week(ledger)
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    ledger.tamper("UPDATE messages SET provider = 'sandbox'")
    ledger.clock.move_to(week.ends_at + HOUR)
    assert (await report(ledger, week)).simulated
    assert not (await report(ledger, week, PREPARE - HOUR)).simulated


async def test_namesakes_without_a_code_are_different_holders(ledger: Ledger) -> None:
    await ledger.register(
        permit("SC-0001", holder="Wang Wei"),
        permit("SC-0002", holder="Wang Wei"),
        permit("SC-0003", holder="Li Na", phones=(PHONE_1,)),
        permit("SC-0004", holder="Zhang Min", holder_code="91990000MA0000001A"),
        permit("SC-0005", holder="Zhang Min Ltd", holder_code="91990000MA0000001A"),
    )
    await ledger.send_at(PREPARE)
    period = await the_week(ledger)
    store = SqlCountStore(ledger.database)
    now = ledger.clock.now()
    [row] = await list_counts(period, "week", now, [OFFICE], store)
    assert (row.tally.reminded, row.holders) == (5, 4)
