import pytest

from tests.cli.commands import Run


@pytest.mark.usefixtures("installed")
def test_an_sqlite_ledger_never_changes_its_server(run: Run) -> None:
    assert run("failover", "status").answer.splitlines() == [
        "server: an SQLite file, or a standby",
        "it is the first server of this database",
    ]
    assert run("failover", "send", "--reason", "none was sent").refusal == (
        "permit-reminders: no failover is to be decided on"
    )
