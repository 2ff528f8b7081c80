from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.domain.deadlines.slot import Slot
from service.domain.delivery.pause import Pause
from service.domain.explain.not_sent import (
    GoLiveStage,
    PermitSituation,
    explain_unsent,
    reason_in_words,
)
from service.domain.permits.permit import PermitStatus
from service.domain.permits.phone import PhoneLine
from service.domain.reminders.reasons import REASONS_IN_WORDS

ZONE = ZoneInfo("Asia/Shanghai")
DUE = datetime(2024, 11, 11, 1, 30, tzinfo=UTC)
UNTIL = datetime(2024, 11, 18, 16, tzinfo=UTC)
LATER = UNTIL + timedelta(days=1)
NOON = DUE + timedelta(days=1)
START = datetime(2024, 9, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)

SLOT = Slot("last-call", DUE, UNTIL, UNTIL, "renewal-last-call", ("second-call",))
WELL = PermitSituation(
    now=DUE - SECOND,
    authority="990000",
    expires_on=date(2024, 12, 31),
    status=PermitStatus.ACTIVE,
    replaced=False,
    renewal_filed_on=None,
    registered_at=START,
    dated_at=START,
    line=PhoneLine.MOBILE,
    opted_out=False,
    go_live=GoLiveStage("live", START),
    pauses=(),
    unexpanded_steps=frozenset({"last-call"}),
    steps_moved_at={},
    texted_steps=frozenset(),
    later_steps={"last-call": frozenset({"overdue"})},
)
AGAINST: list[tuple[dict[str, Any], str]] = [
    ({"go_live": None}, "990000 has not gone live with this law"),
    (
        {"go_live": GoLiveStage("trial", START)},
        "990000 is on trial with this law: only its staff is texted",
    ),
    (
        {"go_live": GoLiveStage("live", LATER)},
        "990000 is live with this law only from 2024-11-20 00:00 Asia/Shanghai",
    ),
    ({"status": PermitStatus.WITHDRAWN}, "the permit is withdrawn"),
    ({"status": PermitStatus.SUSPENDED}, "the permit is suspended"),
    ({"replaced": True}, "the permit has been renewed"),
    ({"renewal_filed_on": date(2024, 9, 2)}, "its renewal has been applied for"),
    ({"line": None}, "the permit has no phone number"),
    ({"line": PhoneLine.FIXED}, "none of the permit's numbers is a mobile phone"),
    ({"opted_out": True}, "the phone has opted out"),
    (
        {"texted_steps": frozenset({"prepare", "second-call"})},
        "the holder was texted in second-call, which this step replaces",
    ),
    (
        {"texted_steps": frozenset({"prepare", "overdue"})},
        "the holder was already texted in overdue",
    ),
    (
        {"pauses": [Pause("all", START, "li", "typing errors")]},
        "all has been paused since 2024-09-01 08:00 Asia/Shanghai by li: typing errors",
    ),
]


def explanation(**changed: Any) -> str:  # noqa: ANN401 - a situation's fields
    return explain_unsent(SLOT, replace(WELL, **changed), ZONE)


def test_a_step_in_the_future_says_when_it_falls_due() -> None:
    assert explanation() == "not due before 2024-11-11 09:30 Asia/Shanghai"


@pytest.mark.parametrize(("changed", "reason"), AGAINST)
def test_an_obstacle_is_explained_before_the_step_falls_due(
    changed: dict[str, Any], reason: str
) -> None:
    assert explanation(**changed) == (
        "not due before 2024-11-11 09:30 Asia/Shanghai; as things stand it will not "
        f"be sent: {reason}"
    )


@pytest.mark.parametrize(("changed", "reason"), AGAINST)
def test_the_same_obstacle_explains_why_nothing_was_sent(
    changed: dict[str, Any], reason: str
) -> None:
    assert explanation(now=NOON, **changed) == f"not sent: {reason}"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (
            {"registered_at": LATER, "dated_at": LATER},
            (
                "the permit was registered on 2024-11-20 00:00 Asia/Shanghai, when "
                "this step was over"
            ),
        ),
        (
            {"dated_at": LATER},
            (
                "the permit was given this expiry date on 2024-11-20 00:00 "
                "Asia/Shanghai, when this step was over"
            ),
        ),
        (
            {"go_live": GoLiveStage("live", NOON)},
            "990000 is live with this law only from 2024-11-12 09:30 Asia/Shanghai",
        ),
        (
            {"steps_moved_at": {"last-call": LATER}},
            (
                "the law was changed on 2024-11-20 00:00 Asia/Shanghai, when this "
                "step was over"
            ),
        ),
        ({}, "its time was over before it could be sent"),
        (
            {"unexpanded_steps": frozenset()},
            "it has no reminder, and the ledger does not say why; run `audit`",
        ),
    ],
)
def test_a_step_that_is_over_says_what_came_too_late_for_it(
    changed: dict[str, Any], reason: str
) -> None:
    assert explanation(now=LATER, **changed) == f"not sent: {reason}"


def test_a_law_changed_while_a_step_was_current_is_no_reason() -> None:
    found = explanation(now=NOON, steps_moved_at={"last-call": NOON})
    assert found == "due: the next tick makes its reminder"


def test_a_pause_matters_only_while_the_step_is_current() -> None:
    stopped = [Pause("all", START, "li", "typing errors")]
    found = explanation(now=LATER, pauses=stopped)
    assert found == "not sent: its time was over before it could be sent"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("by last-call", "last-call fell due before it was sent"),
        ("before start", REASONS_IN_WORDS["before start"]),
        ("something new", "something new"),
        (None, "no reason is stored"),
    ],
)
def test_every_reason_has_words(reason: str | None, words: str) -> None:
    assert reason_in_words(reason) == words
