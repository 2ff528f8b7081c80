"""Delivered outranks a failure: ranks rise, and what arrived after all is delivered.

A message that was reported as failed and later as delivered counted as failed, and its
reminder may wait to be sent again. Its holder has the text.
"""

from service.adapters.store.db.dialects.former_rows import execute_on_sqlite

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_FAILED = "('undelivered', 'failed', 'canceled')"

_RAISE = "UPDATE messages SET rank = rank + 1 WHERE state IN ('delivered', 'read')"

_ARRIVED = f"""
    CREATE TEMPORARY TABLE arrived AS
    SELECT m.id AS message_id, c.id AS receipt_id, c.received_at AS received_at
    FROM messages m JOIN receipts c ON c.id = (
        SELECT min(d.id) FROM receipts d WHERE d.message_id = m.id
        AND d.provider_id = m.provider_id AND d.state = 'delivered')
    WHERE m.state IN {_FAILED}"""

_MOVED = """
    UPDATE receipts SET moved = true
    WHERE id IN (SELECT receipt_id FROM arrived)"""

_DELIVERED = """
    UPDATE messages SET state = 'delivered', rank = 4, reason = NULL, code = NULL,
    kind = NULL, final_at = a.received_at
    FROM arrived a WHERE a.message_id = messages.id"""

_ENDED = """
    CREATE TEMPORARY TABLE ended AS
    SELECT r.permit_id, r.expires_on, r.step, max(a.message_id) AS message_id,
    max(CASE WHEN a.received_at > r.state_at THEN a.received_at ELSE r.state_at END)
    AS at
    FROM arrived a JOIN message_reminders l ON l.message_id = a.message_id
    JOIN reminders r ON r.permit_id = l.permit_id AND r.expires_on = l.expires_on
    AND r.step = l.step
    WHERE r.state IN ('failed', 'retrying')
    GROUP BY r.permit_id, r.expires_on, r.step"""

_EVENTS = """
    INSERT INTO reminder_events (permit_id, expires_on, step, at, state, message_id)
    SELECT permit_id, expires_on, step, at, '{0}', message_id FROM ended"""

_REMINDERS = """
    UPDATE reminders SET state = 'delivered', reason = NULL, hold_reason = NULL,
    retry_at = NULL, state_at = e.at, message_id = e.message_id
    FROM ended e WHERE e.permit_id = reminders.permit_id
    AND e.expires_on = reminders.expires_on AND e.step = reminders.step"""


def upgrade() -> None:
    for statement in (
        *(_RAISE, _ARRIVED, _MOVED, _DELIVERED, _ENDED),
        *(_EVENTS.format("sent"), _EVENTS.format("delivered"), _REMINDERS),
        *("DROP TABLE ended", "DROP TABLE arrived"),
    ):
        execute_on_sqlite(statement)
