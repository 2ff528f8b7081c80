"""Tables of migration 0001 upgraded with all their rows."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.adapters.store.migrations.old_tables import upgrade_with_rows

LAW = "cn-food-production-license"

ROWS = """
INSERT INTO authorities VALUES ('990000', '{}');
INSERT INTO rules VALUES (':law', '{}');
INSERT INTO versions VALUES (':law@2020-03-01.1', ':law', '{}', 'x', '2024-01-01');
INSERT INTO registers VALUES ('r', NULL, '2024-01-01');
INSERT INTO golives VALUES ('990000', ':law', 'live', '2024-01-01', 'me');
INSERT INTO recipients (id, digest, phone, masked, line)
    VALUES ('p1', x'01', x'02', '+1212***0101', 'mobile');
INSERT INTO permits (id, authority, rule, number_key, shown_number, tail, holder,
    expires_on, status, replaced, version_id, register, registered_at, changed_at,
    dated_at) VALUES ('a1', '990000', ':law', 'N1', 'N1', 'N1', 'H', '2024-12-31',
    'active', 0, ':law@2020-03-01.1', 'r', '2024-01-01', '2024-01-01', '2024-01-01');
INSERT INTO permit_recipients VALUES ('a1', 0, 'p1');
INSERT INTO slots VALUES (':law@2020-03-01.1', '990000', '2024-12-31', 'prepare',
    ':law', '2024-09-19', '2024-11-11', 'renewal-prepare', '2024-09-19');
INSERT INTO reminders (permit_id, expires_on, step, rule, authority, version_id,
    template, due_at, until_at, born_at, state, state_at, next_at, returned)
    VALUES ('a1', '2024-12-31', 'prepare', ':law', '990000', ':law@2020-03-01.1',
    'renewal-prepare', '2024-09-19', '2024-11-11', '2024-09-19', 'due', '2024-09-19',
    '2024-09-19', 0);
"""


async def test_permits_and_slots_keep_their_data_under_the_series_of_their_version(
    tmp_path: Path,
) -> None:
    former = tmp_path / "former.db"
    await upgrade_with_rows(former, "0001", ROWS.replace(":law", LAW))
    with closing(sqlite3.connect(former)) as raw:
        [(series, holder)] = raw.execute("SELECT series, holder FROM permits")
        assert (series, holder) == (f"{LAW}@2020-03-01", "H")
        [slot] = raw.execute("SELECT series, version_id, expanded_at FROM slots")
        assert slot == (series, f"{LAW}@2020-03-01.1", "2024-09-19")
        [version] = raw.execute("SELECT series, state, batch FROM versions")
        assert version == (series, "active", 1)
        assert raw.execute("SELECT catch_up_days FROM golives").fetchall() == [(0,)]
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
        assert raw.execute("SELECT count(*) FROM permit_recipients").fetchone() == (1,)
