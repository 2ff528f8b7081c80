"""Rules of permit types: list, show, add a version, revert."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import partial
from http import HTTPStatus
from operator import attrgetter
from typing import Annotated

from aiohttp import web

from service.domain.errors import InvalidError, Mistake
from service.domain.law.rule import Rule as DomainRule
from service.domain.law_change.amendment import with_version
from service.domain.law_change.edits import RevertEdit, RulesEdit
from service.domain.lawbook.documents import rule_fields_to_dict, version_to_dict
from service.domain.lawbook.law import Law
from service.domain.lawbook.revisions import rule_revision
from service.domain.lawbook.version_choice import Revision
from service.domain.templates.rule_texts import find_long_texts
from service.domain.untrusted.text import show_private
from service.flow.law_change.change import LawCheck
from service.formats.version import VersionFields, parse_version
from service.web.api.endpoint import endpoint, json_reply
from service.web.api.law_change.answer import preview_or_apply, to_impact
from service.web.api.law_change.models import ChangeQuery, Impact
from service.web.api.preconditions import Precondition
from service.web.api.request_input import JsonObject, without_nulls
from service.web.api.rules.models import (
    Rule,
    RulePage,
    RulePath,
    RulesQuery,
    RuleSummary,
    VersionQuery,
)
from service.web.services import Services


@endpoint("GET", "/v1/rules", {200: RulePage})
async def list_rules(services: Services, query: RulesQuery) -> RulePage:
    """List the permit types by their codes, including those that remind nobody."""
    known = (await services.law_store.current_law()).rules
    codes = [code for code in sorted(known) if code > (query.after or "")]
    rows = [_summary(known[code]) for code in codes[: query.limit + 1]]
    return RulePage.from_rows(rows, query.limit, attrgetter("code"))


@endpoint("GET", "/v1/rules/{code}", {200: Rule}, error_statuses=(404,), etag=True)
async def get_rule(services: Services, path: RulePath) -> web.Response:
    """Show a permit type: its settings, its versions, and who installed them."""
    law = await services.law_store.current_law()
    rule = law.rule(path.code)
    fields = rule_fields_to_dict(rule)
    active = {version.key for version in rule.versions}
    shown = Rule.model_validate(
        {
            "apply_at": None,
            "helpline": None,
            "never": None,
            **fields,
            "versions": list(_versions(rule, law)),
            "history": [
                _installed_version(one, active)
                for one in await services.change_store.revisions(rule.code)
            ],
        }
    )
    return json_reply(shown, revision=rule_revision(law, rule.code))


@endpoint(
    "POST",
    "/v1/rules/{code}/versions",
    {200: Impact, 201: Impact},
    error_statuses=(404, 409),
)
async def add_version(
    services: Services,
    path: RulePath,
    query: VersionQuery,
    body: Annotated[JsonObject, VersionFields],
    *,
    caller: str,
    precondition: Precondition,
) -> web.Response:
    """Install a version, or a corrected text of an installed one: 201 if it is new.

    It takes the place of the version with the same `in_force_from` and `jurisdiction`,
    as its next revision, and permits are dated by it in the same transaction. 409, with
    every objection, if it would text people twice, drops a step that was sent without
    one that `replaces` it, or reminds only after closing: correct it, or `force` it
    with a reason, which is stored. 409 also for a type that was abolished.
    """
    law = await services.law_store.current_law()
    rule = await _with_new_version(law.rule(path.code), body, law, services)
    edit = RulesEdit([rule], shadow=query.shadow)
    check = _rule_check(precondition, path)
    changed = await preview_or_apply(services, edit, query, caller, check=check)
    new = changed.installed_versions and not query.dry_run
    status = HTTPStatus.CREATED if new else HTTPStatus.OK
    return json_reply(to_impact(changed, edit, query), status)


@endpoint("POST", "/v1/rules/{code}/revert", {200: Impact}, error_statuses=(404, 409))
async def revert_rule(
    services: Services,
    path: RulePath,
    query: ChangeQuery,
    *,
    caller: str,
    precondition: Precondition,
) -> Impact:
    """Go back to the rule as it was before its last change."""
    edit = RevertEdit(path.code)
    check = _rule_check(precondition, path)
    changed = await preview_or_apply(services, edit, query, caller, check=check)
    return to_impact(changed, edit, query)


def _rule_check(precondition: Precondition, path: RulePath) -> LawCheck:
    def check(before: Law) -> None:
        precondition.check(rule_revision(before, path.code))

    return check


async def _with_new_version(
    rule: DomainRule, body: JsonObject, law: Law, services: Services
) -> DomainRule:
    if "revision" in body:
        expected = "nothing: installing a version gives it its number"
        mistake = Mistake("revision", show_private(body["revision"]), expected)
        raise InvalidError("version", [mistake])
    templates = await services.templates.current(law.digest)
    version = parse_version(
        without_nulls(body),
        "version",
        rule,
        templates=services.template_names,
        calendars=law.calendars,
        check_texts=partial(find_long_texts, render=templates.render_sms),
        today=_latest_check(rule, services.clock.now()),
    )
    return with_version(rule, version, "version")


def _latest_check(rule: DomainRule, now: datetime) -> date:
    """The UTC date, or that of an installed check: a simulated clock may lag behind."""
    sources = [version.reference for version in rule.versions]
    sources += [rule.never.reference] if rule.never else []
    checked = [source.checked_on for source in sources]
    return max([now.date(), *checked])


def _summary(rule: DomainRule) -> RuleSummary:
    return RuleSummary.model_validate(
        {
            **rule_fields_to_dict(rule),
            "never": rule.never and rule.never.because,
            "versions": [version.key for version in rule.versions],
        }
    )


def _versions(rule: DomainRule, law: Law) -> Iterator[Mapping[str, object]]:
    shadows = [one for one in law.shadow_versions if one.rule == rule.code]
    for state, versions in (("active", rule.versions), ("shadow", shadows)):
        for version in versions:
            fields = version_to_dict(version)
            del fields["revision"]
            yield {**fields, "key": version.key, "state": state}


def _installed_version(one: Revision, active: set[str]) -> Mapping[str, object]:
    state = one.state
    if state == "active" and one.key not in active:
        state = "former"
    return {
        "key": one.key,
        "state": state,
        "applied_at": one.applied_at,
        "applied_by": one.applied_by,
    }
