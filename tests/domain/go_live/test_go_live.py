from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.adapters.calendars.holidays import calendars
from service.domain.deadlines.slot import Slot
from service.domain.delivery.status import ReminderState
from service.domain.go_live.go_live import (
    find_hindrance,
    find_late_group,
    next_sending_days,
    spread_catch_up,
)
from service.domain.go_live.preview import GroupInStep, PreviewGroup, choose_samples
from service.domain.law.period import Period
from service.domain.law.rule import (
    BilingualText,
    LateFiling,
    NoReminderReason,
    Reference,
    Rule,
    Step,
    Version,
)
from service.domain.lawbook.law import Law
from service.domain.reminders.planned_reminders import plan_reminders
from service.domain.reminders.reasons import BEFORE_START, OVERTAKEN
from tests.domain.offices import LINJIANG, WORDS

CITY = replace(LINJIANG, code="990100", parent="990000", sends=False)
READ = Reference("A law", "Article 1", date(2026, 11, 22), "read")
UNREAD = replace(READ, confidence="unverified")
VERSION = Version(
    rule="xx-permit",
    in_force_from=date(2020, 1, 1),
    closes=Period("expiry", 30, "day", "calendar"),
    steps=(Step("last-call", Period("closing", 5, "day"), "renewal-last-call"),),
    reference=READ,
)
RULE = Rule(
    code="xx-permit",
    name=WORDS,
    certificate=WORDS,
    action=WORDS,
    calendar="CN",
    holder="any",
    validity="5 years",
    number_tail=4,
    versions=(VERSION,),
)
NEVER = NoReminderReason("no-expiry", BilingualText("字", "it never ends"), READ)

EXPIRES = date(2024, 10, 31)
"""The closing is 1 October, a holiday, so that texts name 30 September."""

WORKING = calendars()["CN"].certain_workdays
HOUR = timedelta(hours=1)
START = datetime(2024, 9, 2, 1, 30, tzinfo=UTC)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LINJIANG.zone)


@pytest.mark.parametrize(
    ("now", "days"),
    [
        ("2024-09-02T11:00", ["09-02T11:00", "09-03T09:30", "09-04T09:30"]),
        ("2024-09-02T07:00", ["09-02T09:30", "09-03T09:30", "09-04T09:30"]),
        ("2024-09-02T17:30", ["09-03T09:30", "09-04T09:30", "09-05T09:30"]),
        ("2024-09-06T18:00", ["09-09T09:30", "09-10T09:30", "09-11T09:30"]),
        ("2024-09-13T12:00", ["09-13T12:00", "09-14T09:30", "09-18T09:30"]),
    ],
    ids=["at work", "early", "late", "over a weekend", "with a Saturday made up"],
)
def test_a_catch_up_goes_out_on_the_next_sending_days(
    now: str, days: list[str]
) -> None:
    found = next_sending_days(local(now), 3, LINJIANG, WORKING)
    assert [f"{day.astimezone(LINJIANG.zone):%m-%dT%H:%M}" for day in found] == days


def days(count: int) -> list[datetime]:
    return [START + timedelta(days=day) for day in range(count)]


def shares(waiting: list[tuple[int, int]], count: int) -> list[int]:
    """`waiting` are (hours until the end, reminders)."""
    ends = [(START + hours * HOUR, reminders) for hours, reminders in waiting]
    return [share for _, share in spread_catch_up(ends, days(count))]


@pytest.mark.parametrize(
    ("waiting", "count", "shared"),
    [
        ([], 3, [0, 0, 0]),
        ([(999, 9)], 3, [3, 3, 3]),
        ([(999, 10)], 3, [4, 3, 3]),
        ([(999, 2)], 3, [1, 1, 0]),
        ([(999, 5)], 1, [5]),
        ([(24, 6), (999, 3)], 3, [6, 2, 1]),
        ([(25, 6), (999, 3)], 3, [3, 3, 3]),
        ([(48, 8), (999, 1)], 3, [3, 5, 1]),
        ([(1, 4)], 2, [4, 0]),
    ],
)
def test_shares_are_even_except_for_reminders_that_would_end(
    waiting: list[tuple[int, int]], count: int, shared: list[int]
) -> None:
    assert shares(waiting, count) == shared


@given(
    st.lists(st.tuples(st.integers(1, 300), st.integers(1, 50)), max_size=8),
    st.integers(1, 12),
)
def test_no_reminder_is_lost_or_sent_after_its_end(
    crowds: list[tuple[int, int]], count: int
) -> None:
    waiting = sorted((START + hours * HOUR, number) for hours, number in crowds)
    shared = spread_catch_up(waiting, days(count))
    assert [day for day, _ in shared] == days(count)
    goes_out = [day for day, share in shared for _ in range(share)]
    ends = [end for end, number in waiting for _ in range(number)]
    assert len(goes_out) == len(ends)
    assert all(day < end for day, end in zip(goes_out, ends, strict=True))


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (RULE, None),
        (replace(RULE, never=NEVER), "never reminds (no-expiry): it never ends"),
        (
            replace(RULE, versions=(replace(VERSION, reference=UNREAD),)),
            "nobody has read the source of xx-permit@2020-01-01.1 yet",
        ),
        (
            replace(
                RULE,
                versions=(
                    VERSION,
                    replace(VERSION, jurisdiction="990000", reference=UNREAD),
                ),
            ),
            "nobody has read the source of xx-permit@2020-01-01/990000.1 yet",
        ),
        (
            replace(
                RULE,
                versions=(
                    VERSION,
                    replace(VERSION, jurisdiction="880000", reference=UNREAD),
                ),
            ),
            None,
        ),
    ],
    ids=["read", "never", "unread", "unread here", "unread elsewhere"],
)
def test_a_type_that_cannot_go_live_says_why(rule: Rule, reason: str | None) -> None:
    found = find_hindrance(rule, ("990100", "990000"))
    assert found == reason or (reason and found and found.startswith(reason))


def law(late_filing: LateFiling | None = None) -> Law:
    version = replace(VERSION, late_filing=late_filing)
    offices = {one.code: one for one in (LINJIANG, CITY)}
    return Law({"xx-permit": replace(RULE, versions=(version,))}, offices, calendars())


@pytest.mark.parametrize(
    ("now", "is_late"),
    [
        ("2024-09-30T23:59", False),
        ("2024-10-01T00:00", True),
        ("2024-10-31T23:59", True),
        ("2024-11-01T00:00", False),
    ],
)
def test_a_permit_is_late_from_its_closing_to_its_end(now: str, is_late: bool) -> None:  # noqa: FBT001 - a table's column
    found = find_late_group(
        law(), "xx-permit@2020-01-01", "990100", EXPIRES, local(now)
    )
    assert bool(found) == is_late


@pytest.mark.parametrize(
    ("late_filing", "contacted"),
    [("accepted", True), ("refused", False), (None, False)],
)
def test_holders_are_asked_to_contact_the_office_only_if_late_filing_is_accepted(
    late_filing: LateFiling | None,
    contacted: bool,  # noqa: FBT001 - a table's column
) -> None:
    now = local("2024-10-15T10:00")
    found = find_late_group(
        law(late_filing), "xx-permit@2020-01-01", "990100", EXPIRES, now
    )
    assert found is not None
    end = local("2024-11-01T00:00")
    step = Slot("contact-now", now, end, end, "contact-now")
    assert found.contact_slot(now) == (step if contacted else None)


FIRST, SECOND, CLOSED = (START + timedelta(days=day) for day in (0, 30, 40))
SLOTS = (
    Slot("prepare", FIRST, SECOND, CLOSED, "renewal-prepare"),
    Slot("last-call", SECOND, CLOSED, CLOSED, "renewal-last-call"),
)


@pytest.mark.parametrize(
    ("now", "created"),
    [
        (FIRST + HOUR, [("prepare", "due", None)]),
        (SECOND, [("prepare", "missed", BEFORE_START), ("last-call", "due", None)]),
        (
            CLOSED,
            [("prepare", "missed", BEFORE_START), ("last-call", "missed", OVERTAKEN)],
        ),
    ],
)
def test_a_start_with_catch_up_texts_permits_in_a_current_step(
    now: datetime, created: list[tuple[str, str, str | None]]
) -> None:
    made = plan_reminders(SLOTS, now, FIRST + HOUR, catch_up=True).rows
    assert [(one.slot.step, str(one.state), one.reason) for one in made] == created
    without = plan_reminders(SLOTS, FIRST + HOUR, FIRST + HOUR).rows
    assert [one.state for one in without] == [ReminderState.MISSED]


def group_in_step(template: str, sample: str | None) -> GroupInStep:
    crowd = PreviewGroup("xx", "xx@1", "990000", EXPIRES, "zh", 2, 1, sample, "0001")
    return GroupInStep(crowd, Slot(template, FIRST, SECOND, CLOSED, template))


def test_three_texts_are_shown_of_different_templates_first() -> None:
    rows = [
        group_in_step("a", "1"),
        group_in_step("a", "2"),
        group_in_step("b", None),
        group_in_step("c", "4"),
    ]
    assert [one.group.sample_permit_id for one in choose_samples(rows)] == [
        "1",
        "4",
        "2",
    ]
    many = [*rows, group_in_step("b", "5"), group_in_step("d", "6")]
    assert [one.group.sample_permit_id for one in choose_samples(many)] == [
        "1",
        "4",
        "5",
    ]
    assert choose_samples([]) == []
