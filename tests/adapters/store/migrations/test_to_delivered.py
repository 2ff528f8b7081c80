"""Tables of migration 0007 upgraded: what was delivered after all is delivered."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.adapters.store.migrations.old_tables import upgrade_with_rows

ROWS = """
INSERT INTO authorities VALUES ('here', '{}');
INSERT INTO rules (code, document) VALUES ('law', '{}');
INSERT INTO versions (id, rule, series, state, document, sha256, applied_at,
    applied_by, batch) VALUES ('law@2020.1', 'law', 'law@2020', 'active', '{}', 'x',
    '2024-01-01', 'me', 1);
INSERT INTO registers VALUES ('r', NULL, '2024-01-01');
INSERT INTO recipients (id, digest, phone, masked, line) VALUES
    ('p1', x'01', x'02', '+1212***0101', 'mobile');
INSERT INTO permits (id, authority, rule, number_key, shown_number, tail, holder,
    expires_on, status, replaced, series, register, registered_at, changed_at,
    dated_at)
    SELECT id, 'here', 'law', id, id, id, 'H', '2024-12-31', 'active', 0, 'law@2020',
    'r', '2024-01-01', '2024-01-01', '2024-01-01'
    FROM (SELECT 'a' AS id UNION SELECT 'b' UNION SELECT 'c' UNION SELECT 'd');
INSERT INTO reminders (permit_id, expires_on, step, rule, authority, version_id,
    template, due_at, until_at, closes_at, born_at, state, reason, state_at, next_at,
    retry_at, returned, retries, message_id, sent_at)
    SELECT column1, '2024-12-31', 'prepare', 'law', 'here', 'law@2020.1', 'x', 'May 1',
    'May 9', 'May 9', 'May 1', column2, 'why', column3, 'May 1', 'May 1', 0, 1,
    column4, 'May 1'
    FROM (VALUES ('a', 'retrying', 'May 2', 'm1'), ('b', 'failed', 'May 4', 'm2'),
    ('c', 'delivered', 'May 2', 'm4'), ('d', 'failed', 'May 2', 'm5'));
INSERT INTO messages (id, authority, office, rule, recipient_id, template,
    template_version, language, body, segments, seal, provider, provider_id, state,
    rank, code, kind, claimed_at, owner, attempt, posted_after, lease_until,
    accepted_at, final_at)
    SELECT column1, 'here', 'here', 'law', 'p1', 'x', 0, 'en', 'x', 1, 'x', 'twilio',
    'S' || column1, column2, column3, '30003', 'retry-later', 'May 1', 'x', 1, 'May 1',
    'May 1', 'May 1', 'May 2'
    FROM (VALUES ('m1', 'undelivered', 3), ('m2', 'failed', 3), ('m3', 'read', 4),
    ('m4', 'delivered', 3), ('m5', 'undelivered', 3), ('m6', 'accepted', 1));
INSERT INTO message_reminders (message_id, position, permit_id, expires_on, step)
    SELECT column1, 0, column2, '2024-12-31', 'prepare'
    FROM (VALUES ('m1', 'a'), ('m2', 'b'), ('m3', 'c'), ('m4', 'c'), ('m5', 'd'));
INSERT INTO receipts (provider, provider_id, message_id, state, raw, received_at,
    moved)
    SELECT 'twilio', column1, column2, column3, '{}', column4, 0
    FROM (VALUES ('Sm1', 'm1', 'delivered', 'May 3'),
    ('Sm1', 'm1', 'delivered', 'May 5'), ('Sm2', 'm2', 'delivered', 'May 3'),
    ('another', 'm5', 'delivered', 'May 3'));
"""


async def test_what_was_reported_as_delivered_after_a_failure_is_delivered(
    tmp_path: Path,
) -> None:
    former = tmp_path / "former.db"
    await upgrade_with_rows(former, "0007", ROWS)
    with closing(sqlite3.connect(former)) as raw:
        messages = raw.execute(
            "SELECT id, state, rank, kind, final_at FROM messages"
        ).fetchall()
        reminders = raw.execute(
            "SELECT permit_id, state, reason, state_at, retry_at FROM reminders"
        ).fetchall()
        events = raw.execute(
            "SELECT permit_id, state, at, message_id FROM reminder_events ORDER BY id"
        ).fetchall()
        moved = raw.execute("SELECT id FROM receipts WHERE moved").fetchall()
    assert sorted(messages) == [
        ("m1", "delivered", 4, None, "May 3"),
        ("m2", "delivered", 4, None, "May 3"),
        ("m3", "read", 5, "retry-later", "May 2"),
        ("m4", "delivered", 4, "retry-later", "May 2"),
        ("m5", "undelivered", 3, "retry-later", "May 2"),
        ("m6", "accepted", 1, "retry-later", "May 2"),
    ]
    assert sorted(reminders) == [
        ("a", "delivered", None, "May 3", None),
        ("b", "delivered", None, "May 4", None),
        ("c", "delivered", "why", "May 2", "May 1"),
        ("d", "failed", "why", "May 2", "May 1"),
    ]
    assert sorted(events[:2]) == [
        ("a", "sent", "May 3", "m1"),
        ("b", "sent", "May 4", "m2"),
    ]
    assert sorted(events[2:]) == [
        ("a", "delivered", "May 3", "m1"),
        ("b", "delivered", "May 4", "m2"),
    ]
    assert moved == [(1,), (3,)]
