import asyncio
import json
from pathlib import Path

import pytest

from service.app import open_installation
from service.flow.reports.metrics import Gauges
from service.settings import load_settings
from tests.cli.commands import CMA, NOON, Run, posted, sql, write

PHONE = "+12125550142"


def test_one_text_reaches_the_phone_and_counts_for_nothing(
    run: Run, sent: Path, sandbox: str
) -> None:
    assert sandbox
    span = ("--from", "2024-01-01", "--to", "2024-12-31")
    counts = run("counts", *span).answer
    report = run("report", "--week", "2024-W05").answer
    before = len(posted(sent))
    told = run("test-sms", PHONE).answer
    assert told.startswith("the sandbox has it, and no phone rang: message ")
    texts = [body for to, body in posted(sent)[before:] if to == PHONE]
    assert len(texts) == len(posted(sent)) - before == 1
    assert texts[0].startswith("【临江省市场监管局】这是一条测试短信")
    assert run("counts", *span).answer == counts
    assert run("report", "--week", "2024-W05").answer == report
    assert run("audit").answer == "the ledger adds up\n"
    listed = run("messages", "list").answer
    assert listed.count("(test)") == 1
    assert PHONE[-8:] not in listed


@pytest.mark.usefixtures("live")
def test_tests_use_up_no_limit_and_are_in_no_metric(run: Run, folder: Path) -> None:
    permit = write(
        folder / "one.csv", f"{CMA},240000000001,一号检测,2024-06-28,{PHONE}"
    )
    assert run("import", permit).code == 0
    assert run("tick", "--now", "2024-01-29T09:00+08:00").code == 0
    for _ in range(3):  # a phone gets two texts a day
        assert run("test-sms", PHONE).code == 0
    assert "1 messages posted" in run("tick", "--now", NOON).out
    assert len(posted(folder)) == 4
    gauges = asyncio.run(_gauges())
    assert (gauges.accepted, sum(gauges.messages.values())) == ({"sandbox": 1}, 1)
    assert run("audit").answer == "the ledger adds up\n"


async def _gauges() -> Gauges:
    async with open_installation(load_settings()) as installation:
        return await installation.metrics_store.gauges(installation.clock.now())


@pytest.mark.usefixtures("live")
def test_who_opted_out_gets_no_test(run: Run, folder: Path) -> None:
    assert run("opt-outs", "add", PHONE).code == 0
    told = run("test-sms", PHONE).refusal
    assert "+1212***0142: has opted out; permit-reminders opt-outs lift PHONE" in told
    assert sql(folder, "SELECT count(*) FROM messages") == [(0,)]


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize("scope", ["all", "authority:990000"])
def test_while_sending_is_paused_nothing_is_posted_and_the_pause_is_named(
    run: Run, folder: Path, scope: str
) -> None:
    assert run("pause", scope, "--reason", f"asked by {PHONE}").code == 0
    assert run("pause", f"rule:{CMA}", "--reason", "law").code == 0
    ran = run("test-sms", PHONE)
    assert ran.code == 1
    assert ran.out.startswith(f"not sent: {scope} is paused since ")
    assert "asked by +1212***0142; permit-reminders resume" in ran.out
    assert ran.out.count("\n") == 1
    assert sql(folder, "SELECT count(*) FROM messages") == [(0,)]


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize(
    ("phone", "expected"), [("12345", "a phone number"), ("0571-88881234", "mobile")]
)
def test_what_takes_no_texts_is_refused(run: Run, phone: str, expected: str) -> None:
    assert expected in run("test-sms", phone).refusal


@pytest.mark.usefixtures("live")
def test_what_the_provider_refuses_is_said(run: Run, folder: Path) -> None:
    ran = run("test-sms", "+15005550009")
    assert (ran.code, ran.err) == (1, "")
    assert "sandbox refused it: 21614" in ran.out
    assert run("audit").answer == "the ledger adds up\n"
    assert posted(folder) == []


def kill_before_recording(folder: Path) -> None:
    """Leave the message as a process does that was killed an hour ago."""
    sql(
        folder,
        "UPDATE messages SET state = 'sending', rank = 0, provider_id = NULL, "
        "accepted_at = NULL, posted_at = NULL, "
        "lease_until = datetime('now', '-1 hour')",
    )


@pytest.mark.usefixtures("live")
def test_what_was_begun_and_not_recorded_is_settled_and_not_sent_again(
    run: Run, folder: Path
) -> None:
    assert run("test-sms", PHONE).code == 0
    kill_before_recording(folder)
    assert " 0 messages posted" in run("tick", "--now", NOON).out
    assert len(posted(folder)) == 1
    assert sql(folder, "SELECT provider_id IS NOT NULL FROM messages") == [(1,)]
    assert run("audit").answer == "the ledger adds up\n"


@pytest.mark.usefixtures("live")
def test_what_was_never_begun_is_no_message(run: Run, folder: Path) -> None:
    assert run("test-sms", PHONE).code == 0
    kill_before_recording(folder)
    sql(folder, "UPDATE messages SET begun = 0")
    assert " 0 messages posted" in run("tick", "--now", NOON).out
    assert sql(folder, "SELECT count(*) FROM messages") == [(0,)]
    assert run("audit").answer == "the ledger adds up\n"


@pytest.fixture
def real(installed: Path, sandbox: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real provider, as far as the service knows; its API is a double's."""
    account = json.loads((installed / "sandbox" / "sandbox.json").read_text("utf-8"))
    for name, value in {
        "PERMIT_REMINDERS_AUTHORITY": "990000",
        "PERMIT_REMINDERS_PROVIDER": "twilio",
        "TWILIO_API_URL": sandbox,
        "TWILIO_ACCOUNT_SID": account["account_sid"],
        "TWILIO_AUTH_TOKEN": account["auth_token"],
        "TWILIO_FROM": "+15005550006",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("real")
def test_a_real_provider_is_asked_about_first(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def say(answer: bool) -> None:  # noqa: FBT001 - an answer
        monkeypatch.setattr("click.confirm", lambda *_, **__: answer)

    say(False)  # noqa: FBT003
    assert run("test-sms", PHONE).code == 1
    assert posted(folder) == []
    say(True)  # noqa: FBT003
    assert run("test-sms", PHONE).answer.startswith("twilio accepted it: ")
    assert run("test-sms", PHONE, "--yes").code == 0
    assert len(posted(folder)) == 2
