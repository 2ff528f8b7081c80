"""Marked phones live through commands and requests, and come back nowhere.

Three phones are marked: a holder's, one that people type wherever a text may stand, and
an office's helpline. Whatever answers, is written or is stored in the clear is searched
for their digits, without regard to what stands between them.
"""

import asyncio
import json
import logging
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr
from datetime import datetime
from io import StringIO
from itertools import cycle
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from service.adapters.clock import SimulatedClock
from service.adapters.logs import configure_logging
from service.adapters.sms_platform.format.file import load_format
from service.adapters.sms_platform.open_platform import PlatformDeps, open_platform
from service.app import open_installation
from service.flow.sending.tick import tick
from service.settings import load_settings
from service.web.api.endpoint import Endpoint
from service.web.application import ENDPOINTS, application
from tests.cli.commands import CMA, NOON, ROOT, run_here, sql

Http = TestClient[web.Request, web.Application]

HOLDER, STRAY, HELPLINE = "2125550142", "2125550199", "2125550188"
WRITINGS: Final = (
    "+12125550199",
    "+1 212-555-0199",
    "2125550199",
    "(212) 555.0199",
    "212/555/0199",
    "２１２－５５５－０１９９",
    "212、555、0199",
    "（212）5550199。",
    "21\u200b2\u202d5550199",
    "ask 212-555-0199 first",
)
OWN: Final = "SC10199000000142"

KNOWN: Final = {
    "/v1/permits/{rule}/{number}": f"/v1/permits/{CMA}/{OWN}",
    "/v1/authorities/{code}": "/v1/authorities/990000",
    "/v1/rules/{code}": f"/v1/rules/{CMA}",
}
"""Documents to read, and to send again with the stray phone as each text in them."""


DATABASE: Final = [f"permit-reminders.db{part}" for part in ("", "-wal", "-shm")]

MAY_STAND: Final = {
    # A helpline is there for everybody to call.
    ("answers to requests", "helpline"),
    ("column authorities.document", "helpline"),
    ("column messages.body", "helpline"),
    ("file outbox", "helpline"),
    # A register is the office's own, and its rejected rows are given back to be mended.
    ("file permits of 212-555-0199.csv", "holder"),
    ("file permits of 212-555-0199.csv", "stray"),
    ("file permits of 212-555-0199.csv.rejects.csv", "holder"),
    ("file permits of 212-555-0199.csv.rejects.csv", "stray"),
    # A holder's name is data of the register, like a permit's number: renewals are
    # matched by it, and people find the permit by it.
    ("column permits.holder", "stray"),
    ("holders in answers to requests", "stray"),
    # A register's name is a key: registers that differ in it have ages of their own.
    ("column imports.register", "stray"),
    ("column permits.register", "stray"),
    ("column registers.name", "stray"),
    # Where the rejected rows are: a path must lead there.
    ("answer of import", "stray"),
    # A permit number that is unknown: who typed it has to see what is wrong with it.
    ("error or log of explain", "stray"),
    # The SMS platform must know whom to text.
    ("file outbox", "holder"),
}
"""Every place where a marked phone may stand, and whose it is."""

FREE_TEXTS: Final = {
    "column actions.by",
    "column actions.detail",
    "column api_keys.name",
    "column golives.approved_by",
    "column pauses.by",
    "column pauses.reason",
    "column staff.name",
}
"""Columns in which the stray phone was to be stored."""


class Seen:
    """What was answered, written or stored, by the place where it was."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []

    def add(self, place: str, text: str) -> None:
        self.texts.append((place, text))

    def run(self, *arguments: str) -> None:
        ran = run_here(*arguments)
        assert "Traceback" not in ran.err
        self.add(f"answer of {arguments[0]}", ran.out)
        self.add(f"error or log of {arguments[0]}", ran.err)

    def places(self) -> set[tuple[str, str]]:
        """Where a marked phone stands, and whose."""
        names = {HOLDER: "holder", STRAY: "stray", HELPLINE: "helpline"}
        return {
            (place, name)
            for place, text in self.texts
            for digits, name in names.items()
            if digits in re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
        }


@pytest.fixture
def outbox(office: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An office that sends by files."""
    source = ROOT / "examples" / "outbox" / "gb18030-csv.toml"
    (office / "format.toml").write_bytes(source.read_bytes())
    monkeypatch.setenv("PERMIT_REMINDERS_PROVIDER", "outbox")
    monkeypatch.setenv("PERMIT_REMINDERS_OUTBOX", str(office / "format.toml"))
    return office


def test_a_phone_is_found_only_where_it_must_stand(outbox: Path) -> None:
    seen, mark = Seen(), cycle(WRITINGS)
    for command in (*writing_commands(outbox, mark), *wrong_commands(mark)):
        seen.run(*command)
    log = StringIO()
    handlers, level = logging.root.handlers[:], logging.root.level
    try:
        with redirect_stderr(log):
            configure_logging(json=True)
            asyncio.run(live_through_requests(outbox, seen, mark))
    finally:
        logging.root.handlers[:], logging.root.level = handlers, level
        structlog.reset_defaults()
    seen.add("log of requests", log.getvalue())
    for command in READING_COMMANDS:
        seen.run(*command)
    look_at_files(outbox, seen)
    look_at_database(outbox, seen)
    assert seen.places() == MAY_STAND
    assert {place for place, text in seen.texts if "***0199" in text} >= FREE_TEXTS


def writing_commands(folder: Path, mark: Iterator[str]) -> Iterator[Sequence[str]]:
    """A day on which everybody writes the stray phone wherever a text may stand."""
    register = folder / "permits of 212-555-0199.csv"
    register.write_text(
        "rule,number,holder,expires_on,phones\n"
        f"{CMA},{OWN},某检测 {next(mark)},2024-06-28,+1{HOLDER}\n"
        f"{CMA},240000000001,某检测,{next(mark)},+1{HOLDER}\n"
        f"{next(mark)},240000000002,某检测,2024-06-28,+1{HOLDER}\n"
        f"{next(mark)},240000000003,某检测,2024-06-28,+1{HOLDER}\n",
        "utf-8",
    )
    live = ("--from", "2024-01-29T00:00+08:00", "--yes", "--approved-by", next(mark))
    yield "authorities", "live", "990000", CMA, *live
    yield "authorities", "staff", "990000", f"+1{HOLDER}", "--name", next(mark)
    yield "import", str(register)
    yield "opt-outs", "add", "+12125550177", "--reason", next(mark)
    yield "pause", "office:us-nyc", "--reason", next(mark)


def wrong_commands(mark: Iterator[str]) -> Iterator[Sequence[str]]:
    """The stray phone where it is no value, each way in which a command says so."""
    yield "opt-outs", "add", f"{next(mark)} or {next(mark)}"
    yield "pause", next(mark), "--reason", next(mark)
    yield "keys", "revoke", next(mark)
    yield "explain", "--permit", next(mark)
    yield "counts", "--from", next(mark), "--to", "2024-01-29"
    yield "import", f"{next(mark).replace('/', '-')}.csv"
    yield "report", "--week", next(mark)
    yield "messages", "give-up", next(mark), "--reason", next(mark)
    yield (next(mark),)


READING_COMMANDS: Final = (
    ("calls", "--format", "csv"),
    ("report", "--week", "2024-W05"),
    ("messages", "list"),
)


async def live_through_requests(folder: Path, seen: Seen, mark: Iterator[str]) -> None:
    """A text is sent, and every route is asked with the stray phone in each place."""
    text = (ROOT / "examples" / "authorities.toml").read_text("utf-8")
    office = tomllib.loads(text)["authorities"][0] | {"helpline": "212-555-0188"}
    async with open_installation(load_settings()) as installation:
        clock = installation.clock
        assert isinstance(clock, SimulatedClock)
        clock.move_to(datetime.fromisoformat(NOON))
        key = await installation.api_key_store.create(
            next(mark), next(mark), clock.now()
        )
        spool = folder / "permit-reminders.db.outbox"
        deps = PlatformDeps(spool, clock, timeout=2.0, proxy=None, environ={})
        async with open_platform(load_format(folder / "format.toml"), deps) as provider:
            server = TestServer(application(installation, provider))
            headers = {"Authorization": f"Bearer {key}"}
            async with TestClient(server, headers=headers) as http:
                await ask(http, seen, "PUT", "/v1/authorities/990000", office)
                assert (await tick(installation.tick_deps(provider))).posted == 1
                await ask_for_everything(http, seen, mark)


async def ask_for_everything(http: Http, seen: Seen, mark: Iterator[str]) -> None:
    """Send good and bad requests to every route."""
    for kind in ("status", "inbound", quote(next(mark))):
        await ask(http, seen, "POST", f"/webhooks/outbox/{kind}", next(mark))
    await ask(http, seen, "GET", f"/v1/{quote(next(mark))}")
    for one in ENDPOINTS:
        for path, body in bad_requests(one, mark):
            await ask(http, seen, one.method, path, body)
    for path in KNOWN.values():
        found = json.loads(await ask(http, seen, "GET", path))
        is_rule = path.startswith("/v1/rules")
        method, where = ("POST", f"{path}/versions") if is_rule else ("PUT", path)
        await ask(http, seen, method, where, marked(found, mark))
    for method, path, body in (
        ("POST", "/v1/pause", {"scope": f"rule:{CMA}"}),
        ("PUT", "/v1/opt-outs", {"phone": "+12125550178"}),
    ):
        await ask(http, seen, method, path, {**body, "reason": next(mark)})
    await ask(http, seen, "GET", f"/v1/explain?permit={OWN}")
    for path in ("/v1/messages", "/v1/reminders", "/v1/permits", "/v1/opt-outs"):
        assert '"items":[]' not in await ask(http, seen, "GET", path)


async def ask(
    http: Http, seen: Seen, method: str, path: str, body: object = None
) -> str:
    """Send a request; the text of its answer."""
    async with http.request(method, path, json=body) as answer:
        text = await answer.text()
        assert answer.status != 500, (method, path, body)
    if answer.status >= 400:
        seen.add("errors to requests", without_escapes(text))
        return text
    others, holders = without_holders(text)
    seen.add("answers to requests", others)
    seen.add("holders in answers to requests", holders)
    return text


def without_holders(text: str) -> tuple[str, str]:
    """An answer without the names of holders, and these names."""
    names = []

    def take(found: dict[str, Any]) -> dict[str, Any]:
        names.append(str(found.pop("holder", "")))
        return found

    try:
        others = json.loads(text, object_hook=take)
    except ValueError:
        return text, ""
    return json.dumps(others, ensure_ascii=False), "\n".join(names)


def bad_requests(one: Endpoint, mark: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """Paths and bodies with the stray phone as each of their values."""
    query = one.parameters.get("query")
    names = [*(query.model_fields if query else ()), next(mark)]
    asked = "&".join(f"{quote(name)}={quote(next(mark))}" for name in names)
    path = KNOWN.get(one.path, one.path)
    path = re.sub(r"\{\w+\}", lambda _: quote(next(mark), safe=""), path)
    yield f"{path}?{asked}", None
    yield re.sub(r"\{\w+\}", lambda _: quote(next(mark), safe=""), one.path), None
    if one.body:
        fields = [*one.body.model_fields, next(mark)]
        yield path, {name: next(mark) for name in fields}
        yield path, {name: [{next(mark): next(mark)}] for name in fields}
        yield path, next(mark)


def marked(found: object, mark: Iterator[str]) -> Any:  # noqa: ANN401 - as JSON
    """The document with the stray phone instead of each text in it."""
    if isinstance(found, str):
        return next(mark)
    if isinstance(found, Mapping):
        return {name: marked(value, mark) for name, value in found.items()}
    return [marked(one, mark) for one in found] if isinstance(found, list) else found


def look_at_files(folder: Path, seen: Seen) -> None:
    """All files but the database; the outbox has one of its own, taken as raw bytes."""
    for path in folder.rglob("*"):
        place = path.relative_to(folder)
        if path.is_file() and place.name not in DATABASE:
            encoding = "gb18030" if place.parts[0] == "outbox" else "utf-8"
            text = path.read_bytes().decode(encoding, "replace")
            seen.add(f"file {place.parts[0]}", text)


def look_at_database(folder: Path, seen: Seen) -> None:
    """Every column in the clear."""
    for (table,) in sql(folder, "SELECT name FROM sqlite_schema WHERE type = 'table'"):
        columns = [row[1] for row in sql(folder, f"PRAGMA table_info({table})")]
        for row in sql(folder, f"SELECT * FROM {table}"):  # noqa: S608 - from its schema
            for column, value in zip(columns, row, strict=True):
                if isinstance(value, str):
                    seen.add(f"column {table}.{column}", without_escapes(value))


def without_escapes(text: str) -> str:
    """The same text, or the same JSON with its characters as they are."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return text
