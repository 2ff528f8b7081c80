"""Templates of SMS texts: list them, show one, save a version."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from operator import attrgetter
from typing import Annotated

from aiohttp import web

from service.domain.law.rule import Language
from service.domain.lawbook.revisions import template_revision
from service.domain.messages.segments import SmsSize
from service.domain.templates.example import ExamplePermit
from service.domain.templates.requirements import (
    avoidable_ucs2_characters,
    requirements_of,
)
from service.flow.office.templates import (
    TemplatePreview,
    example_of,
    list_template_versions,
    save_template_version,
)
from service.flow.office.templates import TemplateVersion as Version
from service.flow.permits.find import find_permit
from service.formats.parse import parse
from service.web.api.endpoint import endpoint, json_reply
from service.web.api.preconditions import Precondition
from service.web.api.request_input import JsonObject
from service.web.api.templates.models import (
    ExampleText,
    LongestText,
    SavedWording,
    SaveQuery,
    Template,
    TemplatePage,
    TemplatePath,
    TemplatesQuery,
    TemplateSummary,
    UsedVersion,
    Wording,
    WordingFields,
)
from service.web.services import Services


@endpoint("GET", "/v1/templates", {200: TemplatePage})
async def list_templates(services: Services, query: TemplatesQuery) -> TemplatePage:
    """List the templates, and which version of each is used."""
    used = _versions_in_use(await list_template_versions(services.template_deps))
    names = sorted({name for name, _ in used if name > (query.after or "")})
    rows = [
        TemplateSummary(
            name=name,
            zh=UsedVersion.model_validate(used[name, "zh"]),
            en=UsedVersion.model_validate(used[name, "en"]),
        )
        for name in names[: query.limit + 1]
    ]
    return TemplatePage.from_rows(rows, query.limit, attrgetter("name"))


@endpoint(
    "GET", "/v1/templates/{name}", {200: Template}, error_statuses=(404,), etag=True
)
async def get_template(services: Services, path: TemplatePath) -> web.Response:
    """Show a template: what it may contain, its texts, and every version of them."""
    versions = await list_template_versions(services.template_deps, path.name)
    used, required = _versions_in_use(versions), requirements_of(path.name)
    shown = Template(
        name=path.name,
        facts=sorted(required.facts - required.flags),
        conditions=sorted(required.optional | required.flags),
        zh=used[path.name, "zh"].text,
        en=used[path.name, "en"].text,
        versions=[
            Wording.model_validate(one, from_attributes=True) for one in versions
        ],
    )
    numbers = [(one.language, one.version) for one in versions]
    return json_reply(shown, revision=template_revision(path.name, numbers))


@endpoint(
    "POST",
    "/v1/templates/{name}/versions",
    {200: SavedWording, 201: SavedWording},
    error_statuses=(404, 409),
)
async def save_template(
    services: Services,
    path: TemplatePath,
    query: SaveQuery,
    body: Annotated[JsonObject, WordingFields],
    *,
    caller: str,
    precondition: Precondition,
) -> web.Response:
    """Save a text as the next version of a template: 201, or 200 for a dry run.

    Messages claimed from then on use it. 422 with all mistakes of the text, 409 if it
    is the text that is used already. To go back, save an old text again.
    """
    wording = parse(WordingFields, body, "template")
    language, text = wording.language, wording.text
    version, preview = await save_template_version(
        path.name,
        language,
        text,
        services.template_deps,
        await _requested_example(services, query),
        by=caller,
        dry_run=query.dry_run,
        check=precondition.check,
    )
    saved = SavedWording(
        name=version.name,
        language=version.language,
        version=version.version,
        saved=not query.dry_run,
        preview=_rendered_example(preview),
        longest=LongestText.model_validate(
            _size_fields(preview.longest.text, preview.longest.size, language)
            | {"of": preview.longest.values_from}
        ),
    )
    return json_reply(saved, HTTPStatus.OK if query.dry_run else HTTPStatus.CREATED)


async def _requested_example(
    services: Services, query: SaveQuery
) -> ExamplePermit | None:
    """The example of the named permit; None without one."""
    if query.permit is None:
        return None
    permit = await find_permit(
        query.permit,
        services.permit_reader,
        services.vault,
        query.rule,
        query.authority,
    )
    return example_of(await services.law_store.current_law(), permit)


def _versions_in_use(
    versions: Sequence[Version],
) -> Mapping[tuple[str, Language], Version]:
    """The last version of each text; they come in the order of their numbers."""
    return {(one.name, one.language): one for one in versions}


def _rendered_example(preview: TemplatePreview) -> ExampleText | None:
    rendered = preview.rendered_example
    if rendered is None:
        return None
    example = rendered.example
    return ExampleText.model_validate(
        _size_fields(rendered.text, rendered.size, preview.language)
        | {
            "rule": example.rule.code,
            "authority": example.office.code,
            "expires_on": example.window.expires_on,
        }
    )


def _size_fields(text: str, size: SmsSize, language: Language) -> dict[str, object]:
    return {
        "text": text,
        "characters": len(text),
        "encoding": size.encoding,
        "units": size.units,
        "segments": size.segments,
        "forced_by": list(avoidable_ucs2_characters(text, language)),
    }
