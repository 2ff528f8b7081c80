"""Queries that find rows which contradict each other: each must find nothing.

A query selects one column, which names the offending row. Its key in the mapping is
the difference that the audit prints. A clock may have been set back: what came first is
told by the order of events, not by instants, and where only instants are left, by the
action that notes when a clock was set back.
"""

from collections.abc import Iterable, Mapping

from service.adapters.store.audit.later_steps import (
    LATER_STEPS,
    TEXTED_AFTER_LATER_STEP,
)
from service.adapters.store.slots.clock_set_back import CLOCK_SET_BACK
from service.domain.delivery.retry import RETRY_DELAYS
from service.domain.delivery.status import (
    ACCEPTED_BUT_FAILED,
    FINAL_RANK,
    RANK,
    REMINDER_AFTER,
    MessageState,
    ReminderState,
)
from service.domain.messages.test_text import TEST_RULE


def _allowed_after(after: ReminderState) -> list[ReminderState]:
    """The states that a message's outcome leaves its reminder in, or after a retry."""
    retrying = [ReminderState.RETRYING] if after is ReminderState.FAILED else []
    return [after, *retrying]


def _quoted(states: Iterable[str]) -> str:
    return ", ".join(f"'{state}'" for state in states)


_ACCEPTED = _quoted(REMINDER_AFTER)

_IN_VAIN = _quoted(ACCEPTED_BUT_FAILED)

_STATES_DISAGREE = " OR ".join(
    f"(m.state = '{message}' AND r.state NOT IN ({_quoted(_allowed_after(reminder))}))"
    for message, reminder in REMINDER_AFTER.items()
)

_IS_BEHIND_RECEIPT = " OR ".join(
    f"(c.state = '{state}' AND m.rank < {rank})" for state, rank in RANK.items()
)

_HAS_WRONG_RANK = " OR ".join(
    f"(state = '{state}' AND rank <> {rank})" for state, rank in RANK.items()
)

_LINK_OF_REMINDER = (
    "l.permit_id = r.permit_id AND l.expires_on = r.expires_on AND l.step = r.step"
)

_BORN_BEFORE_SETBACK = f"""EXISTS (
    SELECT 1 FROM actions a WHERE a.what = '{CLOCK_SET_BACK}'
    AND r.born_at >= instant[json_extract(a.detail, '$.to')]
    AND r.born_at <= instant[json_extract(a.detail, '$.doubtful_until')]
    AND coalesce((SELECT min(l.id) FROM reminder_events l WHERE {_LINK_OF_REMINDER}), 0)
    <= CAST(json_extract(a.detail, '$.last_event') AS INTEGER))"""
"""Whether the reminder was created by a clock that was set back later.

What happened to others after that has earlier instants. A reminder whose first event
came after the clock was set back was due until then, and followed every change.
"""

INVARIANT_QUERIES: Mapping[str, str] = {
    "reminder sent without an accepted message": f"""
        SELECT r.permit_id FROM reminders r LEFT JOIN messages m ON m.id = r.message_id
        WHERE r.state IN ('sent', 'delivered')
        AND (m.id IS NULL OR m.state NOT IN ({_ACCEPTED}))""",
    "reminder and message disagree": f"""
        SELECT r.permit_id FROM reminders r JOIN messages m ON m.id = r.message_id
        WHERE {_STATES_DISAGREE}
        OR (m.state IN ('sending', 'uncertain') AND r.state <> m.state)
        OR (m.state = 'given-up' AND r.state <> 'failed')
        OR (m.state = 'not-accepted' AND r.state = 'failed' AND r.sent_at IS NULL)""",
    "reminder to be sent again that no provider accepted": """
        SELECT r.permit_id FROM reminders r WHERE r.sent_at IS NULL
        AND (r.state = 'retrying' OR r.retries > 0)""",
    "message counted as another type's than its reminder": f"""
        SELECT m.id FROM messages m
        JOIN message_reminders l ON l.message_id = m.id AND l.position = 0
        JOIN reminders r ON {_LINK_OF_REMINDER}
        WHERE m.rule <> r.rule OR m.authority <> r.authority
        OR (m.template NOT IN (r.template, 'digest')
        AND (r.redated_at IS NULL OR r.redated_at < m.claimed_at))""",
    "reminder of a permit that is gone": """
        SELECT r.permit_id FROM reminders r LEFT JOIN permits p ON p.id = r.permit_id
        WHERE p.id IS NULL""",
    "reminder of another type than its permit": """
        SELECT p.id FROM reminders r JOIN permits p ON p.id = r.permit_id
        WHERE r.rule <> p.rule OR r.authority <> p.authority""",
    "reminder due for a date its permit does not have": """
        SELECT p.id FROM reminders r JOIN permits p ON p.id = r.permit_id
        WHERE r.state = 'due' AND r.message_id IS NULL
        AND (p.expires_on IS NULL OR r.expires_on <> p.expires_on)""",
    "reminder under way without its message": """
        SELECT r.permit_id FROM reminders r LEFT JOIN messages m ON m.id = r.message_id
        WHERE r.state IN ('sending', 'uncertain') AND (m.id IS NULL
        OR m.state NOT IN ('sending', 'uncertain'))""",
    "reminder counted on another day than its first message": f"""
        SELECT r.permit_id FROM reminders r LEFT JOIN messages m ON m.id = (
            SELECT l.message_id FROM reminder_events l WHERE l.state = 'sent'
            AND {_LINK_OF_REMINDER} ORDER BY l.id LIMIT 1)
        WHERE r.sent_at <> m.accepted_at
        OR (r.sent_at IS NOT NULL) <> EXISTS (
            SELECT 1 FROM message_reminders l JOIN messages m ON m.id = l.message_id
            WHERE {_LINK_OF_REMINDER} AND m.accepted_at IS NOT NULL)""",
    "reminder counted on another day than a message of it was POSTed": f"""
        SELECT r.permit_id FROM reminders r
        WHERE (r.posted_at IS NULL) <> (r.sent_at IS NULL)
        OR (r.posted_at IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM message_reminders l JOIN messages m ON m.id = l.message_id
            WHERE {_LINK_OF_REMINDER} AND m.posted_at = r.posted_at))""",
    "reminder counted on another day than it was sent": f"""
        SELECT r.permit_id FROM reminders r WHERE r.sent_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM reminder_events l
        WHERE l.state = 'sent' AND l.at = r.sent_at AND {_LINK_OF_REMINDER})""",
    "reminder in its state since another time than its last event": f"""
        SELECT r.permit_id FROM reminders r WHERE r.state_at <> coalesce((
        SELECT l.at FROM reminder_events l WHERE {_LINK_OF_REMINDER}
        ORDER BY l.id DESC LIMIT 1), r.born_at)""",
    "reminder texted twice": f"""
        SELECT l.permit_id FROM message_reminders l JOIN messages m
        ON m.id = l.message_id AND m.state IN ({_ACCEPTED})
        GROUP BY l.permit_id, l.expires_on, l.step
        HAVING sum(CASE WHEN m.state IN ({_IN_VAIN}) THEN 0 ELSE 1 END) > 1
        OR count(*) > {1 + len(RETRY_DELAYS)}""",
    "reminder texted after a later step": TEXTED_AFTER_LATER_STEP,
    "reminder linked to no message of its own": f"""
        SELECT r.permit_id FROM reminders r WHERE r.message_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM message_reminders l
        WHERE l.message_id = r.message_id AND {_LINK_OF_REMINDER})""",
    "message without a reminder": f"""
        SELECT m.id FROM messages m WHERE m.rule <> '{TEST_RULE}' AND NOT EXISTS (
        SELECT 1 FROM message_reminders l JOIN reminders r ON {_LINK_OF_REMINDER}
        WHERE l.message_id = m.id)""",
    "test with a reminder": f"""
        SELECT m.id FROM messages m JOIN message_reminders l ON l.message_id = m.id
        WHERE m.rule = '{TEST_RULE}'""",
    "link to a message that is gone": """
        SELECT l.message_id FROM message_reminders l
        LEFT JOIN messages m ON m.id = l.message_id WHERE m.id IS NULL""",
    "message without a sending event of its reminder": """
        SELECT l.message_id FROM message_reminders l WHERE NOT EXISTS (
        SELECT 1 FROM reminder_events e WHERE e.permit_id = l.permit_id
        AND e.expires_on = l.expires_on AND e.step = l.step
        AND e.state = 'sending' AND e.message_id = l.message_id)""",
    "message accepted without a time or an id": f"""
        SELECT id FROM messages WHERE state IN ({_ACCEPTED})
        AND (accepted_at IS NULL OR provider_id IS NULL)""",
    "message accepted at another time than its reminder was sent": f"""
        SELECT m.id FROM messages m LEFT JOIN (
            SELECT l.message_id,
            max(CASE WHEN e.at = m.accepted_at THEN 1 ELSE 0 END) AS same
            FROM message_reminders l JOIN messages m ON m.id = l.message_id
            JOIN reminder_events e ON e.permit_id = l.permit_id
            AND e.expires_on = l.expires_on AND e.step = l.step
            AND e.message_id = l.message_id AND e.state = 'sent'
            GROUP BY l.message_id) AS l ON l.message_id = m.id
        WHERE m.accepted_at IS NOT NULL AND m.rule <> '{TEST_RULE}'
        AND coalesce(l.same, CASE WHEN EXISTS (
            SELECT 1 FROM receipts c WHERE c.message_id = m.id
            AND c.moved AND c.received_at = m.accepted_at) THEN 1 END, 0) = 0""",
    "message counted on a day on which it was not POSTed": """
        SELECT id FROM messages WHERE (posted_at IS NULL) <> (accepted_at IS NULL)
        OR posted_at > accepted_at
        OR (posted_at < claimed_at AND posted_at <> accepted_at)""",
    "message with the wrong rank": f"SELECT id FROM messages WHERE {_HAS_WRONG_RANK}",
    "message state that no receipt reported": f"""
        SELECT m.id FROM messages m WHERE m.rank > {RANK[MessageState.ACCEPTED]}
        AND NOT EXISTS (SELECT 1 FROM receipts c WHERE c.message_id = m.id
        AND c.state = m.state AND c.provider_id = m.provider_id)""",
    "message final at another time than its receipt": f"""
        SELECT m.id FROM messages m WHERE m.rank >= {FINAL_RANK}
        AND NOT EXISTS (SELECT 1 FROM receipts c WHERE c.message_id = m.id
        AND c.moved AND c.received_at = m.final_at)""",
    "receipt that its message did not follow": f"""
        SELECT c.id FROM receipts c JOIN messages m ON m.id = c.message_id
        AND m.provider = c.provider AND m.provider_id = c.provider_id
        WHERE {_IS_BEHIND_RECEIPT}""",
    "receipt for another id than its message has": """
        SELECT c.id FROM receipts c JOIN messages m ON m.id = c.message_id
        WHERE (c.moved AND m.provider_id IS NULL) OR c.provider_id <> m.provider_id""",
    "reminder with other dates than its slot": f"""
        SELECT r.permit_id FROM reminders r
        JOIN permits p ON p.id = r.permit_id AND p.expires_on = r.expires_on
        LEFT JOIN slots s ON s.series = p.series AND s.authority = p.authority
        AND s.expires_on = r.expires_on AND s.step = r.step
        WHERE r.step NOT LIKE 'correction-%' AND r.step <> 'contact-now'
        AND ((s.step IS NULL AND r.state = 'due')
        OR ((r.state = 'due' OR (p.dated_at <= r.born_at
        AND (s.redated_at IS NULL OR s.redated_at < r.born_at)
        AND NOT {_BORN_BEFORE_SETBACK}))
        AND (s.due_at <> r.due_at OR s.until_at <> r.until_at
        OR s.template <> r.template OR (r.state = 'due'
        AND (s.version_id <> r.version_id OR s.closes_at <> r.closes_at)))))""",
    "permit without a reminder of its expanded slot": """
        SELECT p.id FROM slots s JOIN permits p
        ON p.series = s.series AND p.authority = s.authority
        AND p.expires_on = s.expires_on
        WHERE s.expanded_at IS NOT NULL AND p.changed_at < s.due_at
        AND p.dated_at <= s.due_at
        AND (s.redated_at IS NULL OR s.until_at > s.redated_at)
        AND p.status = 'active' AND NOT p.replaced
        AND NOT EXISTS (SELECT 1 FROM reminders r WHERE r.permit_id = p.id
        AND r.expires_on = s.expires_on AND (r.step = s.step
        OR r.state NOT IN ('due', 'cancelled', 'suppressed', 'superseded', 'missed')
        AND ',' || coalesce(s.replaces, '') || ',' LIKE '%,' || r.step || ',%'))
        AND NOT EXISTS (SELECT 1 FROM later_steps o
        JOIN reminder_events f ON f.permit_id = p.id AND f.expires_on = s.expires_on
        AND f.step = o.later AND f.state = 'sending' AND f.at <= s.expanded_at
        WHERE o.version_id = s.version_id AND o.step = s.step)""",
    "permit of a series that no version has": """
        SELECT p.id FROM permits p WHERE NOT EXISTS (SELECT 1 FROM versions v
        WHERE v.series = p.series AND v.state = 'active')""",
    "reminder event of a message that is gone": """
        SELECT e.message_id FROM reminder_events e
        LEFT JOIN messages m ON m.id = e.message_id
        WHERE e.message_id IS NOT NULL AND m.id IS NULL""",
    "reminder event of a reminder that is gone": """
        SELECT e.permit_id FROM reminder_events e LEFT JOIN reminders r
        ON r.permit_id = e.permit_id AND r.expires_on = e.expires_on
        AND r.step = e.step WHERE r.permit_id IS NULL""",
}

ALL_INVARIANTS = (
    f"WITH {LATER_STEPS}, "
    + ", ".join(
        f"found_{number} (named) AS ({query})"
        for number, query in enumerate(INVARIANT_QUERIES.values())
    )
    + " UNION ALL ".join(
        f" SELECT {number} AS number, CAST(named AS TEXT) AS named FROM found_{number}"
        for number in range(len(INVARIANT_QUERIES))
    )
)
"""All these queries as one: the number of the query, and the row that it names.

The parameter `later_steps` is what `load_later_steps` makes.
"""
