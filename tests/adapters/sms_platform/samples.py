"""Sample messages and formats, an open provider, and its files."""

import csv
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from service.adapters.clock import SimulatedClock
from service.adapters.sms_platform.format.file import format_from
from service.adapters.sms_platform.format.model import PlatformFormat
from service.adapters.sms_platform.open_platform import PlatformDeps, open_platform
from service.flow.sending.provider import OpenMessage, Outgoing, Provider

NOW = datetime(2024, 1, 29, 2, tzinfo=UTC)
PHONE, BODY = "+12125550142", "【临江】许可证（尾号0142）到期，请于2月9日前申请。"
SPOOL = "ledger.db.outbox"
ID = "019b0000-0000-7000-8000-00000000000{}"

COLUMNS: Mapping[str, object] = {
    "序号": "id",
    "手机号": "phone",
    "内容": "body",
}


def sheet(at: Path, **changed: Any) -> PlatformFormat:  # noqa: ANN401 - what TOML says
    """A format of CSV files in a folder."""
    known = {"folder": str(at / "out"), "format": "csv", "columns": COLUMNS}
    return format_from({"file": known | changed}, "format.toml", at)


def message(number: int = 1, **changed: Any) -> Outgoing:  # noqa: ANN401 - fields
    """A claimed message to the one phone."""
    known: dict[str, Any] = {
        "id": ID.format(number),
        "attempt": 1,
        "encrypted_phone": b"",
        "body": BODY,
        "template": "renewal-prepare",
        "language": "zh",
        "valid_for": 3600.0,
        "phone": PHONE,
    }
    return Outgoing(**known | changed)


def unknown(message_id: str) -> OpenMessage:
    """The message of an id, whose outcome is unknown."""
    return OpenMessage(message_id, "outbox", "r", b"", BODY, NOW, NOW, None, NOW)


@asynccontextmanager
async def opened(
    found: PlatformFormat,
    folder: Path,
    now: datetime = NOW,
    patience: float = 2.0,
    environ: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[Provider]:
    """The outbox of a format, with its spool in a folder."""
    place = PlatformDeps(
        spool=folder / SPOOL,
        clock=SimulatedClock(now),
        timeout=patience,
        proxy=None,
        environ=environ,
    )
    async with open_platform(found, place) as provider:
        yield provider


def files(folder: Path) -> list[Path]:
    """Return the files that the platform would take."""
    return sorted(one for one in (folder / "out").glob("*") if one.is_file())


def rows(path: Path, encoding: str = "utf-8-sig") -> list[list[str]]:
    """A CSV file without its headings."""
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.reader(file))[1:]
