"""Registers that are sent as full exports, strictly, or only to try."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import literal, update

from service.adapters.store.db.schema import imports
from service.adapters.store.db.types import database_now_plus
from service.app import Installation
from service.flow.permits.import_record import ImportState
from tests.web.api.test_import_upload import (
    EXPORT,
    MAPPING,
    Http,
    Send,
    over,
    rows,
    send,
)

__all__ = ("send",)

FULL = MAPPING.replace("[columns]", 'source = "city"\n[columns]') + "[snapshot]\n"
LATER = "2100-01-01T00:00:00Z"
SNAPSHOT = f"?mode=snapshot&exported_at={LATER}"
WRONG = "SC9,某某,一月,\n"


def export(*numbers: int) -> str:
    return EXPORT + "".join(f"SC{one},临江甜点,2024-12-31,\n" for one in numbers)


async def stored(http: Http) -> dict[str, str]:
    """The status of each permit, by its number."""
    async with http.get("/v1/permits") as answer:
        found = await answer.json()
    return {one["number"]: one["status"] for one in found["items"]}


async def test_a_dry_run_says_what_would_happen_and_stores_nothing(
    send: Send, http: Http, installation: Installation
) -> None:
    status, told = await send("?dry_run=true", file=export(1) + WRONG, mapping=MAPPING)
    assert status == 202, told
    record = await over(installation, told)
    assert (record.state, record.committed) == (ImportState.DONE, 0)
    assert record.counts == {"registered": 1, "rejected": 1}
    async with http.get(f"/v1/imports/{told}") as answer:
        shown = await answer.json()
    assert shown["dry_run"] is True
    assert shown["report"][:3] == [
        "read as comma-separated UTF-8, header in line 1",
        "1 registered, 1 rejected",
        "dry run, nothing is stored: within 7 days it would cause 0 reminders",
    ]
    assert await stored(http) == {}
    async with http.get(f"/v1/imports/{told}/rejects") as answer:
        assert answer.status == 200
    deps = installation.import_deps
    assert await deps.store.last(record.file.register) is None, "nothing to resume"


async def test_a_strict_import_with_a_rejected_row_is_refused(
    send: Send, http: Http, installation: Installation
) -> None:
    _, told = await send("?strict=true", file=export(1) + WRONG, mapping=MAPPING)
    record = await over(installation, told)
    assert record.state is ImportState.REFUSED
    assert record.report is not None
    assert record.report[-1] == "nothing is stored, because of --strict"
    assert await stored(http) == {}
    _, told = await send("?strict=true", file=export(1), mapping=MAPPING)
    record = await over(installation, told)
    assert (record.state, record.counts) == (ImportState.DONE, {"registered": 1})


async def test_a_full_export_withdraws_what_it_lacks_if_that_is_confirmed(
    send: Send, http: Http, installation: Installation
) -> None:
    status, told = await send(file=export(*range(12)), mapping=FULL)
    assert status == 202, told
    await over(installation, told)
    status, told = await send(SNAPSHOT, file=export(0), mapping=FULL)
    assert status == 202, told
    record = await over(installation, told)
    assert record.state is ImportState.UNCONFIRMED
    assert record.report is not None
    assert record.report[2].startswith("11 of 12 permits of city are absent")
    assert set((await stored(http)).values()) == {"active"}
    _, told = await send(f"{SNAPSHOT}&withdraw_up_to=11", file=export(0), mapping=FULL)
    record = await over(installation, told)
    assert (record.state, record.counts) == (
        ImportState.DONE,
        {"absent from register": 11, "unchanged": 1},
    )
    assert [one for one, status in (await stored(http)).items() if status == "active"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?mode=snapshot", "exported_at"),
        ("?withdraw_up_to=3", "withdraw_up_to"),
        ("?mode=all", "mode"),
        ("?mode=filed", "mode"),  # the mapping says so
        ("?strict=yes", "strict"),
        (SNAPSHOT, "snapshot"),
    ],
)
async def test_options_that_do_not_fit_are_refused(
    send: Send, query: str, field: str
) -> None:
    status, told = await send(query, file=export(1), mapping=MAPPING)
    assert status == 422, told
    assert [one["field"] for one in told["errors"]] == [field]


async def test_an_import_whose_process_was_killed_is_shown_as_stopped(
    send: Send, installation: Installation
) -> None:
    _, told = await send(file=rows(1))
    await over(installation, told)
    await installation.import_store.resume(told, "ann")  # as if it still ran
    assert (await installation.import_store.get(told)).state is ImportState.RUNNING
    async with installation.database.write() as connection:
        died_at = database_now_plus(literal(-301.0))
        await connection.execute(update(imports).values(alive_at=died_at))
    assert (await installation.import_store.get(told)).state is ImportState.STOPPED
    exported = "?exported_at=2024-01-02T08:00:00%2B08:00"
    assert await send(exported, file=rows(1)) == (202, told), "it goes on"
    record = await over(installation, told)
    assert record.state is ImportState.DONE
    assert record.file.exported_at == datetime(2024, 1, 2, tzinfo=UTC), "said last"
