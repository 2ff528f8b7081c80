from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from service.app import Installation
from service.domain.errors import InvalidError, Mistake
from service.flow.permits.import_record import (
    ChunkNote,
    ImportFile,
    ImportMode,
    ImportState,
)
from service.flow.permits.import_run import begin_import, resume_import
from service.flow.permits.register import RegisterSource

Ask = Callable[..., Awaitable[tuple[int, Any]]]

NOW = datetime(2024, 1, 29, 2, tzinfo=UTC)


def file_of(register: str) -> ImportFile:
    return ImportFile(
        register=register,
        name=f"{register}.csv",
        content=b"1" * 32,
        mapping=b"2" * 32,
        mode=ImportMode.UPSERT,
        exported_at=NOW,
    )


async def test_an_import_under_way_shows_its_progress(
    ask: Ask, installation: Installation
) -> None:
    deps = installation.import_deps
    run = await begin_import(file_of("city"), 1000, deps, by="ann")
    path = f"/v1/imports/{run.record.id}"
    status, shown = await ask("GET", path)
    assert (status, shown["committed"], shown["rows_per_second"]) == (200, 0, None)
    law = await installation.law_store.current_law()
    note = ChunkNote(
        import_id=run.record.id,
        committed_before=0,
        committed=250,
        seconds=10.0,
        counts=lambda _: {"rejected": 250},
        refused=lambda _: {},
    )
    store = deps.registration.store
    await store.register([], RegisterSource("city"), NOW, law.digest, note=note)
    _, shown = await ask("GET", path)
    assert shown == {
        "id": run.record.id,
        "register": "city",
        "file": "city.csv",
        "mode": "upsert",
        "state": "running",
        "dry_run": False,
        "rows": 1000,
        "committed": 250,
        "counts": {"rejected": 250},
        "rows_per_second": 25.0,
        "seconds_left": 30.0,
        "exported_at": "2024-01-29T02:00:00Z",
        "started_at": "2024-01-29T02:00:00Z",
        "ended_at": None,
        "by": "ann",
        "report": None,
    }


async def test_imports_are_listed_the_newest_first_page_by_page(
    ask: Ask, installation: Installation
) -> None:
    for register in ("city", "county", "city"):
        await begin_import(file_of(register), 1, installation.import_deps, by="ann")
    _, first = await ask("GET", "/v1/imports?limit=2")
    assert [one["register"] for one in first["items"]] == ["city", "county"]
    _, last = await ask("GET", f"/v1/imports?limit=2&after={first['next']}")
    assert ([one["register"] for one in last["items"]], last["next"]) == (
        ["city"],
        None,
    )
    _, county = await ask("GET", "/v1/imports?register=county")
    assert len(county["items"]) == 1


async def test_a_phone_in_the_name_of_a_file_is_masked(
    ask: Ask, installation: Installation
) -> None:
    deps = installation.import_deps
    await begin_import(file_of("+12125550101"), 1, deps, by="ann")
    _, shown = await ask("GET", "/v1/imports")
    [named] = [(one["file"], one["register"]) for one in shown["items"]]
    assert named == ("+1212***0101.csv", "+1212***0101")


async def test_an_unknown_import_is_not_found(ask: Ask) -> None:
    path = "/v1/imports/01900000-0000-7000-8000-000000000142"
    assert (await ask("GET", path))[0] == 404


async def test_a_trial_leaves_the_reasons_of_an_import_that_may_be_resumed(
    installation: Installation,
) -> None:
    deps, file = installation.import_deps, file_of("city")
    run = await begin_import(file, 2, deps, by="ann")
    error = InvalidError("row", [Mistake("replaces", "1", "a permit of the holder")])
    note = run.note(1, lambda _: {"rejected": 1}, lambda _: {0: error})
    digest = (await installation.law_store.current_law()).digest
    store = deps.registration.store
    await store.register([], RegisterSource("city"), NOW, digest, note=note)
    await run.end(ImportState.STOPPED, {"rejected": 1}, {})
    trial = await begin_import(replace(file, is_trial=True), 2, deps, by="ann")
    await trial.end(ImportState.DONE, {}, {})
    resumed = await resume_import(file, 2, deps, by="ann")
    assert [*resumed.record.refused] == [0]
    await resumed.end(ImportState.DONE, {}, {})
    assert not (await deps.store.resume(run.record.id, "ann")).refused
