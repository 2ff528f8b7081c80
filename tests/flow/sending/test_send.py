import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from service.domain.delivery.outcome import (
    Accepted,
    NotPosted,
    Outcome,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.delivery.status import MessageState
from service.domain.messages.facts import gather_facts
from service.flow.permits.register import RegisterSource
from tests.flow.fakes import DiedError
from tests.flow.ledger import (
    CLOSED,
    EXPIRES,
    FOOD,
    LAST_CALL,
    OFFICE,
    PHONE_1,
    PHONE_2,
    PREPARE,
    START,
    Ledger,
    permit,
)

SLACK = 30.0
"""Seconds that a busy machine may take between claim and record."""

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
EVENING = datetime(2024, 9, 19, 9, 30, tzinfo=UTC)
"""Half past five in Linjiang: the first instant at which its office is closed."""

NEXT_MORNING = datetime(2024, 9, 20, 1, 30, tzinfo=UTC)

AFTER_NATIONAL_DAY = datetime(2024, 10, 8, 1, 30, tzinfo=UTC)


async def test_a_due_reminder_is_posted_once_with_the_words_of_the_law(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1
    [posted] = ledger.provider.posted
    law = await ledger.office.current_law()
    rule, office = law.rule(FOOD), law.authority(OFFICE)
    version = rule.version_for(EXPIRES)
    window = law.ladder(FOOD, version, OFFICE, EXPIRES).window
    told = gather_facts(
        rule, version, window, office, "0001", "zh", today=PREPARE.date()
    )
    assert posted.body == ledger.sending.templates.render_sms("renewal-prepare", told)
    assert (posted.phone, posted.language) == (PHONE_1, "zh")
    assert ledger.reminders() == {"prepare": ("sent", None)}
    assert await ledger.audit() == []


async def test_sending_twice_sends_nothing_new(ledger: Ledger) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1
    assert await ledger.send_at(PREPARE) == 0
    assert len(ledger.provider.posted) == 1


async def test_a_holder_who_reads_english_is_written_to_in_english(
    ledger: Ledger,
) -> None:
    await ledger.register(permit(language="en"))
    await ledger.send_at(PREPARE)
    assert ledger.provider.posted[0].language == "en"
    assert ledger.provider.posted[0].body.startswith("LINJIANG-AMR: ")


async def test_two_workers_claim_each_due_reminder_once(ledger: Ledger) -> None:
    await ledger.register(*(permit(f"SC-{at}") for at in range(60)))
    await ledger.expand(PREPARE)
    claims = await asyncio.gather(*(ledger.claim(20) for _ in range(5)))
    ids = [message.id for one in claims for message in one.messages]
    assert len(ids) == len(set(ids)) == 60
    assert [one.examined for one in claims].count(20) == 3


async def test_two_workers_post_each_reminder_once(ledger: Ledger) -> None:
    await ledger.register(*(permit(f"SC-{at}") for at in range(60)))
    await ledger.expand(PREPARE)
    posted = await asyncio.gather(*(ledger.send() for _ in range(3)))
    assert sum(posted) == 60
    assert len({message.id for message in ledger.provider.posted}) == 60
    assert await ledger.audit() == []


R, K = Refused, RefusalKind
OUTCOMES: list[tuple[Outcome, str | None, tuple[str, str | None]]] = [
    (Accepted("SM7"), "accepted", ("sent", None)),
    (Accepted("SM7", MessageState.SENT), "sent", ("sent", None)),
    (Accepted("SM7", MessageState.FAILED), "failed", ("failed", "failed")),
    (Unknown("timeout"), "uncertain", ("uncertain", "timeout")),
    (NotPosted(), None, ("due", None)),
    (
        R(K.RETRY_SAFE, "20429", "HTTP 429"),
        "not-accepted",
        ("due", "retry-safe 20429: HTTP 429"),
    ),
    (
        R(K.RETRY_LATER, "30001", "HTTP 400"),
        "not-accepted",
        ("due", "retry-later 30001: HTTP 400"),
    ),
    (
        R(K.ACCOUNT, "20003", "HTTP 401"),
        "not-accepted",
        ("due", "account 20003: HTTP 401"),
    ),
    (
        R(K.BAD_NUMBER, "21211", "HTTP 400"),
        "refused",
        ("failed", "refused: bad-number"),
    ),
    (R(K.OPTED_OUT, "21610", "HTTP 400"), "refused", ("suppressed", "opted out")),
    (
        R(K.BAD_CONTENT, "21617", "HTTP 400"),
        "refused",
        ("failed", "refused: bad-content"),
    ),
    (
        R(K.ROUTE, "21408", "HTTP 400"),
        "refused",
        ("due", "route 21408: HTTP 400"),
    ),
]


@pytest.mark.parametrize(("outcome", "message", "reminder"), OUTCOMES, ids=str)
async def test_every_outcome_leads_to_its_states(
    ledger: Ledger,
    outcome: Outcome,
    message: str | None,
    reminder: tuple[str, str | None],
) -> None:
    ledger.provider.script = [outcome]
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    assert ledger.states() == [one for one in [message] if one]
    assert ledger.reminders() == {"prepare": reminder}
    assert await ledger.audit() == []


def test_every_outcome_of_the_port_is_tried() -> None:
    kinds = {one.kind for one, *_ in OUTCOMES if isinstance(one, Refused)}
    assert kinds == set(RefusalKind)
    assert {type(one) for one, *_ in OUTCOMES} == {
        *(Accepted, Refused, Unknown, NotPosted),
    }


async def test_an_accepted_message_counts_on_the_instant_it_was_accepted(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    [reminder] = ledger.rows("SELECT * FROM reminders")
    told = "2024-09-19 01:30:00.000000"
    assert reminder["sent_at"] == ledger.message()["accepted_at"] == told
    assert ledger.message()["provider_id"] == "SM1"


@pytest.mark.parametrize(
    ("kind", "column"),
    [(K.OPTED_OUT, "opted_out_at"), (K.BAD_NUMBER, "unreachable_at")],
)
async def test_a_refusal_marks_the_phone_it_is_about(
    ledger: Ledger, kind: RefusalKind, column: str
) -> None:
    ledger.provider.script = [Refused(kind, "1", "no")]
    await ledger.register(permit(), permit("SC-0002", phones=(PHONE_2,)))
    await ledger.send_at(PREPARE)
    marks = [row[column] for row in ledger.rows("SELECT * FROM recipients ORDER BY id")]
    assert [mark is not None for mark in marks].count(True) == 1


async def test_a_refused_account_stops_all_sending_until_somebody_resumes(
    ledger: Ledger,
) -> None:
    ledger.provider.script = [Refused(K.ACCOUNT, "20003", "HTTP 401")]
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1
    assert ledger.alarms() == ["breaker"]
    assert [row.scope for row in await ledger.brakes.list_pauses()] == ["all"]
    assert await ledger.send_at(PREPARE + HOUR) == 0
    await ledger.brakes.resume("all", "test", PREPARE + HOUR)
    assert await ledger.send() == 1
    assert ledger.reminders() == {"prepare": ("sent", None)}
    assert await ledger.audit() == []


async def test_a_breaker_that_is_open_already_stays_open(ledger: Ledger) -> None:
    no = Refused(K.ACCOUNT, "20003", "HTTP 401")
    ledger.provider.script = [no, no]
    await ledger.register(permit(), permit("SC-0002"))
    await ledger.send_at(PREPARE)
    assert len(await ledger.brakes.list_pauses()) == 1


async def test_a_requeued_reminder_waits_on_the_database_clock(
    ledger: Ledger,
) -> None:
    ledger.provider.script = [Refused(K.RETRY_SAFE, "20429", "HTTP 429")]
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1
    assert await ledger.send_at(PREPARE + 5 * HOUR) == 0, "simulated hours are none"
    ledger.tamper("UPDATE reminders SET retry_at = '2020-01-01 00:00:00.000000'")
    assert await ledger.send() == 1
    assert ledger.states() == ["not-accepted", "accepted"]
    assert await ledger.audit() == []


@pytest.mark.parametrize(
    ("asked_at", "until"),
    [
        (EVENING, NEXT_MORNING),
        (datetime(2024, 9, 20, 1, 29, 59, tzinfo=UTC), NEXT_MORNING),
        # Saturday of the National Day week, then a make-up Saturday.
        (
            datetime(2024, 10, 5, 3, tzinfo=UTC),
            datetime(2024, 10, 8, 1, 30, tzinfo=UTC),
        ),
    ],
)
async def test_outside_its_hours_the_office_holds_with_reason_and_instant(
    ledger: Ledger, asked_at: datetime, until: datetime
) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(asked_at) == 0
    [row] = ledger.rows("SELECT * FROM reminders")
    told = f"{until:%Y-%m-%d %H:%M:%S}.000000"
    assert (row["state"], row["hold_reason"], row["next_at"]) == (
        *("due", "outside sending hours"),
        told,
    )
    assert (await ledger.claim()).examined == 0, "it is not examined again"
    assert await ledger.send_at(until) == 1
    [row] = ledger.rows("SELECT * FROM reminders")
    assert row["hold_reason"] is None
    assert await ledger.audit() == []


@pytest.mark.parametrize(
    "sent_at", [PREPARE, EVENING - SECOND, datetime(2024, 10, 12, 3, tzinfo=UTC)]
)
async def test_inside_its_hours_and_on_a_make_up_workday_the_office_sends(
    ledger: Ledger, sent_at: datetime
) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(sent_at) == 1


async def test_held_rows_do_not_block_the_head_of_the_queue(ledger: Ledger) -> None:
    stale = RegisterSource("stale", max_age_days=1)
    await ledger.register(*(permit(f"S-{at}") for at in range(5)), source=stale)
    await ledger.register(permit("SC-9", expires_on=EXPIRES + DAY))
    await ledger.expand(datetime(2024, 9, 20, 2, tzinfo=UTC))
    for _ in range(3):
        await ledger.claim(2)
    assert (await ledger.claim(2)).examined == 0
    held = ledger.rows("SELECT * FROM reminders WHERE state = 'due'")
    assert {row["hold_reason"] for row in held} == {"register is stale"}
    assert len(held) == 5
    assert ledger.states() == ["sending"]


async def test_a_stale_register_is_looked_at_again_within_the_hour(
    ledger: Ledger,
) -> None:
    stale = RegisterSource("stale", max_age_days=1)
    await ledger.register(permit(), source=stale)
    assert await ledger.send_at(PREPARE) == 0
    ledger.clock.move_to(PREPARE + timedelta(minutes=30))
    await ledger.register(permit(), source=stale)
    assert await ledger.send_at(PREPARE + HOUR) == 1


async def test_a_reminder_held_beyond_its_step_ends_missed(ledger: Ledger) -> None:
    stale = RegisterSource("stale", max_age_days=1)
    await ledger.register(permit(), source=stale)
    await ledger.send_at(LAST_CALL)
    assert ledger.reminders()["last-call"] == ("due", None)
    assert await ledger.send_at(CLOSED) == 0
    assert ledger.reminders()["last-call"] == ("missed", "window closed")
    [row] = ledger.rows("SELECT * FROM reminders WHERE step = 'last-call'")
    assert row["hold_reason"] is None, "it is held no longer"
    assert await ledger.audit() == []


@pytest.mark.parametrize(
    ("scope", "posted"),
    [
        ("all", 0),
        (f"rule:{FOOD}", 0),
        (f"authority:{OFFICE}", 0),
        ("rule:cn-food-business-license", 1),
        ("authority:us-nyc", 1),
    ],
)
async def test_a_pause_stops_its_scope_and_resuming_goes_on(
    ledger: Ledger, scope: str, posted: int
) -> None:
    await ledger.register(permit())
    await ledger.brakes.pause(scope, "test", "why not", START)
    assert await ledger.send_at(PREPARE) == posted
    await ledger.brakes.resume(scope, "test", PREPARE)
    assert await ledger.send() == 1 - posted


async def test_what_closes_soonest_goes_first(ledger: Ledger) -> None:
    await ledger.register(permit("SC-9999", expires_on=date(2025, 1, 2)), permit())
    await ledger.expand(LAST_CALL + DAY + HOUR)
    first = (await ledger.claim(1)).messages[0]
    assert "0001" in first.body


async def test_a_deadline_that_passed_before_the_post_sends_nothing(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    assert await ledger.send(lease=1.0, post_timeout=10.0) == 0
    assert ledger.provider.posted == []
    assert ledger.reminders() == {"prepare": ("due", None)}
    assert ledger.states() == [], "it was no try"
    assert await ledger.send() == 1
    assert await ledger.audit() == []


@pytest.mark.parametrize("stranger", ["owner", "attempt", "message"])
async def test_a_record_is_fenced_by_owner_and_attempt(
    ledger: Ledger, stranger: str
) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    [message] = (await ledger.claim()).messages
    owner = ledger.rows("SELECT * FROM messages")[0]["owner"]
    changed: dict[str, Any] = {
        "owner": {},
        "attempt": {"attempt": 2},
        "message": {"id": str(uuid4())},
    }
    other = str(uuid4()) if stranger == "owner" else owner
    for outcome in (Accepted("SM1"), Unknown("late"), NotPosted()):
        said = [(replace(message, **changed[stranger]), outcome)]
        await ledger.record(other, said, ledger.clock.now())
    assert ledger.states() == ["sending"]
    assert ledger.reminders() == {"prepare": ("sending", None)}
    await ledger.record(owner, [(message, Accepted("SM1"))], PREPARE)
    assert ledger.states() == ["accepted"]


async def test_a_second_outcome_for_a_decided_message_changes_nothing(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    [message] = (await ledger.claim()).messages
    owner = ledger.rows("SELECT * FROM messages")[0]["owner"]
    for outcome in (Accepted("SM1"), Unknown("late"), NotPosted(), Accepted("SM1")):
        await ledger.record(owner, [(message, outcome)], PREPARE)
    assert ledger.states() == ["accepted"]
    assert ledger.alarms() == []
    await ledger.record(owner, [(message, Accepted("SM2"))], PREPARE)
    assert ledger.alarms() == ["second provider id"]
    assert ledger.message()["provider_id"] == "SM1"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("accepted", "accepted"),
        ("accepted", "delivered"),
        ("delivered", "accepted"),
        ("delivered", "delivered"),
    ],
)
async def test_an_id_that_is_another_message_s_loses_no_other_outcome(
    ledger: Ledger, first: str, second: str
) -> None:
    same = [Accepted("SM1", MessageState(state)) for state in (first, second)]
    ledger.provider.script = [*same, Accepted("SM3")]
    await ledger.register(permit(), permit("SC-0002"), permit("SC-0003"))
    await ledger.send_at(PREPARE)
    assert sorted(ledger.states()) == sorted([first, "accepted", "sending"])
    assert ledger.alarms() == ["id of another message"]


async def test_a_process_that_died_after_the_post_leaves_a_claimed_message(
    ledger: Ledger,
) -> None:
    ledger.provider.script = [DiedError()]
    await ledger.register(permit())
    with pytest.raises(DiedError):
        await ledger.send_at(PREPARE)
    assert ledger.states() == ["sending"]
    assert await ledger.send() == 0, "nobody else may POST it"
    assert await ledger.audit() == []


async def test_two_steps_of_one_permit_keep_three_days_apart(ledger: Ledger) -> None:
    await ledger.register(permit())
    late = LAST_CALL - HOUR * 24 * 3
    assert await ledger.send_at(late) == 1
    assert await ledger.send_at(LAST_CALL) == 1, "exactly three days are enough"
    assert await ledger.audit() == []


async def test_a_second_step_too_soon_is_held_until_three_days_are_over(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    told = datetime(2024, 11, 8, 6, tzinfo=UTC)
    assert await ledger.send_at(told) == 1
    assert await ledger.send_at(LAST_CALL) == 0
    [row] = ledger.rows("SELECT * FROM reminders WHERE step = 'last-call'")
    assert row["hold_reason"] == "texted within 3 days"
    assert await ledger.send_at(told + 3 * DAY - SECOND) == 0
    assert await ledger.send_at(told + 3 * DAY) == 1


async def test_more_than_one_claim_can_take_are_all_sent(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.flow.sending.send.MAX_CLAIMED", 7)
    await ledger.register(*(permit(f"SC-{at}") for at in range(20)))
    assert await ledger.send_at(PREPARE) == 20
    assert await ledger.audit() == []


async def test_a_refused_account_stops_the_rest_of_the_batch(ledger: Ledger) -> None:
    await ledger.register(*(permit(f"SC-{one:04}") for one in range(60)))
    ledger.provider.script = [Refused(RefusalKind.ACCOUNT, "20003", "HTTP 401")] * 60
    await ledger.send_at(PREPARE)
    assert len(ledger.provider.posted) <= 20
    assert {row["state"] for row in ledger.rows("SELECT * FROM reminders")} == {"due"}


async def test_each_trial_of_a_reminder_waits_longer_and_as_long_as_was_asked(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    refused = Refused(RefusalKind.RETRY_SAFE, "connect", "ClientConnectorError")
    ledger.provider.script = [refused, refused, replace(refused, retry_after=90.0)]
    waits = []
    await ledger.expand(PREPARE)
    for _ in range(3):
        ledger.tamper("UPDATE reminders SET retry_at = NULL")
        await ledger.send()
        (row,) = ledger.rows(
            "SELECT (julianday(r.retry_at) - julianday(max(m.posted_after))) * 86400 "
            "AS wait FROM reminders r, messages m"
        )
        waits.append(row["wait"])
    assert 1 <= waits[0] <= 2 + SLACK
    assert 2 <= waits[1] <= 4 + SLACK
    assert 90 <= waits[2] <= 90 + SLACK


async def test_a_phone_that_cannot_be_read_delays_no_other_message(
    ledger: Ledger,
) -> None:
    await ledger.register(permit(), permit("SC-0002", phones=(PHONE_2,)))
    ledger.tamper(
        "UPDATE recipients SET phone = x'01' WHERE id = (SELECT recipient_id FROM "
        "permit_recipients l JOIN permits p ON p.id = l.permit_id "
        "WHERE p.shown_number = 'SC-0001')"
    )
    assert await ledger.send_at(PREPARE) == 1
    assert ledger.reminders("SC-0001") == {"prepare": ("due", None)}
    held = ledger.rows("SELECT hold_reason FROM reminders WHERE state = 'due'")
    assert held == [{"hold_reason": "phone cannot be read"}]
    assert await ledger.send() == 0, "it waits a minute"
    assert ledger.reminders("SC-0002") == {"prepare": ("sent", None)}


async def test_an_unverified_rule_sends_no_reminders(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    ledger.tamper(
        """UPDATE versions SET document =
        replace(document, '"confidence": "read"', '"confidence": "unverified"')""",
        "UPDATE facts SET value = 'another' WHERE key = 'law'",
    )
    assert await ledger.send() == 0
    assert ledger.reminders() == {"prepare": ("suppressed", "rule unverified")}
