"""Permits whose holders no SMS reaches."""

from service.flow.permits.unreachable import find_unreachable
from service.web.api.endpoint import endpoint
from service.web.api.unreachable.models import (
    UnreachablePage,
    UnreachableQuery,
)
from service.web.services import Services


@endpoint("GET", "/v1/unreachable", {200: UnreachablePage}, error_statuses=(404,))
async def list_unreachable(
    services: Services, query: UnreachableQuery
) -> UnreachablePage:
    """List permits that are reminded and have no phone that takes texts.

    A phone may be unreachable, a fixed line or no valid number, or there may be none.
    Holders who have opted out are not listed.
    """
    law = await services.law_store.current_law()
    offices = (
        law.subtree(query.authority) if query.authority else tuple(law.authorities)
    )
    found = await find_unreachable(
        offices, services.unreachable_deps, query.after, query.limit + 1
    )
    return UnreachablePage.from_rows(found, query.limit)
