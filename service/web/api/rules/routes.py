"""The law of each permit type: shown, added to, taken back."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from aiohttp import web

from service.domain.errors import InvalidError, Mistake
from service.domain.formats.raw import shown
from service.domain.formats.rule_file import rule_to, version_to
from service.domain.law.rule import Rule as DomainRule
from service.domain.law_change.amendment import with_version
from service.domain.law_change.edits import Apply, Revert
from service.domain.lawbook.law import Law
from service.domain.lawbook.version_choice import Revision
from service.web.api.endpoint import endpoint, reply
from service.web.api.law_change.models import ChangeQuery, Impact, impact, make
from service.web.api.request_input import Json, without_nulls
from service.web.api.rules.models import (
    Rule,
    RulePage,
    RulePath,
    RulesQuery,
    RuleSummary,
    VersionFields,
    VersionQuery,
)
from service.web.services import Desk


@endpoint("GET", "/v1/rules", {200: RulePage})
async def list_rules(desk: Desk, query: RulesQuery) -> RulePage:
    """List the permit types, those included that remind nobody."""
    known = (await desk.laws.law()).rules
    codes = [code for code in sorted(known) if code > (query.after or "")]
    items = [_summary(known[code]) for code in codes[: query.limit]]
    return RulePage(
        items=items, next=items[-1].code if len(codes) > len(items) else None
    )


@endpoint("GET", "/v1/rules/{code}", {200: Rule}, refusals=(404,))
async def get_rule(desk: Desk, path: RulePath) -> Rule:
    """Show a permit type: its words, its versions, and who installed them."""
    law = await desk.laws.law()
    rule = law.rule(path.code)
    words = rule_to(replace(rule, versions=()))
    standing = {version.key for version in rule.versions}
    return Rule.model_validate(
        {
            "never": None,
            **words,
            "versions": list(_versions(rule, law)),
            "history": [
                _told(one, standing) for one in await desk.changes.history(rule.code)
            ],
        }
    )


@endpoint(
    "POST",
    "/v1/rules/{code}/versions",
    {200: Impact, 201: Impact},
    refusals=(404, 409),
)
async def add_version(
    desk: Desk,
    path: RulePath,
    query: VersionQuery,
    body: Annotated[Json, VersionFields],
    caller: str,
) -> web.Response:
    """Install a version, or another text of one that stands: 201 where it is new.

    Permits are dated by it in the same transaction. 409 where it would text people
    twice or too late: mend it, or force it with a reason, which is kept.
    """
    law = await desk.laws.law()
    rule = _amended(law.rule(path.code), body, law, desk)
    edit = Apply([rule], shadow=query.shadow)
    changed = await make(desk, edit, query, caller)
    new = changed.installed and not query.dry_run
    status = HTTPStatus.CREATED if new else HTTPStatus.OK
    return reply(impact(changed, edit, query), status)


@endpoint("POST", "/v1/rules/{code}/revert", {200: Impact}, refusals=(404, 409))
async def revert_rule(
    desk: Desk, path: RulePath, query: ChangeQuery, caller: str
) -> Impact:
    """Go back to what stood before the last change of a rule."""
    edit = Revert(path.code)
    return impact(await make(desk, edit, query, caller), edit, query)


def _amended(rule: DomainRule, body: Json, law: Law, desk: Desk) -> DomainRule:
    if "revision" in body:
        expected = "nothing: installing a version gives it its number"
        mistake = Mistake("revision", shown(body["revision"]), expected)
        raise InvalidError("version", [mistake])
    return with_version(
        rule,
        without_nulls(body),
        "version",
        templates=desk.templates,
        calendars=law.calendars,
    )


def _summary(rule: DomainRule) -> RuleSummary:
    return RuleSummary.model_validate(
        {
            **rule_to(rule),
            "never": rule.never and rule.never.because,
            "versions": [version.key for version in rule.versions],
        }
    )


def _versions(rule: DomainRule, law: Law) -> Iterator[Mapping[str, object]]:
    shadows = [one for one in law.shadows if one.rule == rule.code]
    for state, versions in (("active", rule.versions), ("shadow", shadows)):
        for version in versions:
            words = version_to(version)
            del words["revision"]
            yield {**words, "key": version.key, "state": state}


def _told(one: Revision, standing: set[str]) -> Mapping[str, object]:
    state = one.state
    if state == "active" and one.key not in standing:
        state = "former"
    return {
        "key": one.key,
        "state": state,
        "applied_at": one.applied_at,
        "applied_by": one.applied_by,
    }
