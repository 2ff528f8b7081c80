"""Templates: the words of texts, listed, shown, saved as versions."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated

from aiohttp import web

from service.domain.errors import InvalidError
from service.domain.formats import values as reader
from service.domain.formats.authority_file import LANGUAGES
from service.domain.formats.table import Table
from service.domain.law.rule import Language
from service.domain.messages.segments import Size
from service.domain.templates.example import Example
from service.domain.templates.requirements import demands, forced_by
from service.flow.office.templates import Preview, example_of, save, wordings
from service.flow.office.templates import Wording as Version
from service.flow.permits.find import find
from service.web.api.endpoint import endpoint, reply
from service.web.api.request_input import Json
from service.web.api.templates.models import (
    LongestText,
    Saved,
    SaveQuery,
    Standing,
    Template,
    TemplatePage,
    TemplatePath,
    TemplatesQuery,
    TemplateSummary,
    Told,
    Wording,
    WordingFields,
)
from service.web.services import Desk


@endpoint("GET", "/v1/templates", {200: TemplatePage})
async def list_templates(desk: Desk, query: TemplatesQuery) -> TemplatePage:
    """List the templates, and which version of each is used."""
    used = _used(await wordings(desk.rewording))
    names = sorted({name for name, _ in used if name > (query.after or "")})
    items = [
        TemplateSummary(
            name=name,
            zh=Standing.model_validate(used[name, "zh"]),
            en=Standing.model_validate(used[name, "en"]),
        )
        for name in names[: query.limit]
    ]
    more = len(names) > len(items)
    return TemplatePage(items=items, next=items[-1].name if more else None)


@endpoint("GET", "/v1/templates/{name}", {200: Template}, refusals=(404,))
async def get_template(desk: Desk, path: TemplatePath) -> Template:
    """Show a template: what it may say, its texts, and every version of them."""
    versions = await wordings(desk.rewording, path.name)
    used, asked = _used(versions), demands(path.name)
    return Template(
        name=path.name,
        facts=sorted(asked.facts - asked.flags),
        conditions=sorted(asked.optional | asked.flags),
        zh=used[path.name, "zh"].text,
        en=used[path.name, "en"].text,
        versions=[
            Wording.model_validate(one, from_attributes=True) for one in versions
        ],
    )


@endpoint(
    "POST",
    "/v1/templates/{name}/versions",
    {200: Saved, 201: Saved},
    refusals=(404, 409),
)
async def save_template(
    desk: Desk,
    path: TemplatePath,
    query: SaveQuery,
    body: Annotated[Json, WordingFields],
    caller: str,
) -> web.Response:
    """Save a text as the next version of a template: 201, or 200 for a dry run.

    Texts claimed from then on are worded by it. 422 with all that is wrong with it,
    409 for the text that stands. Going back is saving an old text again.
    """
    language, text = _read(body)
    shown, dry = await _shown(desk, query), query.dry_run
    to = desk.rewording
    made, seen = await save(
        path.name, language, text, to, shown, by=caller, dry_run=dry
    )
    saved = Saved(
        name=made.name,
        language=made.language,
        version=made.version,
        saved=not query.dry_run,
        preview=_told(seen),
        longest=LongestText.model_validate(
            _sized(seen.longest.text, seen.longest.size, language)
            | {"of": seen.longest.whose}
        ),
    )
    return reply(saved, HTTPStatus.OK if query.dry_run else HTTPStatus.CREATED)


async def _shown(desk: Desk, query: SaveQuery) -> Example | None:
    """The permit that is named, if one is."""
    if query.permit is None:
        return None
    asked = query.rule, query.authority
    permit = await find(query.permit, desk.permits, desk.vault, *asked)
    return example_of(await desk.laws.law(), permit)


def _read(body: Json) -> tuple[Language, str]:
    table = Table("", body)
    language = table.read("language", reader.one_of(LANGUAGES))
    text = table.read("text", _text)
    table.refuse_unread()
    if table.mistakes:
        raise InvalidError("template", table.mistakes)
    return language, text


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    expected = "the text of a template"
    raise reader.ExpectedError(expected)


def _used(versions: Sequence[Version]) -> Mapping[tuple[str, Language], Version]:
    """The last of each: they come in the order of their numbers."""
    return {(one.name, one.language): one for one in versions}


def _told(seen: Preview) -> Told | None:
    if seen.told is None:
        return None
    example = seen.told.example
    return Told.model_validate(
        _sized(seen.told.text, seen.told.size, seen.language)
        | {
            "rule": example.rule.code,
            "authority": example.office.code,
            "expires_on": example.window.expires_on,
        }
    )


def _sized(text: str, size: Size, language: Language) -> dict[str, object]:
    return {
        "text": text,
        "characters": len(text),
        "encoding": size.encoding,
        "units": size.units,
        "segments": size.segments,
        "forced_by": list(forced_by(text, language)),
    }
