"""Registers that are sent to the server, imported by its processes."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from errno import ENOSPC
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient

from service.adapters.uploads.folder import UploadFolder
from service.adapters.uploads.processes import MOST_UPLOADS
from service.app import Installation
from service.flow.permits.import_record import ImportRecord, ImportState
from service.web.api.imports import upload
from tests.web.conftest import settings_in

Http = TestClient[web.Request, web.Application]
Send = Callable[..., Awaitable[tuple[int, Any]]]

FOOD = "cn-food-production-license"
HEADER = "rule,number,holder,expires_on,phones\n"
MAPPING = """
rule = "cn-food-production-license"
[columns]
"编号" = "number"
"单位" = "holder"
"到期" = "expires_on"
"电话" = "phones"
"""
EXPORT = "编号,单位,到期,电话\n"


def rows(count: int) -> str:
    return HEADER + "".join(
        f"{FOOD},SC{number:014},临江甜点有限公司,2024-12-{number % 28 + 1:02},"
        f"+1212555{100 + number % 90:04}\n"
        for number in range(count)
    )


def uploads_in(folder: Path) -> Path:
    """Where uploads are kept for an installation in a folder."""
    beside = folder / settings_in(folder).file_beside
    return beside.with_name(f"{beside.name}.uploads")


@pytest.fixture
async def send(http: Http, installation: Installation) -> AsyncIterator[Send]:
    """Send a register; the status and the JSON of the answer."""

    async def post(query: str = "", **parts: str | bytes) -> tuple[int, Any]:
        form = FormData(default_to_multipart=True)
        for name, content in parts.items():
            text = content.encode() if isinstance(content, str) else content
            form.add_field(name, BytesIO(text), filename=f"{name}.csv")
        async with http.post(f"/v1/imports{query}", data=form) as answer:
            told = await answer.json()
            if answer.status == 202:
                assert answer.headers["Location"] == f"/v1/imports/{told['id']}"
                return answer.status, told["id"]
            return answer.status, told

    yield post
    await installation.uploads.close()


def children() -> list[int]:
    """The processes that this one has started."""
    listed = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text("utf-8")
    return [int(one) for one in listed.split()]


async def over(installation: Installation, import_id: str) -> ImportRecord:
    """The record of an import, once it does not run any more."""
    while True:
        record = await installation.import_store.get(import_id)
        if record.state is not ImportState.RUNNING:
            return record
        await asyncio.sleep(0.02)


async def test_a_register_is_imported_and_its_rejected_rows_come_back(
    send: Send, http: Http, installation: Installation
) -> None:
    status, told = await send(
        file=EXPORT + "SC1,临江甜点,2024-12-31,+12125550142\nSC2,某某,一月,\n",
        mapping=MAPPING,
    )
    assert status == 202, told
    record = await over(installation, told)
    assert record.counts == {"registered": 1, "rejected": 1}
    assert (record.state, record.by, record.file.name) == ("done", "test", "file.csv")
    async with http.get(f"/v1/imports/{told}/rejects") as answer:
        assert answer.content_type == "text/csv"
        lines = (await answer.text("utf-8-sig")).splitlines()
    assert lines[0] == "line,reason,repair,编号,单位,到期,电话"
    assert lines[1].startswith('3,"expires_on (到期): found')
    again, _ = await send(file=EXPORT + "SC1,临江甜点,2024-12-31,\n", mapping=MAPPING)
    assert again == 202


async def test_the_same_file_again_changes_nothing_and_rejects_nothing(
    send: Send, http: Http, installation: Installation
) -> None:
    _, first = await send(file=rows(3))
    await over(installation, first)
    _, second = await send(file=rows(3))
    record = await over(installation, second)
    assert record.counts == {"unchanged": 3}
    async with http.get(f"/v1/imports/{second}/rejects") as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("parts", "fields"),
    [
        ({}, ["file"]),
        ({"file": b"x", "other": b""}, ["other"]),
        ({"file": "a,b\n1,2\n"}, ["a", "b", "number", "holder", "expires_on", "rule"]),
        (
            {
                "file": EXPORT,
                "mapping": MAPPING.replace("cn-food-production-license", "no-such"),
            },
            ["rule"],
        ),
    ],
)
async def test_all_mistakes_of_a_file_and_its_mapping_are_named(
    send: Send, installation: Installation, parts: dict[str, str], fields: list[str]
) -> None:
    status, told = await send(**parts)
    assert status == 422, told
    assert sorted(one["field"] for one in told["errors"]) == sorted(fields)
    assert "/" not in told["detail"]
    assert await installation.import_store.page(None, None, 1) == []
    assert not installation.uploads.is_full


async def test_what_is_no_form_or_too_long_is_refused(
    send: Send, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with http.post("/v1/imports", data=b"a") as answer:
        assert answer.status == 415
    kind = {"Content-Type": "multipart/form-data"}
    async with http.post("/v1/imports", data=b"a", headers=kind) as answer:
        assert answer.status == 400
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    async with http.post("/v1/imports", data=b"--x\r\nab", headers=kind) as answer:
        assert answer.status == 400
    monkeypatch.setitem(upload.LONGEST, "file", 1 << 20)
    status, told = await send(file=b"a" * (1 << 20) + b"a")
    assert (status, told["detail"]) == (
        413,
        "file: longer than it may be; send at most 1 MiB",
    )


async def test_an_import_that_is_stopped_goes_on_when_the_file_is_sent_again(
    send: Send, installation: Installation
) -> None:
    _, told = await send(file=rows(1500))
    await installation.uploads.close()
    stopped = await installation.import_store.get(told)
    assert stopped.state is ImportState.STOPPED
    assert stopped.counts.get("registered", 0) == stopped.committed < 1500
    assert await send(file=rows(1500)) == (202, told)
    record = await over(installation, told)
    assert record.counts == {"registered": 1500}


@pytest.mark.deep
async def test_a_killed_process_is_noted_and_a_running_import_is_not_begun_twice(
    send: Send, installation: Installation
) -> None:
    _, told = await send(file=rows(50_000))
    assert await send(file=rows(50_000)) == (202, told)
    for child in children():
        os.kill(child, signal.SIGKILL)
    record = await over(installation, told)
    assert record.state is ImportState.STOPPED
    assert record.counts.get("registered", 0) == record.committed < 50_000


async def test_an_import_that_ended_with_the_machine_is_shown_as_stopped(
    send: Send, installation: Installation, tmp_path: Path
) -> None:
    _, told = await send(file=rows(1))
    done = await over(installation, told)
    await installation.uploads.close()
    await installation.import_store.resume(done.id, "test")  # as if it still ran
    [folder] = uploads_in(tmp_path / "installation").iterdir()
    (folder.parent / "new-half").mkdir()
    await installation.uploads.recover()
    assert [one.name for one in folder.parent.iterdir()] == [done.id]
    record = await installation.import_store.get(done.id)
    assert (record.state, record.counts) == (ImportState.STOPPED, {"registered": 1})


async def test_what_was_rejected_is_deleted_after_thirty_days_though_nobody_uploads(
    send: Send, http: Http, installation: Installation, tmp_path: Path
) -> None:
    _, told = await send(file=rows(1) + f"{FOOD},SC9,某某,一月,\n")
    await over(installation, told)
    await installation.uploads.close()
    [folder] = uploads_in(tmp_path / "installation").iterdir()
    now, found = folder.stat().st_mtime, list[int]()
    for days in (29, 31):
        long_ago = now - days * 86_400
        os.utime(folder, (long_ago, long_ago))
        async with installation.uploads.swept_daily():
            await installation.uploads.sweep()
        async with http.get(f"/v1/imports/{told}/rejects") as answer:
            found.append(answer.status)
    assert (found, folder.exists()) == ([200, 404], False)


async def test_an_upload_that_goes_during_a_sweep_keeps_no_other_from_deletion(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = uploads_in(tmp_path / "installation")
    for name in ("one", "two"):
        (root / name).mkdir(parents=True)
        os.utime(root / name, (0, 0))
    lock, locked = UploadFolder.try_lock, list[UploadFolder]()

    def lose_the_first(folder: UploadFolder) -> bool:
        has_it = lock(folder)
        if not locked:
            folder.path.rmdir()
        locked.append(folder)
        return has_it

    monkeypatch.setattr(UploadFolder, "try_lock", lose_the_first)
    await installation.uploads.sweep()
    assert (len(locked), [*root.iterdir()]) == (2, [])
    for folder in locked:
        with pytest.raises(AssertionError):
            _ = folder.lock


async def test_no_more_uploads_are_received_than_four(
    send: Send, installation: Installation
) -> None:
    async with AsyncExitStack() as received:
        for _ in range(MOST_UPLOADS):
            await received.enter_async_context(installation.uploads.receive())
        status, told = await send(file=rows(1))
        assert status == 503
        assert told["detail"].startswith("other imports are under way")
    assert not installation.uploads.is_full


async def test_a_full_disk_is_an_answer_and_leaves_nothing(
    send: Send, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise OSError(ENOSPC, os.strerror(ENOSPC))

    monkeypatch.setattr("service.adapters.uploads.folder.mkdtemp", full)
    status, _ = await send(file=rows(1))
    assert status == 503
    assert not installation.uploads.is_full
