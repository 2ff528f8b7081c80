import logging
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service.adapters.sms_platform.format.file import load_format
from service.adapters.tables.table_file import open_table
from service.domain.delivery.outcome import (
    Accepted,
    ListedMessage,
    NotPosted,
    Receipt,
    RefusalKind,
    Refused,
)
from service.domain.delivery.status import MessageState
from service.domain.errors import SetUpError
from service.flow.monotonic import monotonic_now
from service.flow.sending.provider import Listing
from service.settings import shipped_folder
from tests.adapters.sms_platform.samples import (
    BODY,
    ID,
    NOW,
    PHONE,
    SPOOL,
    files,
    message,
    opened,
    rows,
    sheet,
    unknown,
)

EXAMPLES = shipped_folder("examples") / "outbox"
LATER = NOW + timedelta(hours=2)


def example(name: str, folder: Path) -> Path:
    """Copy an example next to its folder."""
    copy = folder / name
    copy.write_bytes((EXAMPLES / name).read_bytes())
    return copy


def parts(folder: Path) -> list[Path]:
    """The spool's files, SQLite's write-ahead log included."""
    return sorted(folder.glob(f"{SPOOL}*"))


def spooled(folder: Path) -> str:
    """The contents of the spool's files."""
    whole = b"".join(one.read_bytes() for one in parts(folder))
    return whole.decode(errors="replace")


async def test_accepted_messages_are_handed_over_in_one_file(tmp_path: Path) -> None:
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        for number in (1, 2):
            said = await outbox.send(message(number))
            assert said == Accepted(ID.format(number))
        assert not files(tmp_path)
        await outbox.flush()
        await outbox.flush()
    [file] = files(tmp_path)
    assert file.name == "reminders-000001.csv"
    assert rows(file) == [[ID.format(number), PHONE, BODY] for number in (1, 2)]
    assert file.read_bytes().startswith("\ufeff序号,手机号,内容\r\n".encode())


async def test_only_the_owner_can_read_files_that_hold_phones(tmp_path: Path) -> None:
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        await outbox.send(message())
        await outbox.flush()
        spool = parts(tmp_path)
        [file] = files(tmp_path)
        modes = {stat.S_IMODE(one.stat().st_mode) for one in (file, *spool)}
    assert len(spool) == 3
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700


async def test_the_spool_forgets_phones_and_texts_with_their_file(
    tmp_path: Path,
) -> None:
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        await outbox.send(message())
        assert [one in spooled(tmp_path) for one in (PHONE, BODY)] == [True, True]
        await outbox.flush()
        assert [one in spooled(tmp_path) for one in (PHONE, BODY)] == [False, False]


async def test_a_csv_file_in_gb18030_is_as_its_platform_wants_it(
    tmp_path: Path,
) -> None:
    found = load_format(example("gb18030-csv.toml", tmp_path))
    async with opened(found, tmp_path) as outbox:
        await outbox.send(message())
        await outbox.flush()
    [file] = (tmp_path / "outbox").glob("*.csv")
    assert file.read_bytes().decode("gb18030").split("\r\n") == [
        "业务流水号,手机号码,短信内容,最晚发送时间,业务类型",
        f"{ID.format(1)},2125550142,{BODY},2024-01-29 11:00:00,许可到期提醒",
        "",
    ]


async def test_a_workbook_holds_texts_and_no_formula_or_number(tmp_path: Path) -> None:
    found = load_format(example("workbook.toml", tmp_path))
    body = "=1+1, and not 2"
    async with opened(found, tmp_path) as outbox:
        assert await outbox.send(message(body=body)) == Accepted(ID.format(1))
        await outbox.flush()
    [file] = (tmp_path / "outbox").glob("*.xlsx")
    template, until = "renewal-prepare", "01/28/2024 22:00:00"
    with open_table(file) as table:
        rows = [table.header, *(row.cells for row in table.rows)]
    assert rows == [
        ["Reference", "Mobile", "Text", "Language", "Campaign", "Send by"],
        [ID.format(1), PHONE, body, "zh", template, until],
    ]


async def test_a_message_past_its_deadline_is_not_spooled(
    tmp_path: Path,
) -> None:
    """After the lease, another worker may have found it absent and sent it again."""
    late = replace(message(), post_until=monotonic_now() - 0.001)
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        said = await outbox.send(late)
        assert isinstance(said, Refused)
        assert said.kind is RefusalKind.RETRY_SAFE
        assert await outbox.find(unknown(ID.format(1)), PHONE) == Listing([])
        in_time = replace(message(2), post_until=monotonic_now() + 60)
        assert await outbox.send(in_time) == Accepted(ID.format(2))


@pytest.mark.parametrize("left", [2.0, 1.0, 0.0, -60.0])
async def test_a_message_without_time_left_is_not_spooled(
    tmp_path: Path, left: float
) -> None:
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        said = await outbox.send(message(valid_for=left))
        assert isinstance(said, NotPosted)
        assert await outbox.send(message(2, valid_for=2.1)) == Accepted(ID.format(2))
        assert await outbox.find(unknown(ID.format(1)), PHONE) == Listing([])


@pytest.mark.parametrize("body", ["=1+1", "+1 for you", "-1", "@all", "'=1", "\t=1"])
async def test_a_csv_text_that_a_spreadsheet_would_run_is_refused_and_not_altered(
    tmp_path: Path, body: str
) -> None:
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        said = await outbox.send(message(body=body))
        await outbox.flush()
    assert isinstance(said, Refused)
    assert (said.kind, said.code) == (RefusalKind.BAD_CONTENT, "formula")
    assert not files(tmp_path)


async def test_a_text_of_several_lines_and_quotes_arrives_as_written(
    tmp_path: Path,
) -> None:
    body = '【临江】"a", b;\r\nc'
    async with opened(sheet(tmp_path, delimiter=";"), tmp_path) as outbox:
        assert isinstance(await outbox.send(message(body=body)), Accepted)
        await outbox.flush()
    [file] = files(tmp_path)
    quoted = body.replace('"', '""')
    assert f'{PHONE};"{quoted}"'.encode() in file.read_bytes()


@pytest.mark.parametrize(
    ("changed", "one", "kind", "code"),
    [
        (
            {"encoding": "gbk"},
            {"body": "😀"},
            RefusalKind.BAD_CONTENT,
            "encoding",
        ),
        (
            {"columns": {"a": "phone_national", "b": "body"}, "calling_code": 86},
            {},
            RefusalKind.ROUTE,
            "country",
        ),
    ],
)
async def test_a_message_that_the_format_cannot_represent_stops_no_other(
    tmp_path: Path,
    changed: dict[str, object],
    one: dict[str, Any],
    kind: RefusalKind,
    code: str,
) -> None:
    async with opened(sheet(tmp_path, **changed), tmp_path) as outbox:
        said = await outbox.send(message(**one))
    assert isinstance(said, Refused)
    assert (said.kind, said.code) == (kind, code)
    assert PHONE not in repr(said)


async def test_the_spool_of_a_dead_process_is_handed_over_at_the_next_start(
    tmp_path: Path,
) -> None:
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        await outbox.send(message())
    assert not files(tmp_path)
    async with opened(sheet(tmp_path), tmp_path):
        [file] = files(tmp_path)
    assert [row[0] for row in rows(file)] == [ID.format(1)]


async def test_a_message_that_expired_in_the_spool_is_left_out_and_canceled(
    tmp_path: Path,
) -> None:
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        await outbox.send(message(1))
        await outbox.send(message(2, valid_for=3 * 3600.0))
    async with opened(sheet(tmp_path), tmp_path, LATER) as outbox:
        [file] = files(tmp_path)
        assert [row[0] for row in rows(file)] == [ID.format(2)]
        assert await outbox.find(unknown(ID.format(1)), PHONE) == Listing([])
        told = await outbox.fetch_receipt(ID.format(1))
    assert isinstance(told, Receipt)
    assert (told.state, told.raw) == (
        MessageState.CANCELED,
        {"outbox": "no time is left to send it in"},
    )


async def test_no_messages_make_no_file(tmp_path: Path) -> None:
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        await outbox.send(message(1))
    async with opened(sheet(tmp_path), tmp_path, LATER) as outbox:
        await outbox.send(message(2))
        await outbox.flush()
    [file] = files(tmp_path)
    assert [row[0] for row in rows(file)] == [ID.format(2)]


async def test_a_message_is_found_by_its_id_in_the_spool_and_in_a_file(
    tmp_path: Path,
) -> None:
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        await outbox.send(message(1))
        for _ in range(2):
            found = ListedMessage(ID.format(1), MessageState.ACCEPTED, NOW)
            listed = await outbox.find(unknown(ID.format(1)), PHONE)
            assert listed == Listing([found])
            await outbox.flush()
        assert await outbox.find(unknown(ID.format(2)), PHONE) == Listing([])
        [told] = await outbox.fetch_receipts([ID.format(1), ID.format(2)], NOW) or []
        assert (told.provider_id, told.state) == (ID.format(1), MessageState.ACCEPTED)
        assert await outbox.fetch_receipt(ID.format(2)) is None


async def test_a_message_sent_twice_is_handed_over_once(tmp_path: Path) -> None:
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        for _ in range(2):
            assert await outbox.send(message()) == Accepted(ID.format(1))
        await outbox.flush()
        assert await outbox.send(message()) == Accepted(ID.format(1))
        await outbox.flush()
    [file] = files(tmp_path)
    assert len(rows(file)) == 1


async def test_while_another_process_writes_nothing_is_accepted_or_found(
    tmp_path: Path,
) -> None:
    async with opened(sheet(tmp_path), tmp_path, patience=0.05) as outbox:
        with closing(sqlite3.connect(tmp_path / SPOOL, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            said = await outbox.send(message())
            assert isinstance(said, Refused)
            assert said.kind is RefusalKind.RETRY_SAFE
            assert await outbox.find(unknown(ID.format(1)), PHONE) is None
        assert await outbox.find(unknown(ID.format(1)), PHONE) == Listing([])


async def test_a_spool_that_was_replaced_proves_no_absence(tmp_path: Path) -> None:
    known = replace(unknown(ID.format(2)), known_id=ID.format(1))
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        await outbox.send(message(1))
        assert await outbox.find(known, PHONE) == Listing([])
        await outbox.flush()
        assert await outbox.find(known, PHONE) == Listing([]), "its id is kept"
    for part in parts(tmp_path):
        part.unlink()
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        assert await outbox.find(known, PHONE) is None
        assert await outbox.find(unknown(ID.format(2)), PHONE) == Listing([])


async def test_the_spool_lists_no_phones(tmp_path: Path) -> None:
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        await outbox.send(message(1))
        assert await outbox.list_since(NOW) is None


async def test_a_file_of_that_name_is_not_written_over(tmp_path: Path) -> None:
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        (tmp_path / "out" / "reminders-000001.csv").write_text("not ours")
        await outbox.send(message())
        await outbox.flush()
    first, second = files(tmp_path)
    assert first.read_text() == "not ours"
    assert len(rows(second)) == 1


async def test_a_file_for_a_missing_folder_is_placed_when_the_folder_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        away = (tmp_path / "out").rename(tmp_path / "away")
        await outbox.send(message())
        await outbox.flush()
        assert "messages wait to be handed over" in caplog.text
        away.rename(tmp_path / "out")
        await outbox.flush()
    [file] = files(tmp_path)
    assert len(rows(file)) == 1


async def test_a_file_that_was_made_waits_for_the_folder_it_was_made_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        await outbox.send(message())
        with monkeypatch.context() as patch:
            patch.setattr(
                "service.adapters.sms_platform.files.provider.place_file", _fails
            )
            await outbox.flush()
        away = (tmp_path / "out").rename(tmp_path / "away")
        (tmp_path / "out").mkdir(0o700)  # where a share is mounted, and is not now
        await outbox.flush()
        (tmp_path / "out").rmdir()
        away.rename(tmp_path / "out")
        assert not files(tmp_path)
        await outbox.flush()
    [file] = files(tmp_path)
    assert len(rows(file)) == 1


def _fails(_: Path) -> None:
    raise OSError(5, "Input/output error")


async def test_another_folder_gets_the_messages_spooled_for_the_former_one(
    tmp_path: Path,
) -> None:
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        await outbox.send(message())
    async with opened(sheet(tmp_path, folder=str(tmp_path / "new")), tmp_path):
        assert not files(tmp_path)
        assert len(rows(tmp_path / "new" / "reminders-000001.csv")) == 1


async def test_a_log_never_shows_a_phone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with opened(sheet(tmp_path), tmp_path) as outbox:
        await outbox.send(message())
        await outbox.flush()
        await outbox.send(message(2))
    async with opened(sheet(tmp_path), tmp_path, LATER):
        pass
    assert "reminders-000001.csv is there" in caplog.text
    assert f"message {ID.format(2)}: no time is left" in caplog.text
    assert "5550142" not in caplog.text


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701])
async def test_a_folder_that_others_look_into_is_refused(
    tmp_path: Path, mode: int
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(mode)
    with pytest.raises(SetUpError, match="run chmod 700 on it"):
        async with opened(sheet(tmp_path), tmp_path):
            pass


async def test_a_folder_without_a_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("no/such", "file/out", "file"):
        with pytest.raises(SetUpError, match="name a folder that can be written to"):
            async with opened(sheet(tmp_path, folder=str(tmp_path / name)), tmp_path):
                pass


async def test_a_spool_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / SPOOL).write_text(
        "not a database, and longer than a header of one " * 9
    )
    with pytest.raises(SetUpError, match=r"ledger\.db\.outbox: file is not a database"):
        async with opened(sheet(tmp_path), tmp_path):
            pass
