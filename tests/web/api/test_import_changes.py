from collections.abc import Awaitable, Callable
from typing import Any

from service.app import Installation
from service.flow.permits.import_run import begin_import
from service.flow.permits.register import RegisterSource, register
from tests.flow.ledger import permit
from tests.web.api.test_imports import file_of

Ask = Callable[..., Awaitable[tuple[int, Any]]]


async def changed_by_an_import(
    installation: Installation,
    *numbers: str,
    **fields: Any,  # noqa: ANN401 - a permit's
) -> str:
    """Import permits, and give the id of the import."""
    deps = installation.import_deps
    run = await begin_import(file_of("city"), len(numbers), deps, by="ann")
    await register(
        [permit(number, **fields) for number in numbers],
        *(RegisterSource("city"), deps.registration),
        skip_idle=False,
        note=run.note(len(numbers), lambda _: {}, lambda _: {}),
    )
    return run.record.id


async def test_the_changes_of_an_import_are_listed_page_by_page(
    ask: Ask, installation: Installation
) -> None:
    first = await changed_by_an_import(installation, "SC-1", "SC-2", "SC-3")
    second = await changed_by_an_import(installation, "SC-2", holder="Another")
    _, page = await ask("GET", f"/v1/imports/{first}/changes?limit=2")
    assert [(one["number"], one["what"]) for one in page["items"]] == [
        ("SC-1", "registered"),
        ("SC-2", "registered"),
    ]
    _, last = await ask("GET", f"/v1/imports/{first}/changes?after={page['next']}")
    assert ([one["number"] for one in last["items"]], last["next"]) == (["SC-3"], None)
    _, other = await ask("GET", f"/v1/imports/{second}/changes")
    [change] = other["items"]
    assert (change["by"], change["what"], change["fields"]) == (
        "ann",
        "changed",
        {"holder": None},
    )


async def test_all_changes_can_be_followed_from_the_last_one_seen(
    ask: Ask, installation: Installation
) -> None:
    await changed_by_an_import(installation, "SC-1", "SC-2")
    _, seen = await ask("GET", "/v1/import-changes")
    cursor = seen["items"][-1]["cursor"]
    path = f"/v1/import-changes?after={cursor}"
    assert (await ask("GET", path))[1] == {"items": [], "next": None}
    later = await changed_by_an_import(installation, "SC-2", phones=("+12125550199",))
    _, page = await ask("GET", path)
    [change] = page["items"]
    assert (change["import"], change["fields"]) == (
        later,
        {"phones": {"from": ["+1212***0102"], "to": ["+1212***0199"]}},
    )


async def test_changes_of_an_unknown_import_or_from_no_cursor_are_refused(
    ask: Ask,
) -> None:
    unknown = "/v1/imports/01900000-0000-7000-8000-000000000142/changes"
    assert (await ask("GET", unknown))[0] == 404
    assert (await ask("GET", "/v1/import-changes?after=1"))[0] == 422
