"""Tables of migration 0002 upgraded: who opted out how, and which office sent."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.adapters.store.migrations.old_tables import upgrade_with_rows

ROWS = """
INSERT INTO recipients (id, digest, phone, masked, line, opted_out_at) VALUES
    ('p1', x'01', x'02', '+1212***0101', 'mobile', '2024-09-19'),
    ('p2', x'02', x'02', '+1212***0102', 'mobile', '2024-09-19'),
    ('p3', x'03', x'02', '+1212***0103', 'mobile', NULL);
INSERT INTO inbounds VALUES
    ('twilio', 'SM1', 'p1', 'stop', x'00', '2024-09-19'),
    ('twilio', 'SM2', 'p2', NULL, x'00', '2024-09-19'),
    ('twilio', 'SM3', 'p3', 'stop', x'00', '2024-09-18');
"""


OFFICES = """
INSERT INTO authorities VALUES
    ('top', '{"parent": null, "sends": true}'),
    ('city', '{"parent": "top", "sends": true}'),
    ('district', '{"parent": "city", "sends": false}'),
    ('street', '{"parent": "district", "sends": false}'),
    ('alone', '{"parent": null, "sends": false}');
INSERT INTO recipients (id, digest, phone, masked, line) VALUES
    ('p1', x'01', x'02', '+1212***0101', 'mobile');
INSERT INTO messages (id, authority, rule, recipient_id, template, language, body,
    segments, seal, provider, state, rank, claimed_at, owner, attempt, posted_after,
    lease_until)
    SELECT code, code, 'x', 'p1', 'x', 'en', 'x', 1, x'0A', 'twilio', 'sending', 0,
    '2024-09-19', 'x', 1, '2024-09-19', '2024-09-19'
    FROM (SELECT code FROM authorities UNION SELECT 'gone');
"""


async def test_opt_outs_by_text_differ_from_those_that_the_provider_refused(
    tmp_path: Path,
) -> None:
    former = tmp_path / "former.db"
    await upgrade_with_rows(former, "0002", ROWS)
    with closing(sqlite3.connect(former)) as raw:
        found = raw.execute("SELECT id, opted_out_by FROM recipients").fetchall()
    assert found == [("p1", "inbound"), ("p2", None), ("p3", None)]


async def test_a_text_counts_for_the_office_that_sent_it(tmp_path: Path) -> None:
    former = tmp_path / "former.db"
    await upgrade_with_rows(former, "0002", OFFICES)
    with closing(sqlite3.connect(former)) as raw:
        found = dict(raw.execute("SELECT authority, office FROM messages"))
        assert raw.execute("SELECT DISTINCT seal FROM messages").fetchall() == [("0a",)]
    assert found == {
        "top": "top",
        "city": "city",
        "district": "city",
        "street": "city",
        "alone": "alone",
        "gone": "gone",
    }
