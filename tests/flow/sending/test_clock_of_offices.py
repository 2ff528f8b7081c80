"""An office in New York: summer time, midnight, month ends."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from service.domain.law.period import Period
from service.domain.law.rule import Rule, Step
from service.domain.law_change.edits import AuthoritiesEdit, RulesEdit
from tests.flow.ledger import FOOD, Ledger, permit

OFFICE = "us-nyc"

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)

EVERY_DAY = frozenset(range(1, 8))

SINCE = datetime(2024, 1, 2, tzinfo=UTC)


def utc(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)  # type: ignore[arg-type,misc] # year to second


async def open_office(
    draft: Ledger, *steps: Step, closes: str, **hours: object
) -> None:
    """Let New York remind of one type on its own calendar, from January on."""
    draft.clock.move_to(SINCE)
    law = await draft.office.current_law()
    office = replace(law.authority(OFFICE), **hours)  # type: ignore[arg-type] # fields
    await draft.change(AuthoritiesEdit([office]))
    await draft.change(RulesEdit([trade(law.rule(FOOD), steps, closes)]))
    await draft.go_live(TRADE, live_from=SINCE, authority=OFFICE)


TRADE = "us-trade"


def trade(like: Rule, steps: tuple[Step, ...], closes: str) -> Rule:
    first = like.versions[0]
    version = replace(
        first,
        rule=TRADE,
        in_force_from=date(2000, 1, 1),
        in_force_until=None,
        opens=None,
        closes=Period.parse(closes),
        steps=steps,
    )
    return replace(like, code=TRADE, calendar="US", versions=(version,))


def step(at: str, name: str = "prepare", template: str = "renewal-prepare") -> Step:
    return Step(name, Period.parse(at), template)


async def register(ledger: Ledger, *days: date) -> None:
    known = permit(authority=OFFICE, rule=TRADE)
    await ledger.register(
        *(
            replace(known, number=f"T-{at:04}", expires_on=on)
            for at, on in enumerate(days)
        )
    )


def instants(ledger: Ledger, column: str = "due_at") -> list[datetime]:
    rows = ledger.rows("SELECT * FROM reminders ORDER BY permit_id, due_at")
    return [datetime.fromisoformat(row[column]).replace(tzinfo=UTC) for row in rows]


@pytest.mark.parametrize(
    ("expires_on", "due_at"),
    [
        (date(2024, 3, 8), utc(2024, 3, 8, 14, 30)),
        (date(2024, 3, 11), utc(2024, 3, 11, 13, 30)),
        (date(2024, 11, 1), utc(2024, 11, 1, 13, 30)),
        (date(2024, 11, 4), utc(2024, 11, 4, 14, 30)),
    ],
)
async def test_sending_begins_at_the_same_local_time_all_year(
    draft: Ledger, expires_on: date, due_at: datetime
) -> None:
    await open_office(draft, step("on closing"), closes="on expiry")
    await register(draft, expires_on)
    assert await draft.send_at(due_at - SECOND) == 0
    assert await draft.send_at(due_at) == 1
    assert instants(draft) == [due_at]
    assert await draft.audit() == []


@pytest.mark.parametrize(
    ("days", "asked_at", "until"),
    [
        ("working", utc(2024, 3, 8, 22, 30), utc(2024, 3, 11, 13, 30)),
        (EVERY_DAY, utc(2024, 3, 9, 22, 30), utc(2024, 3, 10, 13, 30)),
        ("working", utc(2024, 11, 1, 21, 30), utc(2024, 11, 4, 14, 30)),
        (EVERY_DAY, utc(2024, 11, 2, 21, 30), utc(2024, 11, 3, 14, 30)),
    ],
)
async def test_a_reminder_held_over_a_change_of_summer_time_goes_out_at_local_opening(
    draft: Ledger, days: object, asked_at: datetime, until: datetime
) -> None:
    await open_office(
        draft, step("30 days before closing"), closes="on expiry", sending_days=days
    )
    await register(draft, (until + 20 * DAY).date())
    assert await draft.send_at(asked_at - SECOND) == 1, "the last second of the day"
    await register(draft, *[(until + 20 * DAY).date()] * 2)
    assert await draft.send_at(asked_at) == 0
    assert instants(draft, "next_at")[1:] == [until]
    assert await draft.send_at(until - SECOND) == 0
    assert await draft.send_at(until) == 1
    assert await draft.audit() == []


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (utc(2024, 3, 9, 5), 17),
        (utc(2024, 3, 10, 5), 16),
        (utc(2024, 11, 2, 4), 17),
        (utc(2024, 11, 3, 4), 18),
    ],
)
async def test_a_text_may_travel_until_the_office_stops_by_its_own_clock(
    draft: Ledger, now: datetime, hours: int
) -> None:
    """From midnight to five in the afternoon: an hour less when it changes, or more."""
    await open_office(
        draft,
        step("30 days before closing"),
        closes="on expiry",
        sending_days=EVERY_DAY,
        sends_from=time(0),
        sends_until=time(17),
    )
    await register(draft, (now + 20 * DAY).date())
    assert await draft.send_at(now) == 1
    [posted] = draft.provider.posted
    assert abs(posted.valid_for - hours * 3600) < 60


@pytest.mark.parametrize(
    ("expires_on", "over_at"),
    [
        (date(2024, 3, 9), utc(2024, 3, 10, 5)),
        (date(2024, 3, 10), utc(2024, 3, 11, 4)),
        (date(2024, 11, 2), utc(2024, 11, 3, 4)),
        (date(2024, 11, 3), utc(2024, 11, 4, 5)),
    ],
)
async def test_a_step_is_over_at_local_midnight(
    draft: Ledger, expires_on: date, over_at: datetime
) -> None:
    await open_office(
        draft,
        step("1 day before closing"),
        replace(step("5 days before expiry", "overdue"), after_closing=True),
        closes="10 calendar days before expiry",
        sending_days=EVERY_DAY,
        sends_from=time(0),
        sends_until=time(23, 59),
    )
    await register(draft, expires_on)
    assert await draft.send_at(over_at - 61 * SECOND) == 1
    assert instants(draft, "until_at")[-1] == over_at
    await register(draft, expires_on, expires_on)
    assert await draft.send_at(over_at - SECOND) == 0, "the office has just closed"
    late = "SELECT * FROM reminders WHERE step = 'overdue' ORDER BY permit_id"
    assert [row["state"] for row in draft.rows(late)] == ["sent", "due"]
    assert await draft.send_at(over_at) == 0
    assert [row["state"] for row in draft.rows(late)] == ["sent", "missed"]
    assert await draft.audit() == []


ENDS: Mapping[date, tuple[date, date]] = {
    date(2023, 3, 31): (date(2023, 1, 31), date(2023, 2, 28)),
    date(2024, 3, 29): (date(2024, 1, 29), date(2024, 2, 29)),
    date(2024, 3, 30): (date(2024, 1, 30), date(2024, 2, 29)),
    date(2024, 3, 31): (date(2024, 1, 31), date(2024, 2, 29)),
    date(2024, 4, 30): (date(2024, 2, 29), date(2024, 3, 30)),
    date(2024, 5, 31): (date(2024, 3, 31), date(2024, 4, 30)),
    date(2024, 7, 31): (date(2024, 5, 31), date(2024, 6, 30)),
    date(2024, 12, 31): (date(2024, 10, 31), date(2024, 11, 30)),
}
"""Expiry dates, and the days two and one month before; never 1 March, never twice."""


@pytest.mark.parametrize("expires_on", ENDS)
async def test_months_count_from_the_expiry_whatever_month_ends_between(
    draft: Ledger, expires_on: date
) -> None:
    first, second = ENDS[expires_on]
    await open_office(
        draft,
        step("2 months before expiry"),
        step("1 month before expiry", "last-call", "renewal-last-call"),
        closes="on expiry",
        sending_days=EVERY_DAY,
    )
    await register(draft, expires_on)
    law = await draft.office.current_law()
    version = law.version_for(TRADE, OFFICE, expires_on)
    slots = law.ladder(TRADE, version, OFFICE, expires_on).slots
    zone = law.authority(OFFICE).zone
    assert [it.due_at.astimezone(zone).date() for it in slots] == [first, second]
    if first < SINCE.date():
        return
    for day in (first, first + DAY, second, second + DAY):
        morning = datetime.combine(day, time(12), zone)
        posted = await draft.send_at(morning)
        assert posted == (day in (first, second)), day
    assert await draft.audit() == []
