"""Why a permit is texted when it is."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from service.domain.errors import ConflictError, InvalidError, Mistake, UnknownError
from service.domain.raw import label
from service.flow.explain import explain as explain_date
from service.flow.register import NUMBER
from service.flow.rows import ShownPermit
from service.web.api.endpoint import endpoint
from service.web.api.inputs import Parameters
from service.web.api.permit import Permit
from service.web.api.values import Day, Line, Number
from service.web.desk import Desk


class ExplainQuery(Parameters):
    """An expiry date under a rule, or one permit."""

    rule: Line | None = Field(
        default=None,
        description="the code of a rule; beside permit only to tell several apart",
        examples=["cn-food-production-license"],
    )
    expires: Day | None = Field(
        default=None,
        description="the expiry date, like 2026-12-31, with rule",
        examples=["2026-12-31"],
    )
    permit: Number | None = Field(
        default=None, description="a permit's number, instead of rule and expires"
    )
    authority: Line | None = Field(
        default=None, description="the code of an office; the settings' one by default"
    )


class SlotAnswer(BaseModel):
    """A step on this expiry date."""

    step: str
    due_at: datetime
    template: str


class Explanation(BaseModel):
    """The dates that follow from an expiry date, and how they were found."""

    rule: str
    version: str
    authority: str
    expires_on: date
    opens_on: date | None
    closes_on: date = Field(description="the safe reading: what people are told")
    closes_on_lenient: date
    provisional: bool = Field(description="true until holidays are published")
    slots: list[SlotAnswer]
    trace: list[str]
    permit: Permit | None = Field(default=None, description="where one was asked for")


@endpoint("GET", "/v1/explain", {200: Explanation}, refusals=(404, 409))
async def explain(desk: Desk, query: ExplainQuery) -> Explanation:
    """Explain the dates of an expiry date, or the whole history of a permit.

    A number that several permits have needs `rule` or `authority` beside it.
    """
    law = await desk.laws.law()
    if query.permit:
        permit = await _found(desk, query, query.permit)
        told = explain_date(
            law,
            permit.rule,
            permit.authority,
            permit.expires_on,
            law.version(permit.version),
        )
        return Explanation.model_validate({**told, "permit": permit})
    rule, expires = _dated(query)
    office = law.default_authority(query.authority or desk.default_authority)
    return Explanation.model_validate(explain_date(law, rule, office.code, expires))


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
    if query.expires:
        mistake = Mistake("expires", str(query.expires), "nothing beside permit")
        raise InvalidError("request", [mistake])
    keys = [number, desk.vault.digest(number, NUMBER).hex()]
    found = [
        one
        for one in await desk.permits.by_number(keys)
        if query.rule in (None, one.rule) and query.authority in (None, one.authority)
    ]
    if not found:
        raise UnknownError("permit", label(number))
    if len(found) > 1:
        those = ", ".join(sorted(f"{one.authority} {one.rule}" for one in found))
        reason = f"several permits have this number, add rule or authority: {those}"
        raise ConflictError(reason)
    return found[0]
