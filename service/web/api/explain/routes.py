"""Why a permit is texted when it is."""

from datetime import date

from service.domain.errors import InvalidError, Mistake
from service.domain.lawbook.version_choice import Asked
from service.flow.permits.find import find
from service.flow.reports.explain import explain_installed, explain_permit
from service.flow.rows import ShownPermit
from service.web.api.endpoint import endpoint
from service.web.api.explain.models import ExplainQuery, Explanation
from service.web.services import Desk


@endpoint("GET", "/v1/explain", {200: Explanation}, refusals=(404, 409))
async def explain(desk: Desk, query: ExplainQuery) -> Explanation:
    """Explain the dates of an expiry date, or the whole history of a permit.

    A number that several permits have needs `rule` or `authority` beside it. By
    another `version` the dates are what they would be.
    """
    law = await desk.laws.law()
    if query.permit:
        permit = await _found(desk, query, query.permit)
        now = desk.clock.now()
        told = await explain_permit(law, permit, desk.explaining, now, query.version)
        return Explanation.model_validate({**told, "permit": permit})
    rule, expires = _dated(query)
    office = law.default_authority(query.authority or desk.default_authority)
    asked = Asked(rule, office.code, expires, query.issued, version=query.version)
    told = await explain_installed(law, asked, desk.explaining)
    return Explanation.model_validate(told)


def _dated(query: ExplainQuery) -> tuple[str, date]:
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


async def _found(desk: Desk, query: ExplainQuery, number: str) -> ShownPermit:
    mistakes = [
        Mistake(name, str(found), "nothing beside permit")
        for name, found in (("expires", query.expires), ("issued", query.issued))
        if found
    ]
    if mistakes:
        raise InvalidError("request", mistakes)
    asked = query.rule, query.authority
    return await find(number, desk.permits, desk.vault, *asked)
