import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.adapters.calendars.holidays import calendars
from service.adapters.store.law.law_store import SqlLawStore
from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.delivery.outcome import Accepted, RefusalKind, Refused, Unknown
from service.domain.delivery.status import MessageState
from tests.databases import copy_database, drop_database
from tests.flow.ledger import (
    EXPIRES,
    FOOD,
    LANDLINE,
    LAST_CALL,
    PREPARE,
    START,
    Ledger,
    open_ledger,
    permit,
    phone_for,
    word,
)

M, K = MessageState, RefusalKind
NEXT_DAY = EXPIRES + timedelta(days=1)
"""Another expiry date with permits."""


async def live_through(ledger: Ledger) -> None:
    """Let every kind of end happen once; SC-0001 is delivered.

    Permits are sent in the order of their registration, which is that of the script.
    """
    await ledger.go_live(FOOD, live_from=START)
    await ledger.register(*(permit(f"SC-000{at}") for at in range(1, 9)))
    await ledger.register(
        permit("SC-0011", phones=()),
        permit("SC-0012", phones=(LANDLINE,)),
        permit("SC-0013", renewal_filed_on=EXPIRES - timedelta(days=200)),
        permit("SC-0014"),
        permit("SC-0015"),
        permit("SC-0016", expires_on=NEXT_DAY),
    )
    await ledger.expand(PREPARE)
    await ledger.withdraw(permit("SC-0014"))
    await ledger.hear("STOP", phone_for("SC-0015"))
    ledger.provider.script = [
        *(Accepted(f"SM{at}") for at in (1, 2, 3)),
        Accepted("SM4", M.SENT),
        Unknown("timeout"),
        Refused(K.BAD_CONTENT, "21617", "HTTP 400"),
        Refused(K.RETRY_SAFE, "20429", "HTTP 429"),
        Accepted("SM8"),
    ]
    assert await ledger.send() == 8
    ledger.clock.move_to(PREPARE + timedelta(hours=1))
    await ledger.receive(
        word(M.SENT, "SM1"), word(M.DELIVERED, "SM1"), word(M.UNDELIVERED, "SM2")
    )
    await ledger.receive(word(None, "SM3"), word(M.DELIVERED, "SM99"))
    await ledger.expand(LAST_CALL)
    await ledger.register(permit("SC-0017"))
    await ledger.database.dispose()


@pytest.fixture(scope="session")
def lived(
    tmp_path_factory: pytest.TempPathFactory,
    prepared: Path,
    words: JinjaTemplateLibrary,
) -> Path:
    """A database in which every kind of end has happened, made once."""
    file = tmp_path_factory.mktemp("lived") / "ledger.db"
    copy_database(prepared, file)
    asyncio.run(live_through(open_ledger(file, words)))
    assert {one.name for one in file.parent.iterdir()} <= {file.name}
    return file


@pytest.fixture
async def week(
    tmp_path: Path, lived: Path, words: JinjaTemplateLibrary
) -> AsyncIterator[Ledger]:
    """A copy of that database, to tamper with."""
    file = tmp_path / "ledger.db"
    copy_database(lived, file)
    ledger = open_ledger(file, words, LAST_CALL)
    ledger.provider.next_id = 20
    yield ledger
    await ledger.database.dispose()
    drop_database(file)


async def test_the_audit_of_a_week_in_which_everything_happened_finds_nothing(
    week: Ledger,
) -> None:
    assert await week.audit() == []
    states = {row["state"] for row in week.rows("SELECT state FROM reminders")}
    assert states == {
        *("due", "uncertain", "sent", "delivered", "failed"),
        *("cancelled", "suppressed", "superseded"),
    }
    assert await week.send() > 0
    assert await week.audit() == []


ONE = (
    "permit_id = (SELECT id FROM permits WHERE shown_number = 'SC-0001') "
    "AND step = 'prepare'"
)
MINE = "id = (SELECT id FROM messages WHERE provider_id = 'SM1')"

TAMPERINGS = {
    "reminder: state": "UPDATE reminders SET state = 'failed' WHERE :one",
    "reminder: back to due": "UPDATE reminders SET state = 'due' WHERE :one",
    "reminder: reason": "UPDATE reminders SET reason = 'lost' WHERE :one",
    "reminder: since": "UPDATE reminders SET state_at = '2024-09-12' WHERE :one",
    "reminder: sent on another day": """
        UPDATE reminders SET sent_at = '2024-09-12 01:30:00.000000' WHERE :one""",
    "reminder: not counted": "UPDATE reminders SET sent_at = NULL WHERE :one",
    "reminder: due": """
        UPDATE reminders SET due_at = '2024-09-12 01:30:00.000000' WHERE :one""",
    "reminder: until": """
        UPDATE reminders SET until_at = '2024-12-12 01:30:00.000000' WHERE :one""",
    "reminder: closing": """
        UPDATE reminders SET closes_at = '2024-12-12 01:30:00.000000'
        WHERE state = 'due'""",
    "reminder: type": "UPDATE reminders SET rule = 'cn-x' WHERE :one",
    "reminder: office": "UPDATE reminders SET authority = 'us-nyc' WHERE :one",
    "reminder: template": "UPDATE reminders SET template = 'x' WHERE :one",
    "reminder: no message": "UPDATE reminders SET message_id = NULL WHERE :one",
    "reminder: another's message": """
        UPDATE reminders SET message_id =
        (SELECT id FROM messages WHERE provider_id = 'SM3') WHERE :one""",
    "reminder: deleted": "DELETE FROM reminders WHERE :one",
    "reminder: deleted while due": """
        DELETE FROM reminders WHERE step = 'last-call' AND permit_id =
        (SELECT id FROM permits WHERE shown_number = 'SC-0001')""",
    "reminder: made up": """
        INSERT INTO reminders (permit_id, expires_on, step, rule, authority,
        version_id, template, due_at, until_at, closes_at, born_at, state, state_at,
        next_at, returned, retries) SELECT permit_id, expires_on, 'third', rule,
        authority, version_id, template, due_at, until_at, closes_at, born_at, 'due',
        born_at, next_at, 0, 0 FROM reminders WHERE :one""",
    "message: text": "UPDATE messages SET body = body || '!' WHERE :mine",
    "message: recipient": """
        UPDATE messages SET recipient_id = (SELECT id FROM recipients
        WHERE id <> messages.recipient_id) WHERE :mine""",
    "message: provider's id": "UPDATE messages SET provider_id = 'X' WHERE :mine",
    "message: state": "UPDATE messages SET state = 'failed' WHERE :mine",
    "message: rank": "UPDATE messages SET rank = 2 WHERE :mine",
    "message: state and rank": """
        UPDATE messages SET state = 'sent', rank = 2 WHERE :mine""",
    "message: type": "UPDATE messages SET rule = 'cn-x' WHERE :mine",
    "message: office": "UPDATE messages SET authority = 'us-nyc' WHERE :mine",
    "message: segments": "UPDATE messages SET segments = 9 WHERE :mine",
    "message: accepted on another day": """
        UPDATE messages SET accepted_at = '2024-09-12 01:30:00.000000'
        WHERE :mine""",
    "message: final on another day": """
        UPDATE messages SET final_at = '2024-09-12 01:30:00.000000' WHERE :mine""",
    "message: never final": "UPDATE messages SET final_at = NULL WHERE :mine",
    "message: deleted": "DELETE FROM messages WHERE :mine",
    "message: failed one deleted": "DELETE FROM messages WHERE state = 'refused'",
    "message: refused one given up": """
        UPDATE messages SET state = 'not-accepted' WHERE state = 'refused'""",
    "link: deleted": """
        DELETE FROM message_reminders WHERE message_:mine""",
    "move: first deleted": """
        DELETE FROM reminder_events WHERE :one AND state = 'sending'""",
    "move: middle deleted": """
        DELETE FROM reminder_events WHERE :one AND state = 'sent'""",
    "move: last deleted": """
        DELETE FROM reminder_events WHERE :one AND state = 'delivered'""",
    "move: all deleted": "DELETE FROM reminder_events WHERE :one",
    "move: made up": """
        INSERT INTO reminder_events (permit_id, expires_on, step, at, state)
        SELECT permit_id, expires_on, step, state_at, 'due' FROM reminders
        WHERE :one""",
    "move: at another time": """
        UPDATE reminder_events SET at = '2024-09-12 01:30:00.000000' WHERE :one
        AND state = 'sent'""",
    "receipt: deleted": "DELETE FROM receipts WHERE state = 'delivered'",
    "receipt: of an answer deleted": """
        DELETE FROM receipts WHERE provider_id = 'SM4'""",
    "receipt: moved to another id": """
        UPDATE receipts SET provider_id = 'X' WHERE state = 'undelivered'""",
    "receipt: made up": """
        INSERT INTO receipts (provider, provider_id, message_id, state, raw,
        received_at, moved) SELECT 'fake', 'SM3', id, 'delivered', '{}', claimed_at, 1
        FROM messages WHERE provider_id = 'SM3'""",
    "slot: moved": "UPDATE slots SET due_at = '2024-09-12 01:30:00.000000'",
    "slot: longer": "UPDATE slots SET until_at = '2025-09-12 01:30:00.000000'",
    "slot: closing": "UPDATE slots SET closes_at = '2025-09-12 01:30:00.000000'",
    "slot: template": "UPDATE slots SET template = 'renewal-open'",
    "slot: deleted": "DELETE FROM slots WHERE expires_on = '2024-12-31'",
    "slot: expanded before it was due": """
        UPDATE slots SET expanded_at = '2024-09-12 01:30:00.000000'
        WHERE expanded_at IS NULL""",
    "version: text": """
        UPDATE versions SET document = replace(document, '60 days', '61 days')
        WHERE rule = 'cn-food-production-license'""",
    "version: no text any more": """
        UPDATE versions SET document = '{}'
        WHERE rule = 'cn-food-production-license'""",
    "permit: another expiry date": """
        UPDATE permits SET expires_on = '2024-12-25'
        WHERE shown_number = 'SC-0001'""",
    "permit: a known expiry date": """
        UPDATE permits SET expires_on = '2025-01-01' WHERE shown_number = 'SC-0017'""",
    "permit: another version": """
        UPDATE permits SET series = 'x' WHERE shown_number = 'SC-0001'""",
    "permit: deleted": "DELETE FROM permits WHERE shown_number = 'SC-0001'",
    "permit: another type": """
        UPDATE permits SET rule = 'cn-food-business-license'
        WHERE shown_number = 'SC-0001'""",
}


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=list(TAMPERINGS))
async def test_every_tampering_by_hand_is_found(week: Ledger, tampering: str) -> None:
    whole = tampering.replace(":one", ONE).replace(":mine", MINE)
    assert week.tamper(whole) > 0
    assert await week.audit()


async def test_changed_office_hours_are_found_by_a_process_that_reads_them_afresh(
    week: Ledger, words: JinjaTemplateLibrary
) -> None:
    hours = "UPDATE authorities SET document = replace(document, '09:30', '10:30')"
    assert week.tamper(hours) > 0
    afresh = SqlLawStore(week.database, calendars(), words.step_templates())
    assert await replace(week, office=afresh).audit()


async def test_an_exchanged_phone_is_found(ledger: Ledger) -> None:
    await ledger.register(permit(), permit("SC-0002"))
    assert await ledger.audit() == []
    ledger.tamper("UPDATE recipients SET phone = (SELECT max(phone) FROM recipients)")
    assert "its phone was changed" in " ".join(await ledger.audit())


@pytest.mark.parametrize("at", ["'2025-03-01 00:00:00.000000'", "final_at"])
async def test_a_retry_with_another_time_of_acceptance_is_found(
    ledger: Ledger, at: str
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    await ledger.receive(
        word(M.UNDELIVERED, "SM1", kind=K.RETRY_LATER, code="30003"),
    )
    await ledger.send_at(PREPARE + timedelta(hours=1))
    ledger.clock.move_to(PREPARE + timedelta(hours=2))
    await ledger.receive(word(M.DELIVERED, "SM2"))
    assert await ledger.audit() == []
    its = "UPDATE messages SET accepted_at = :at WHERE provider_id = 'SM2'"
    assert ledger.tamper(its.replace(":at", at)) == 1
    [difference] = await ledger.audit()
    assert difference.startswith("message accepted at another time")


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("renewed_on = NULL, filed_on = NULL", "neither filed nor renewed"),
        ("renewed_on = NULL", "a new term, but no day on which it was renewed"),
        ("renewed_until = '2024-12-31'", "renewed until 2024-12-31, which is no later"),
        ("step = 'last-call'", "reminder last-call was not POSTed at 2024-09-19"),
        ("days = 9", "9 days after a reminder of 2024-09-19"),
        ("step = NULL", "a day of a reminder, but no reminder"),
        ("expires_on = '2029-12-31'", "filed on 2024-09-22, but its permit says None"),
        ("expires_on = '2029-12-31'", "renewed, but its permit still ends on that day"),
    ],
)
async def test_a_renewal_that_contradicts_its_permit_or_reminder_is_found(
    ledger: Ledger, tampering: str, said: str
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    ledger.clock.move_to(PREPARE + timedelta(days=5))
    await ledger.register(permit(renewal_filed_on=date(2024, 9, 22)))
    assert await ledger.audit() == []
    await ledger.register(permit(expires_on=date(2029, 12, 31)))
    assert await ledger.audit() == []
    assert ledger.tamper("UPDATE renewals SET :x".replace(":x", tampering)) == 1
    differences = await ledger.audit()
    place = f"renewal of {FOOD} SC-0001 20"
    assert [one for one in differences if one.startswith(place) and said in one]


@pytest.mark.parametrize(
    ("wrong", "corrected"),
    [
        ({"expires_on": date(2029, 12, 31)}, {}),
        ({"expires_on": date(2029, 12, 31)}, {"renewal_filed_on": date(2024, 9, 24)}),
        ({"expires_on": None}, {}),
        (
            {"expires_on": date(2029, 12, 31), "renewal_filed_on": date(2024, 9, 23)},
            {"renewal_filed_on": date(2024, 9, 23)},
        ),
        ({}, {"renewal_filed_on": date(2024, 9, 24), "expires_on": date(2024, 12, 30)}),
    ],
)
async def test_a_renewal_that_was_a_mistake_of_the_register_is_no_contradiction(
    ledger: Ledger, wrong: dict[str, Any], corrected: dict[str, Any]
) -> None:
    await ledger.register(permit())
    ledger.clock.move_to(PREPARE + timedelta(days=5))
    await ledger.register(permit(renewal_filed_on=date(2024, 9, 22)))
    await ledger.register(permit(**wrong))
    await ledger.register(permit(**corrected))
    assert await ledger.audit() == []
