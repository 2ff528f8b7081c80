import json
import os
import re
import shutil
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from service.adapters.drop_folders import check
from tests.cli.commands import CMA, FOOD, ROOT, Run, sql, write

Found = list[dict[str, Any]]


def free_up(monkeypatch: pytest.MonkeyPatch, mebibytes: int) -> None:
    """Let this much be free, however full the disk of this machine is."""
    usage = SimpleNamespace(free=mebibytes << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


@pytest.fixture(autouse=True)
def _room(monkeypatch: pytest.MonkeyPatch) -> None:
    free_up(monkeypatch, 10_000)


def diagnose(run: Run) -> tuple[int, Found]:
    ran = run("doctor", "--json")
    told = json.loads(ran.out)
    assert told["goes_wrong"] == (ran.code == 1)
    return ran.code, told["findings"]


def about(part: str, found: Found) -> list[str]:
    return [f"{one['what']}; {one['remedy']}" for one in found if one["part"] == part]


def test_without_a_database_it_says_what_to_run(run: Run, folder: Path) -> None:
    ran = run("doctor")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith(
        f"looked at {folder}/permit-reminders.db\nnothing is sent:"
    )
    assert "  database: permit-reminders.db: no such database; run " in ran.out
    assert "run `permit-reminders db upgrade`" in ran.out


def test_where_nothing_would_go_wrong_it_exits_with_0(run: Run, sent: Path) -> None:
    sql(sent, "DELETE FROM permits WHERE id NOT IN (SELECT permit_id FROM reminders)")
    # The five holders of the register: three arrive, two fail or have no phone.
    sql(sent, "UPDATE permits SET renewal_filed_on = '2024-01-29' WHERE tail != '0001'")
    ran = run("doctor")
    assert ran.code == 0, ran
    assert ran.out.endswith("nothing would go wrong\n")


@pytest.mark.usefixtures("sent")
def test_a_disk_that_is_nearly_full_is_named(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free_up(monkeypatch, 50)
    code, found = diagnose(run)
    assert code == 1
    what = f"50 MiB are free at {folder}; make room: at a full disk nothing is sent"
    assert about("disk", found) == [what]


@pytest.mark.usefixtures("sent")
def test_permits_that_no_text_reaches_are_counted_by_reason(run: Run) -> None:
    code, found = diagnose(run)
    assert code == 1
    told = about("phones", found)
    assert "1 permit of 990000 reached by no text: no phone number; " in told[0]
    assert told[0].endswith("permit-reminders unreachable list --authority 990000")


def test_drafts_and_unknown_types_are_named_with_what_to_do(
    run: Run, office: Path
) -> None:
    register = write(
        office / "list.csv",
        f"{CMA},240000000001,一号检测,2024-06-28,+12125550101",
        "cn-food-produktion-license,SC1,青枫食品厂,2024-06-28,+12125550102",
    )
    assert run("import", register).code == 3
    code, found = diagnose(run)
    assert code == 1
    live, draft = about("go-live", found)
    assert live.startswith("no permit type with permits is live; ")
    assert draft.startswith(f"1 permit of {CMA} in 990000 without texts: it is a draft")
    assert draft.endswith(f"permit-reminders authorities preview 990000 {CMA}")
    [unknown] = about("rules", found)
    assert unknown == (
        "1 row was rejected at the last import: there is no rule "
        f"cn-food-produktion-license; perhaps {FOOD}: translate it in the mapping, "
        "then import the register again"
    )


@pytest.mark.usefixtures("live")
def test_an_office_held_for_a_rate_of_an_earlier_release_is_named(
    run: Run, folder: Path
) -> None:
    sql(
        folder,
        "UPDATE authorities SET document = "
        "json_set(document, '$.messages_per_second', 1e-300) WHERE code = '990000'",
    )
    code, found = diagnose(run)
    assert code == 1
    [told] = about("offices", found)
    assert told.startswith("990000: its messages_per_second or segments_per_second is ")
    assert "less than 0.001, so its texts are held; correct its file" in told


@pytest.mark.usefixtures("live")
def test_what_is_paused_stale_or_without_a_number_is_named(
    run: Run, folder: Path
) -> None:
    assert run("pause", "--reason", "asked by +12125550142").code == 0
    sql(
        folder, "UPDATE authorities SET document = replace(document, '12345', '见官网')"
    )
    sql(
        folder, "INSERT INTO registers VALUES ('city', 5, '2024-01-20 00:00:00.000000')"
    )
    _, found = diagnose(run)
    [pause] = about("pauses", found)
    assert re.match("all is paused since .* by .*: asked by ", pause)
    assert pause.endswith("; permit-reminders resume")
    assert about("registers", found)[-1].startswith("city was last loaded 8 days ago")
    assert "its helpline '见官网' has no number" in about("offices", found)[0]
    assert "2125550142" not in json.dumps(found)


def test_it_reads_only(run: Run, sent: Path) -> None:
    sql(sent, "PRAGMA wal_checkpoint(TRUNCATE)")
    before = (sent / "permit-reminders.db").read_bytes()
    assert run("doctor").code == 1
    assert (sent / "permit-reminders.db").read_bytes() == before
    wal = sent / "permit-reminders.db-wal"
    assert not wal.exists() or not wal.stat().st_size


@pytest.fixture
def twilio(
    installed: Path, sandbox: str, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Settings of an account at the double of Twilio."""
    account = json.loads((installed / "sandbox" / "sandbox.json").read_text("utf-8"))
    settings = {
        "PERMIT_REMINDERS_PROVIDER": "twilio",
        "TWILIO_API_URL": sandbox,
        "TWILIO_ACCOUNT_SID": account["account_sid"],
        "TWILIO_AUTH_TOKEN": account["auth_token"],
        "TWILIO_FROM": "+15005550006",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return settings


@pytest.mark.usefixtures("twilio")
def test_the_provider_is_asked_and_sends_nothing(run: Run, folder: Path) -> None:
    _, found = diagnose(run)
    assert not about("provider", found)
    assert not about("clock", found)
    log = folder / "sandbox" / "messages.jsonl"
    assert not log.exists() or "created" not in log.read_text("utf-8")
    [replies] = about("offices", found)[:1]
    assert "asks for the reply R, which cannot come in" in replies


@pytest.mark.usefixtures("office", "twilio")
def test_a_simulated_database_with_a_real_provider_sends_nothing(run: Run) -> None:
    _, found = diagnose(run)
    told = about("provider", found)
    assert "PERMIT_REMINDERS_PROVIDER: this database is simulated" in told[0]
    [severity] = [one["severity"] for one in found if one["part"] == "provider"]
    assert severity == "nothing is sent"
    assert run("tick").code == 2


@pytest.mark.usefixtures("twilio")
@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        (
            "TWILIO_AUTH_TOKEN",
            "wrong",
            "twilio: does not answer: HTTP 401 20003; compare",
        ),
        ("TWILIO_API_URL", "http://127.0.0.1:9", "look at the network"),
        ("TWILIO_FROM", "", "TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM: set one"),
    ],
)
def test_what_is_wrong_with_the_account_is_said(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    expected: str,
) -> None:
    monkeypatch.setenv(variable, value)
    _, found = diagnose(run)
    [told] = about("provider", found)
    assert expected in told


@pytest.mark.usefixtures("installed")
def test_a_platform_over_http_is_not_asked_and_passes_no_replies_on(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PERMIT_REMINDERS_PROVIDER": "outbox",
        "PERMIT_REMINDERS_OUTBOX": str(ROOT / "examples/outbox/json-over-http.toml"),
        "PERMIT_REMINDERS_PUBLIC_URL": "https://permits.example.org",
        "SMS_PLATFORM_AUTHORIZATION": "open-sesame",
        "SMS_PLATFORM_TOKEN": "a-token-with-thirty-two-characters",
    }.items():
        monkeypatch.setenv(name, value)
    _, found = diagnose(run)
    [note] = [one for one in found if one["part"] == "provider"]
    assert note["severity"] == "good to know"
    assert note["what"].startswith("outbox: not asked")
    assert note["remedy"] == "permit-reminders test-sms PHONE tries it"
    [reply, *_] = about("offices", found)
    assert "asks for the reply R, which cannot come in: only Twilio" in reply


@pytest.fixture
def registers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of registers, which is not there yet."""
    root = folder / "registers"
    monkeypatch.setenv("PERMIT_REMINDERS_REGISTERS", str(root))
    return root


MAPPING = f"""source = "city"
rule = "{CMA}"
columns = {{ a = "number", b = "holder", c = "expires_on" }}
"""


@pytest.mark.usefixtures("sent")
def test_a_folder_of_registers_that_nothing_is_loaded_from_is_named(
    run: Run, registers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> str:
        code, found = diagnose(run)
        assert code == 1
        [line] = about("registers", found)
        return line

    assert f"{registers}: No such file or directory; make the folder" in told()
    registers.mkdir()
    assert "no mapping is in it, so nothing is loaded; put a mapping there" in told()
    (registers / "city.toml").write_text("columns = 3", "utf-8")
    assert "city.toml: columns: found " in told()
    (registers / "city.toml").write_text(MAPPING.partition("\n")[2], "utf-8")
    assert "it names no source, so its exports wait; add to it: source" in told()
    (registers / "city.toml").write_text(MAPPING, "utf-8")
    (registers / "county").mkdir()
    assert "county: no mapping county.toml is beside it" in told()
    (registers / "county").rmdir()
    (registers / "city.toml").rename(registers / "city.2026.toml")
    (registers / "city.2026").mkdir()
    assert about("registers", diagnose(run)[1]) == []
    (registers / "city.2026").rmdir()
    (registers / "city.2026.toml").rename(registers / "city.toml")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "may not be written to; let the worker write to it" in told()
    assert [one.name for one in registers.iterdir()] == ["city.toml"], "it only reads"


@pytest.mark.usefixtures("sent")
def test_exports_that_are_stuck_in_a_drop_folder_are_named(
    run: Run, registers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = registers / "city"
    for name in ("loading", "rejected"):
        (city / name).mkdir(parents=True)
    (registers / "city.toml").write_text(MAPPING, "utf-8")
    places = ("a.csv", "a.pdf", "b.csv.part", "loading/c.csv", "rejected/d.csv")
    for place in (*places, "rejected/d.csv.report.txt"):
        (city / place).touch()
    left, rejected = about("registers", diagnose(run)[1])
    assert left.count("(") == 1
    assert "left alone: a.pdf (no export; those end with " in left
    assert "city: rejected: d.csv; read the report beside it" in rejected
    monkeypatch.setattr(check, "_STUCK_AFTER", timedelta(0))
    stuck, _, _ = about("registers", diagnose(run)[1])
    assert "city: not loaded for over an hour: a.csv, c.csv; see the log" in stuck
