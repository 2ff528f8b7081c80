"""Tables of migration 0005 upgraded: when each slot closes."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.adapters.store.migrations.old_tables import upgrade_with_rows

ROWS = """
INSERT INTO authorities VALUES ('here', '{}');
INSERT INTO rules (code, document) VALUES ('law', '{}');
INSERT INTO versions (id, rule, series, state, document, sha256, applied_at,
    applied_by, batch) VALUES ('law@2020.1', 'law', 'law@2020', 'active',
    '{"steps": [{"name": "prepare", "after_closing": false},
    {"name": "last-call", "after_closing": false},
    {"name": "overdue", "after_closing": true}]}', 'x', '2024-01-01', 'me', 1);
INSERT INTO registers VALUES ('r', NULL, '2024-01-01');
INSERT INTO permits (id, authority, rule, number_key, shown_number, tail, holder,
    expires_on, status, replaced, series, register, registered_at, changed_at,
    dated_at) VALUES ('a1', 'here', 'law', 'N1', 'N1', 'N1', 'H', '2024-12-31',
    'active', 0, 'law@2020', 'r', '2024-01-01', '2024-01-01', '2024-01-01');
INSERT INTO slots (series, authority, expires_on, step, rule, version_id, due_at,
    until_at, template, reminded)
    SELECT 'law@2020', 'here', day, step, 'law', 'law@2020.1', due, until, 'x', 0
    FROM (SELECT '2024-12-31' AS day, 'prepare' AS step, 'May 10' AS due,
    'May 20' AS until UNION SELECT '2024-12-31', 'last-call', 'May 20', 'May 30'
    UNION SELECT '2024-12-31', 'overdue', 'May 31', 'May 40'
    UNION SELECT '2025-12-31', 'prepare', 'May 50', 'May 60');
INSERT INTO reminders (permit_id, expires_on, step, rule, authority, version_id,
    template, due_at, until_at, born_at, state, state_at, next_at, returned, retries)
    SELECT 'a1', '2024-12-31', step, 'law', 'here', 'law@2020.1', 'x', 'May 10', until,
    'May 10', 'due', 'May 10', 'May 10', 0, 0
    FROM (SELECT 'prepare' AS step, 'May 20' AS until UNION SELECT 'overdue', 'May 40'
    UNION SELECT 'correction-1', 'May 29');
"""


async def test_slots_close_with_the_last_step_on_their_side_and_reminders_with_theirs(
    tmp_path: Path,
) -> None:
    former = tmp_path / "former.db"
    await upgrade_with_rows(former, "0005", ROWS)
    with closing(sqlite3.connect(former)) as raw:
        found = raw.execute("SELECT expires_on, step, closes_at FROM slots").fetchall()
        closings = dict(raw.execute("SELECT step, closes_at FROM reminders"))
    assert sorted(found) == [
        ("2024-12-31", "last-call", "May 30"),
        ("2024-12-31", "overdue", "May 40"),
        ("2024-12-31", "prepare", "May 30"),
        ("2025-12-31", "prepare", "May 60"),
    ]
    assert closings == {
        "prepare": "May 30",
        "overdue": "May 40",
        "correction-1": "May 29",
    }
