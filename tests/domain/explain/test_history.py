from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from service.domain.delivery.pause import Pause
from service.domain.delivery.status import ReminderState
from service.domain.explain.history import (
    HistorySms,
    ReminderHistory,
    StateChange,
    build_history,
    describe_outcome,
)
from service.domain.reminders.limits import DAILY_LIMIT, RECIPIENT_LIMIT
from tests.domain.explain.test_not_sent import DUE, NOON, START, UNTIL, WELL, ZONE

R = ReminderState
SMS = HistorySms("+1212***0142", "twilio", None)
FAILED = HistorySms("+1212***0142", "twilio", "30003")
OTHER = HistorySms("+1213***0111", "twilio", None)
MINUTE = timedelta(minutes=1)

CREATED = ReminderHistory(
    step="last-call",
    expires_on=date(2024, 12, 31),
    version="xx-permit@2000-01-01.1",
    due_at=DUE,
    until_at=UNTIL,
    created_at=DUE,
    state=R.DUE,
    reason=None,
    next_at=DUE,
    hold_reason=None,
    retry_at=None,
    sent_at=None,
    announced_on=None,
    redated_at=None,
    changes=(),
)
MADE = (
    "created, due 2024-11-11 09:30 Asia/Shanghai, current until 2024-11-19 00:00 "
    "Asia/Shanghai, by xx-permit@2000-01-01.1"
)
SENDING, SENT = (
    StateChange(DUE, R.SENDING, None, SMS),
    StateChange(DUE, R.SENT, None, SMS),
)


def reminder_after(*changes: StateChange, **fields: Any) -> ReminderHistory:  # noqa: ANN401 - fields
    """The reminder in the state to which these transitions lead."""
    last = {"state": changes[-1].state, "reason": changes[-1].reason} if changes else {}
    return replace(CREATED, **(last | {"changes": changes} | fields))


def change(
    state: ReminderState, reason: str | None = None, sms: HistorySms | None = SMS
) -> StateChange:
    return StateChange(DUE + MINUTE, state, reason, sms)


@pytest.mark.parametrize(
    ("changes", "starts"),
    [
        ((SENDING,), ["sending to +1212***0142"]),
        (
            (SENDING, SENT, change(R.DELIVERED)),
            [
                "sending to +1212***0142",
                "sent to +1212***0142 through twilio",
                "delivered to +1212***0142",
            ],
        ),
        (
            (SENDING, SENT, change(R.FAILED, "undelivered", FAILED)),
            [
                "sending to +1212***0142",
                "sent to +1212***0142 through twilio",
                "not delivered (undelivered), code 30003",
            ],
        ),
        (
            (SENDING, change(R.UNCERTAIN, "timeout"), change(R.DUE, "absent twice")),
            [
                "sending to +1212***0142",
                "outcome unknown: timeout",
                "due again, because the provider did not accept it: absent twice",
            ],
        ),
        (
            (
                change(R.CANCELLED, "permit withdrawn", None),
                change(R.DUE, "reopened", None),
            ),
            [
                "cancelled: the permit is withdrawn",
                "due again, because the cause of its end is gone",
            ],
        ),
        (
            (change(R.SUPERSEDED, "by x", None),),
            ["superseded: x fell due before it was"],
        ),
    ],
)
def test_each_transition_is_listed_after_the_creation(
    changes: Sequence[StateChange], starts: list[str]
) -> None:
    creation, *rest = build_history(reminder_after(*changes), ZONE)
    assert (creation.at, creation.what) == (DUE, MADE)
    assert [one.at for one in rest] == [one.at for one in changes]
    for event, start in zip(rest, starts, strict=True):
        assert event.what.startswith(start)


def test_the_announced_day_is_listed_with_the_last_text() -> None:
    again = change(R.DUE, "absent twice")
    moves = (SENDING, SENT, again, change(R.SENDING), change(R.SENT))
    entries = [
        one.what
        for one in build_history(
            reminder_after(*moves, announced_on=date(2024, 11, 18)), ZONE
        )
    ]
    named = "; it names 2024-11-18 as the last day"
    assert [named in one for one in entries] == [
        False,
        False,
        False,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        (
            {"state": R.MISSED, "reason": "before start"},
            (
                "recorded as missed: it fell due before the office went live with "
                "this law"
            ),
        ),
        ({"changes": (change(R.DUE, "reopened", None),)}, "recorded as missed"),
        (
            {"step": "correction-1"},
            "created, because an earlier text named too late a day",
        ),
        (
            {"step": "contact-now"},
            "created, because closing had passed when the office went live",
        ),
    ],
)
def test_the_first_entry_says_how_a_reminder_was_created(
    fields: dict[str, Any], what: str
) -> None:
    assert build_history(replace(CREATED, **fields), ZONE)[0].what == what


def test_new_dates_are_listed_when_the_reminder_got_them() -> None:
    moved = replace(CREATED, redated_at=NOON, version="xx-permit@2000-01-01.2")
    entries = build_history(moved, ZONE)
    assert [(one.at, one.what[:10]) for one in entries] == [
        (DUE, "created"),
        (NOON, "new dates:"),
    ]
    assert entries[1].what.endswith("by xx-permit@2000-01-01.2")
    assert len(build_history(replace(moved, redated_at=DUE), ZONE)) == 1


SENT_AT = {"sent_at": DUE}


@pytest.mark.parametrize(
    ("reminder", "sentence"),
    [
        (CREATED, "due: the next tick looks at it"),
        (
            replace(CREATED, retry_at=NOON, reason="retry-safe 20429: HTTP 429"),
            (
                "due, postponed until 2024-11-12 09:30 Asia/Shanghai, because the "
                "provider did not accept it: retry-safe 20429: HTTP 429"
            ),
        ),
        (
            reminder_after(
                *(SENDING, SENT, change(R.RETRYING, "undelivered: bad-number 30005")),
                *(replace(SENDING, sms=OTHER), StateChange(NOON, R.SENT, None, OTHER)),
                StateChange(NOON + MINUTE, R.DELIVERED, None, OTHER),
                sent_at=DUE,
            ),
            "sent to +1213***0111 on 2024-11-12 09:30 Asia/Shanghai and delivered",
        ),
        (
            reminder_after(
                *(SENDING, SENT, change(R.RETRYING, "retry-later 30003", FAILED)),
                sent_at=DUE,
                next_at=NOON,
            ),
            (
                "sent to +1212***0142 on 2024-11-11 09:30 Asia/Shanghai, not "
                "delivered, will be sent again: retry-later 30003, not before "
                "2024-11-12 09:30 Asia/Shanghai"
            ),
        ),
        (
            replace(CREATED, hold_reason="outside sending hours", next_at=NOON),
            "due, held until 2024-11-12 09:30 Asia/Shanghai: outside sending hours",
        ),
        (
            replace(CREATED, hold_reason=DAILY_LIMIT, next_at=NOON),
            "due, held until 2024-11-12 09:30 Asia/Shanghai: daily limit of the office",
        ),
        (
            replace(CREATED, hold_reason=RECIPIENT_LIMIT, next_at=NOON),
            (
                "due, held until 2024-11-12 09:30 Asia/Shanghai: phone had its texts "
                "of the day"
            ),
        ),
        (
            reminder_after(SENDING, SENT, change(R.RETRYING, "30003"), **SENT_AT),
            (
                "sent to +1212***0142 on 2024-11-11 09:30 Asia/Shanghai, not "
                "delivered, will be sent again: 30003"
            ),
        ),
        (
            reminder_after(
                SENDING,
                SENT,
                change(R.RETRYING, "30003"),
                hold_reason=DAILY_LIMIT,
                next_at=NOON,
                **SENT_AT,
            ),
            (
                "sent to +1212***0142 on 2024-11-11 09:30 Asia/Shanghai, not "
                "delivered, will be sent again: 30003, held until 2024-11-12 09:30 "
                "Asia/Shanghai: daily limit of the office"
            ),
        ),
        (
            replace(CREATED, next_at=NOON),
            "due, postponed until 2024-11-12 09:30 Asia/Shanghai",
        ),
        (
            replace(CREATED, due_at=NOON, next_at=NOON),
            "not due before 2024-11-12 09:30 Asia/Shanghai",
        ),
        (reminder_after(SENDING), "being sent to +1212***0142"),
        (
            reminder_after(SENDING, change(R.UNCERTAIN, "timeout")),
            "perhaps sent to +1212***0142, the provider is asked: timeout",
        ),
        (
            reminder_after(SENDING, SENT, **SENT_AT),
            (
                "sent to +1212***0142 on 2024-11-11 09:30 Asia/Shanghai, no "
                "delivery receipt yet"
            ),
        ),
        (
            reminder_after(SENDING, SENT, change(R.DELIVERED), **SENT_AT),
            "sent to +1212***0142 on 2024-11-11 09:30 Asia/Shanghai and delivered",
        ),
        (
            reminder_after(
                SENDING, SENT, change(R.FAILED, "undelivered", FAILED), **SENT_AT
            ),
            (
                "sent to +1212***0142 on 2024-11-11 09:30 Asia/Shanghai, not delivered "
                "(undelivered), code 30003"
            ),
        ),
        (
            reminder_after(SENDING, change(R.FAILED, "refused: bad-number", FAILED)),
            "not sent, refused: bad-number, code 30003",
        ),
        (
            reminder_after(change(R.SUPPRESSED, "no mobile number", None)),
            "not sent (suppressed): none of the permit's numbers is a mobile phone",
        ),
    ],
)
def test_one_sentence_says_what_happened_to_a_reminder(
    reminder: ReminderHistory, sentence: str
) -> None:
    assert describe_outcome(reminder, replace(WELL, now=DUE), ZONE) == sentence


def test_a_due_reminder_waits_for_a_pause_to_end() -> None:
    stopped = Pause("rule:xx-permit", START, "li", "typing errors")
    found = describe_outcome(CREATED, replace(WELL, now=DUE, pauses=[stopped]), ZONE)
    assert found == (
        "due, but rule:xx-permit has been paused since 2024-09-01 08:00 Asia/Shanghai "
        "by li: typing errors"
    )


def test_entries_are_in_the_order_of_time() -> None:
    moved = replace(
        reminder_after(SENDING, SENT), redated_at=DUE - MINUTE, created_at=START
    )
    at: list[datetime] = [one.at for one in build_history(moved, ZONE)]
    assert at == sorted(at)
