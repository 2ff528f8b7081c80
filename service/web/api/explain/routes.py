"""Explanations of reminder dates and of a permit's history."""

from datetime import date

from service.domain.errors import InvalidError, Mistake
from service.domain.lawbook.version_choice import ExplainRequest
from service.flow.permits.find import PermitView, find_permit
from service.flow.reports.explain import explain_permit, explain_with_revisions
from service.web.api.endpoint import endpoint
from service.web.api.explain.models import ExplainQuery, Explanation
from service.web.services import Services


@endpoint("GET", "/v1/explain", {200: Explanation}, error_statuses=(404, 409))
async def explain(services: Services, query: ExplainQuery) -> Explanation:
    """Explain the dates of an expiry date, or the whole history of a permit.

    Ask with `rule` and `expires`, or with `permit`. If several permits have that
    number, add `rule` or `authority`. `version` explains by another version: the dates
    are what they would be. 422 for a permit type that reminds nobody and has no dates.
    """
    law = await services.law_store.current_law()
    if query.permit:
        permit = await _find_permit(services, query, query.permit)
        now = services.clock.now()
        fields = await explain_permit(
            law, permit, services.explain_store, now, query.version
        )
        return Explanation.model_validate({**fields, "permit": permit})
    rule, expires = _rule_and_expiry(query)
    office = law.default_authority(query.authority or services.default_authority)
    request = ExplainRequest(
        rule, office.code, expires, query.issued, version=query.version
    )
    fields = await explain_with_revisions(law, request, services.explain_store)
    return Explanation.model_validate(fields)


def _rule_and_expiry(query: ExplainQuery) -> tuple[str, date]:
    if query.rule and query.expires:
        return query.rule, query.expires
    mistakes = [
        Mistake(name, "nothing", expected)
        for name, found, expected in (
            ("rule", query.rule, "the code of a rule, or else permit"),
            ("expires", query.expires, "a date like 2026-12-31, or else permit"),
        )
        if not found
    ]
    raise InvalidError("request", mistakes)


async def _find_permit(
    services: Services, query: ExplainQuery, number: str
) -> PermitView:
    mistakes = [
        Mistake(name, str(found), "nothing beside permit")
        for name, found in (("expires", query.expires), ("issued", query.issued))
        if found
    ]
    if mistakes:
        raise InvalidError("request", mistakes)
    return await find_permit(
        number,
        services.permit_reader,
        services.vault,
        query.rule,
        query.authority,
    )
