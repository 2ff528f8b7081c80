"""What imports changed: one of them, or all as a feed."""

from service.web.api.endpoint import endpoint
from service.web.api.imports.change_models import Change, ChangePage, ChangesQuery
from service.web.api.imports.models import ImportPath
from service.web.api.imports.routes import IMPORTS_PATH
from service.web.services import Services


@endpoint(
    "GET", f"{IMPORTS_PATH}/{{id}}/changes", {200: ChangePage}, error_statuses=(404,)
)
async def list_import_changes(
    services: Services, path: ImportPath, query: ChangesQuery
) -> ChangePage:
    """List what an import changed, permit by permit, the oldest first, page by page."""
    await services.import_store.get(path.id)
    return await _page(services, path.id, query)


@endpoint("GET", "/v1/import-changes", {200: ChangePage})
async def list_all_changes(services: Services, query: ChangesQuery) -> ChangePage:
    """List what all imports changed, in the order in which it was stored.

    To follow the changes, ask with the `cursor` of the last one that you have seen: no
    later change comes before it.
    """
    return await _page(services, None, query)


async def _page(
    services: Services, import_id: str | None, query: ChangesQuery
) -> ChangePage:
    found = await services.import_store.changes(import_id, query.after, query.limit + 1)
    items = [Change.of(one) for one in found[: query.limit]]
    has_more = len(found) > query.limit
    return ChangePage(items=items, next=items[-1].cursor if has_more else None)
