import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.commands import Run, posted


def test_the_ledger_adds_up(run: Run, sent: Path) -> None:
    assert run("audit").answer == "the ledger adds up\n"
    assert len(posted(sent)) == 4


@pytest.mark.parametrize(
    "hand",
    [
        "UPDATE reminders SET state = 'delivered' WHERE state = 'suppressed'",
        "UPDATE messages SET body = replace(body, '2024', '2025')",
        "UPDATE messages SET recipient_id = (SELECT max(id) FROM recipients)",
        "UPDATE messages SET segments = segments + 1",
        "UPDATE permits SET expires_on = '2025-06-28'",
        "UPDATE slots SET due_at = datetime(due_at, '-1 day')",
        "DELETE FROM reminder_events",
        "DELETE FROM message_reminders",
        "UPDATE versions SET document = replace(document, '60 days', '61 days')",
        "DELETE FROM reminders WHERE state = 'suppressed'",
    ],
)
def test_a_row_that_was_tampered_with_is_found(hand: str, run: Run, sent: Path) -> None:
    file = sent / "permit-reminders.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        assert connection.execute(hand).rowcount > 0
    ran = run("audit")
    assert (ran.code, ran.err) == (1, "")
    *differences, summary = ran.out.splitlines()
    assert summary == f"{len(differences)} wrong"
    assert differences
