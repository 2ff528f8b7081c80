"""Imports of registers: listed, and looked at while they go on."""

from service.web.api.endpoint import endpoint
from service.web.api.imports.models import (
    Import,
    ImportPage,
    ImportPath,
    ImportsQuery,
)
from service.web.services import Services

IMPORTS_PATH = "/v1/imports"


@endpoint("GET", IMPORTS_PATH, {200: ImportPage})
async def list_imports(services: Services, query: ImportsQuery) -> ImportPage:
    """List imports of registers, the newest first, page by page."""
    found = await services.import_store.page(
        query.register_name, query.after, query.limit + 1
    )
    items = [Import.of(one) for one in found[: query.limit]]
    has_more = len(found) > query.limit
    return ImportPage(items=items, next=items[-1].id if has_more else None)


@endpoint("GET", f"{IMPORTS_PATH}/{{id}}", {200: Import}, error_statuses=(404,))
async def get_import(services: Services, path: ImportPath) -> Import:
    """Show an import: how far it is, how fast, and what became of its rows."""
    return Import.of(await services.import_store.get(path.id))
