"""The outbox, from a row of the register to a counted message."""

import asyncio
import csv
import json
import os
import signal
import sqlite3
import stat
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from service.adapters.clock import SimulatedClock
from service.adapters.sms_platform.files.provider import FileProvider
from service.adapters.sms_platform.format.file import load_format
from service.adapters.sms_platform.open_platform import PlatformDeps, open_platform
from service.app import open_installation
from service.flow.sending.tick import TickResult, tick
from service.settings import load_settings
from service.web.application import application
from tests.cli.commands import CMA, NOON, ROOT, Run, cells, sql, write
from tests.cli.processes import started
from tests.cli.server.backstage import until
from tests.flow.fakes import DiedError

EVENING = "2024-01-29T18:00+08:00"
PHONES = [f"+1212555010{number}" for number in range(1, 4)]
SETTINGS = ("PERMIT_REMINDERS_PROVIDER", "PERMIT_REMINDERS_OUTBOX", "SMS_TOKEN")
TOKEN = "open-sesame"  # noqa: S105 - a made-up one

WEBHOOK = """
[results.webhook]
header = "X-Token"
secret = "SMS_TOKEN"
body = "json"
"""


@pytest.fixture
def sending(live: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three permits of Linjiang, due at noon, and the format of its platform."""
    text = (ROOT / "examples" / "outbox" / "gb18030-csv.toml").read_text("utf-8")
    (live / "format.toml").write_text(text + WEBHOOK, "utf-8")
    monkeypatch.setenv("PERMIT_REMINDERS_PROVIDER", "outbox")
    monkeypatch.setenv("PERMIT_REMINDERS_OUTBOX", str(live / "format.toml"))
    monkeypatch.setenv("SMS_TOKEN", TOKEN)
    return live


@pytest.fixture
def permits(sending: Path, run: Run) -> Path:
    rows = [
        f"{CMA},24000000000{number},某检测,2024-06-28,{phone}"
        for number, phone in enumerate(PHONES)
    ]
    assert run("import", write(sending / "permits.csv", *rows)).code == 0
    return sending


def pass_at(folder: Path, instant: str, *pushed: Mapping[str, str]) -> TickResult:
    """Run one pass at a simulated instant, then webhooks; this moves the clock."""
    now = datetime.fromisoformat(instant)

    async def run() -> TickResult:
        settings = load_settings()
        async with open_installation(settings) as installation:
            await installation.pause_store.set_simulated_now(now)
            assert isinstance(installation.clock, SimulatedClock)
            installation.clock.move_to(now)
            place = PlatformDeps(
                spool=folder / "permit-reminders.db.outbox",
                clock=installation.clock,
                timeout=2.0,
                proxy=None,
                environ={"SMS_TOKEN": TOKEN},
            )
            async with open_platform(
                load_format(folder / "format.toml"), place
            ) as provider:
                done = await tick(installation.tick_deps(provider))
                server = TestServer(application(installation, provider))
                async with TestClient(server) as client:
                    for body in pushed:
                        token = {"X-Token": TOKEN}
                        path = "/webhooks/outbox/status"
                        async with client.post(path, json=body, headers=token) as said:
                            assert said.status == 204
                        async with client.post(path, json=body) as said:
                            assert said.status == 403
                return done

    return asyncio.run(run())


def handed_over(folder: Path) -> list[dict[str, str]]:
    """The rows of the file that the platform gets."""
    found = []
    for path in sorted((folder / "outbox").glob("*.csv")):
        with path.open(encoding="gb18030", newline="") as file:
            found += list(csv.DictReader(file))
    return found


def reported(folder: Path, *rows: Sequence[str], name: str = "results.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["业务流水号", "手机号码", "发送结果", "失败代码", "完成时间"])
        writer.writerows(rows)
    return path


def counted(run: Run) -> tuple[int, int, int]:
    """Sent, delivered, failed of that Monday."""
    told = run("counts", "--from", "2024-01-29", "--to", "2024-01-29").answer
    [row] = csv.DictReader(told.splitlines())
    return int(row["messages"]), int(row["delivered"]), int(row["failed"])


def test_from_a_register_to_a_file_to_results_to_counts(
    permits: Path, run: Run
) -> None:
    assert pass_at(permits, NOON).posted == 3
    found = handed_over(permits)
    assert [row["手机号码"] for row in found] == [one[2:] for one in PHONES]
    assert all(row["短信内容"].startswith("【") for row in found)
    deadlines = {datetime.fromisoformat(row["最晚发送时间"]) for row in found}
    closes = datetime.fromisoformat("2024-01-29 17:30:00")
    assert all(timedelta() <= closes - one < timedelta(minutes=1) for one in deadlines)
    assert counted(run) == (3, 0, 0)
    ids = [row["业务流水号"] for row in found]
    file = reported(
        permits,
        [ids[0], PHONES[0][2:], "成功", "DELIVRD", "12:01"],
        [ids[1], PHONES[1][2:], "已提交", "", "12:01"],
        [ids[1], PHONES[1][2:], "失败", "空号", "12:02"],
        [ids[2], PHONES[2][2:], "已提交", "", "12:01"],
    )
    told = "4 moved, 0 unchanged, 0 rejected\n"
    assert run("outbox", "results", file).answer == told
    assert counted(run) == (3, 1, 1)
    before = sql(permits, "SELECT count(*) FROM receipts")
    again = "0 moved, 4 unchanged, 0 rejected\n"
    assert run("outbox", "results", file).answer == again
    assert sql(permits, "SELECT count(*) FROM receipts") == before
    assert counted(run) == (3, 1, 1)
    assert pass_at(permits, EVENING).posted == 0
    assert len(handed_over(permits)) == 3
    assert run("audit").answer == "the ledger adds up\n"


LEASE_ENDED = """
    UPDATE messages
    SET lease_until = strftime('%Y-%m-%d %H:%M:%f000', 'now', '-1 hour')"""
ABSENT_LONG_AGO = """
    UPDATE messages
    SET absent_at = strftime('%Y-%m-%d %H:%M:%f000', 'now', '-1 hour')"""


def test_a_spooled_message_that_was_not_recorded_is_found_and_not_sent_again(
    permits: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stores = "service.adapters.store.sending.claim.claim_store"
        patch.setattr(f"{stores}.record_plain", die_with_outcomes)
        with pytest.raises(DiedError):
            pass_at(permits, NOON)
    assert len(handed_over(permits)) == 3
    sql(permits, LEASE_ENDED)
    assert pass_at(permits, NOON).open_outcomes == 0
    assert len(handed_over(permits)) == 3
    assert counted(run) == (3, 0, 0)
    assert run("audit").answer == "the ledger adds up\n"


def test_a_message_that_was_never_spooled_is_proved_absent_and_sent_once(
    permits: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(FileProvider, "send", die)
        with pytest.raises(DiedError):
            pass_at(permits, NOON)
    sql(permits, LEASE_ENDED)
    assert pass_at(permits, NOON).open_outcomes == 3
    assert not handed_over(permits)
    sql(permits, ABSENT_LONG_AGO)
    assert pass_at(permits, NOON).posted == 3
    assert [row["手机号码"] for row in handed_over(permits)] == [
        one[2:] for one in PHONES
    ]
    assert counted(run) == (3, 0, 0)
    assert run("audit").answer == "the ledger adds up\n"


async def die_with_outcomes(
    _: object, _owner: str, outcomes: object, *_at: object
) -> None:
    """Die as soon as there is something to record."""
    if outcomes:
        raise DiedError


async def die(*_: object) -> None:
    """Stand in for the moment at which the process is killed."""
    raise DiedError


def test_results_mark_phones_as_unreachable_or_opted_out(
    permits: Path, run: Run
) -> None:
    pass_at(permits, NOON)
    rows = [
        [row["业务流水号"], "", "失败", code, ""]
        for row, code in zip(
            handed_over(permits), ("空号", "退订", "关机"), strict=True
        )
    ]
    assert run("outbox", "results", reported(permits, *rows)).code == 0
    evidence = "SELECT unreachable_at IS NOT NULL, opted_out_at IS NOT NULL"
    found = sql(permits, f"{evidence} FROM recipients ORDER BY 1, 2")
    assert found == [(0, 0), (0, 1), (1, 0)]


def test_results_of_unknown_messages_are_rejected_and_the_others_imported(
    permits: Path, run: Run
) -> None:
    pass_at(permits, NOON)
    [one, *_] = handed_over(permits)
    file = reported(
        permits,
        ["019b0000-0000-7000-8000-000000000000", PHONES[0][2:], "成功", "", ""],
        [one["业务流水号"], PHONES[0][2:], "在途", "", ""],
        [one["业务流水号"], PHONES[0][2:], "成功", "", ""],
        ["17", PHONES[0][2:], "成功", "", ""],
    )
    ran = run("outbox", "results", file)
    path = permits / "results.csv.rejects.csv"
    assert (ran.code, ran.err) == (1, "")
    assert ran.out == (
        "1 moved, 0 unchanged, 3 rejected\n"
        f"the rejected rows, each with its reason: {path}\n"
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    nobody = "id: found an unknown id, expected the id of a message sent from here"
    assert [(row["line"], row["reason"]) for row in cells(path)] == [
        ("2", nobody),
        ("3", "发送结果: found '在途', expected one of 已提交, 成功, 失败"),
        ("5", nobody),
    ]
    raw = sql(permits, "SELECT raw FROM receipts")
    assert "5550101" not in json.dumps(raw)


def test_results_that_are_interrupted_say_what_is_in(permits: Path, run: Run) -> None:
    pass_at(permits, NOON)
    [one, *_] = handed_over(permits)
    rows = [
        [one["业务流水号"], "", "成功", "", ""],
        *[["17", "", "成功", "", ""]] * 1999,
    ]
    file = reported(permits, *rows)
    settings = {name: os.environ[name] for name in SETTINGS}
    lock = sqlite3.connect(permits / "permit-reminders.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")  # so that the import cannot end before the signal
    with (
        closing(lock),
        started("outbox", "results", file, folder=permits, **settings) as process,
    ):
        until(lambda: any(permits.glob(".results.csv.*")))
        os.killpg(process.pid, signal.SIGTERM)
        assert process.stderr is not None
        assert process.stderr.readline().startswith("stopping: ")
        lock.rollback()
        said = process.stderr.read()
        process.wait(timeout=60)
    assert process.returncode == 143
    assert said in {
        f"interrupted: {counts}; import results.csv again\n"
        for counts in (
            "0 moved, 0 unchanged, 0 rejected",
            "1 moved, 0 unchanged, 999 rejected",
        )
    }
    assert ", 1999 rejected\n" in run("outbox", "results", file).out


def test_a_platform_may_push_results_with_its_secret(permits: Path, run: Run) -> None:
    pass_at(permits, NOON)
    ids = [row["业务流水号"] for row in handed_over(permits)]
    pushed = [
        {"业务流水号": ids[0], "发送结果": "成功"},
        {"业务流水号": ids[1], "发送结果": "失败", "失败代码": "空号"},
        {"业务流水号": ids[2], "发送结果": "新词"},
    ]
    assert pass_at(permits, EVENING, *pushed).posted == 0
    assert counted(run) == (3, 1, 1)
    assert run("audit").answer == "the ledger adds up\n"


def test_results_need_to_know_the_format(
    sending: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = reported(sending)
    (sending / "format.toml").write_text(
        '[file]\nfolder = "out"\nformat = "csv"\n'
        '[file.columns]\na = "phone"\nb = "body"\n'
    )
    assert run("outbox", "results", file).refusal == (
        f"permit-reminders: {sending / 'format.toml'}: add [results], which says how "
        "to read them"
    )
    monkeypatch.delenv("PERMIT_REMINDERS_PROVIDER")
    monkeypatch.delenv("PERMIT_REMINDERS_OUTBOX")
    assert run("outbox", "results", file).refusal.startswith(
        "permit-reminders: PERMIT_REMINDERS_PROVIDER and PERMIT_REMINDERS_OUTBOX: set"
    )


def test_a_simulated_clock_hands_nothing_over(permits: Path, run: Run) -> None:
    for path in (("tick",), ("tick", "--now", NOON), ("serve",)):
        assert "this database is simulated" in run(*path).refusal
    assert not (permits / "outbox").exists()


def test_a_tick_in_real_time_opens_the_folder_and_the_spool(
    installed: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = ROOT / "examples" / "outbox" / "workbook.toml"
    (installed / "format.toml").write_bytes(source.read_bytes())
    monkeypatch.setenv("PERMIT_REMINDERS_PROVIDER", "outbox")
    monkeypatch.setenv("PERMIT_REMINDERS_OUTBOX", "format.toml")
    assert run("tick").answer.startswith("0 reminders created, 0 messages posted")
    assert stat.S_IMODE((installed / "outbox").stat().st_mode) == 0o700
    spool = installed / "permit-reminders.db.outbox"
    assert stat.S_IMODE(spool.stat().st_mode) == 0o600


def test_a_format_is_checked_and_shown_without_a_database(run: Run) -> None:
    shown = run("outbox", "check", ROOT / "examples/outbox/gb18030-csv.toml").answer
    assert shown.startswith("files: CSV in gb18030, into ")
    assert "  手机号码: 2125550142\n" in shown
    shown = run("outbox", "check", ROOT / "examples/outbox/json-over-http.toml").answer
    assert "  Authorization: <SMS_PLATFORM_AUTHORIZATION>\n" in shown
    assert "POST /webhooks/outbox/status as json" in shown


def test_every_mistake_of_a_format_has_a_line_of_its_own(
    folder: Path, run: Run
) -> None:
    path = folder / "format.toml"
    path.write_text('[file]\nfolder = "out"\nformat = "ods"\n[more]\n')
    assert run("outbox", "check", path).refusal.splitlines() == [
        f"permit-reminders: {path}:",
        '  file.format: found "ods", expected one of csv, xlsx',
        "  file.columns: found nothing, expected a table with a key for each name",
        "  more: found an unknown key, expected only file, http, results",
    ]
    path.write_text('[file]\nfolder = "out"\nformat = "csv"\ncolumns = { a = "id" }\n')
    assert run("outbox", "check", path).refusal.splitlines() == [
        f"permit-reminders: {path}:",
        '  file.columns: found "no phone", expected phone or phone_national among them',
        '  file.columns: found "no body", expected body among them',
    ]
