import re
from pathlib import Path

import pytest

from tests.cli.commands import CMA, Run, sql

ALL_LEFT = """UPDATE messages SET state = 'uncertain', rank = 0, accepted_at = NULL,
    final_at = NULL, code = NULL, provider_id = NULL,
    reason = 'absent again: an operator decides'"""
ONE = " WHERE recipient_id = (SELECT id FROM recipients WHERE masked LIKE '%0195')"
THEIR_REMINDERS_TOO = """UPDATE reminders SET state = 'uncertain', sent_at = NULL
    WHERE message_id IN (SELECT id FROM messages WHERE state = 'uncertain')"""
NOBODY = "019aaf39-3c5e-7d0c-8a6e-0c6d5f1f0142"


@pytest.fixture
def left(run: Run, sent: Path) -> str:
    """The id of a message whose outcome an operator must decide."""
    for change in (ALL_LEFT + ONE, THEIR_REMINDERS_TOO):
        sql(sent, change)
    (line, count) = run("messages", "list", "--open").answer.splitlines()
    assert count == "1 messages"
    assert line.endswith("an operator decides  waits for the operator")
    return line.split()[0]


@pytest.mark.usefixtures("sent")
def test_messages_are_listed_without_a_phone(run: Run) -> None:
    *lines, count = run("messages", "list").answer.splitlines()
    assert count == "4 messages"
    assert len(lines) == 4
    for line in lines:
        assert f"990000 {CMA}  +1212***0" in line
        assert not re.search(r"\d{10}", line.partition("UTC")[2].replace("0101", ""))


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize(
    ("options", "count"),
    [
        (("--state", "delivered"), 1),
        (("--state", "given-up"), 0),
        (("--authority", "990000"), 4),
        (("--authority", "us-nyc"), 0),
        (("--open",), 0),
    ],
)
def test_a_list_can_be_narrowed(run: Run, options: tuple[str, ...], count: int) -> None:
    assert run("messages", "list", *options).answer.endswith(f"{count} messages\n")


@pytest.mark.usefixtures("sent")
def test_a_message_is_shown_with_its_text_moves_and_receipts(run: Run) -> None:
    line = run("messages", "list", "--state", "delivered").answer.splitlines()[0]
    shown = run("messages", "show", line.split()[0]).answer
    assert line in shown
    assert "建议最迟" in shown
    assert "template renewal-" in shown
    assert "240000000001 sending" in shown
    assert "240000000001 delivered" in shown
    assert "receipt delivered {'MessageStatus': 'delivered'" in shown
    assert "+12125550101" not in shown


@pytest.mark.parametrize(
    ("verb", "message", "reminder"),
    [("resend", "not-accepted", "due"), ("give-up", "given-up", "failed")],
)
def test_an_operator_decides_and_the_ledger_adds_up(
    run: Run,
    left: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    verb: str,
    message: str,
    reminder: str,
) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    told = run("messages", verb, left, "--reason", "not in their log").answer
    assert told == f"{left} {message}: 240000000004 {reminder}\n"
    shown = run("messages", "show", left).answer
    assert "operator ann: not in their log" in shown
    assert f"{verb.replace('-', ' ')} by ann {{'why': 'not in their log'}}" in shown
    again = run("messages", verb, left, "--reason", "x").refusal
    assert f"message {left}: is {message}: only an unknown outcome" in again


def test_messages_are_decided_even_if_another_cannot_be(run: Run, sent: Path) -> None:
    for change in (ALL_LEFT, THEIR_REMINDERS_TOO):
        sql(sent, change)
    *lines, count = run("messages", "list", "--open").answer.splitlines()
    first, *others = [line.split()[0] for line in lines]
    assert count == "4 messages"
    ran = run("messages", "resend", first, NOBODY, *others, "--reason", "not in it")
    assert (ran.code, ran.err) == (2, f"permit-reminders: unknown message '{NOBODY}'\n")
    assert ran.out.count("not-accepted: ") == 4
    assert run("messages", "list", "--open").answer == "0 messages\n"


@pytest.mark.usefixtures("sent")
def test_a_message_that_cannot_be_decided_is_an_error(run: Run) -> None:
    refusal = run("messages", "resend", NOBODY, "--reason", "x").refusal
    assert refusal == f"permit-reminders: unknown message '{NOBODY}'"
    refusal = run("messages", "show", "+12125550101").refusal
    assert refusal == "permit-reminders: unknown message '+1212***0101'"
    line = run("messages", "list", "--state", "delivered").answer.splitlines()[0]
    refusal = run("messages", "give-up", line.split()[0], "--reason", " ").refusal
    assert "'--reason': found nothing, expected why, in one line" in refusal
