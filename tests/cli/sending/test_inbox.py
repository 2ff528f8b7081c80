"""The inbox on the screen and as CSV: local times, one line a text, no phone."""

import asyncio
import csv
import io
from pathlib import Path

import pytest

from service.app import open_installation
from service.domain.delivery.outcome import Inbound
from service.flow.sending.outcomes.receive import receive_inbound
from service.settings import load_settings
from tests.cli.commands import CMA, Run, simulate, sql, write

PHONE = "+12125550101"
ROW = f"{CMA},240000000001,一号检测,2024-06-28,{PHONE}"
PERMIT = f"990000 {CMA} 240000000001 一号检测"


def hear(*texts: str, sender: str = PHONE) -> None:
    """Receive texts, with the ids IN0, IN1 …, as the webhook does."""

    async def take() -> None:
        async with open_installation(load_settings()) as found:
            phones = found.register_deps.phone_reader
            for at, body in enumerate(texts):
                inbound = Inbound("sandbox", f"IN{at}", sender, body, {})
                await receive_inbound(
                    inbound, found.receive_store, phones, found.vault, found.clock
                )

    asyncio.run(take())


@pytest.fixture
def registered(run: Run, live: Path) -> Path:
    """A permit with `PHONE` is registered."""
    assert run("import", write(live / "permits.csv", ROW)).code == 0
    return live


def test_texts_wait_in_local_time_until_somebody_decides(
    run: Run, registered: Path
) -> None:
    hear("which shop?", "STOP it\n\x1b[2J+1 212 555 0199", "stop")
    simulate(registered, "2024-01-31T12:30+08:00")
    since = "2024-01-28 12:00 Asia/Shanghai, 3 days ago  +1212***0101"
    assert run("messages", "inbox").answer.splitlines() == [
        f"IN0  {since}  {PERMIT}: which shop?",
        f"IN1  {since}  {PERMIT}: STOP it \\x1b[2J+1212***0199",
        "2 texts wait for an answer",
    ]
    told = run("messages", "handled", "IN0", "IN7", "--reason", "rang them")
    assert (told.code, told.out) == (2, "IN0 handled\n")
    assert told.err == "permit-reminders: unknown text 'IN7'\n"
    told = run("messages", "opt-out", "IN1", "--reason", "they mean it")
    assert told.answer == "IN1 its phone is opted out\n"
    assert run("messages", "inbox").answer == "0 texts wait for an answer\n"
    assert sql(registered, "SELECT intent FROM inbounds ORDER BY provider_id") == [
        ("other",),
        ("stop",),
        ("stop",),
    ]


def test_a_table_has_one_row_a_text_and_no_formula(run: Run, registered: Path) -> None:
    hear('=1+2\n"so", he said', "hello")
    table = run("messages", "inbox", "--format", "csv").answer
    assert registered.is_dir()
    first, second = csv.DictReader(io.StringIO(table))
    assert len(table.splitlines()) == 3
    assert first == {
        "id": "IN0",
        "received_at": "2024-01-28 12:00 Asia/Shanghai",
        "days": "0",
        "phone": "'+1212***0101",
        "permits": PERMIT,
        "text": '\'=1+2 "so", he said',
    }
    assert second["text"] == "hello"


@pytest.mark.usefixtures("registered")
def test_another_office_does_not_see_it_and_a_stranger_belongs_to_none(
    run: Run,
) -> None:
    hear("hello", sender="+12125550177")
    since = "2024-01-28 12:00 Asia/Shanghai, 0 days ago"
    assert run("messages", "inbox").answer.splitlines() == [
        f"IN0  {since}  +1212***0177  no permit: hello",
        "1 texts wait for an answer",
    ]
    none = "0 texts wait for an answer\n"
    assert run("messages", "inbox", "--authority", "us-nyc").answer == none
    assert run("messages", "inbox", "--authority", "990000").answer == none
    refusal = run("messages", "inbox", "--authority", "1").refusal
    assert refusal.startswith("permit-reminders: unknown authority '1'")
