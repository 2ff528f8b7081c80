"""The templates of SMS texts: list, show, check, preview, save."""

from datetime import date
from pathlib import Path
from typing import Final

import click

from service.adapters.files.read import read_text
from service.adapters.templates.files import check_templates
from service.adapters.templates.library import JinjaTemplateLibrary
from service.adapters.templates.names import LANGUAGES
from service.app import Installation
from service.cli.default_authority import choose_authority
from service.cli.installation import whoami, with_installation
from service.cli.option_types import (
    AUTHORITY,
    CODE,
    DRY_RUN,
    FILE,
    NUMBER,
    Day,
    NamedPath,
)
from service.cli.output.templates import print_text_preview, version_line
from service.cli.typed_number import showing_typed
from service.domain.law.rule import Language
from service.domain.templates.example import (
    ExamplePermit,
    make_any_example,
    make_example,
)
from service.flow.office.templates import (
    example_of,
    find_template_version,
    list_template_versions,
    preview_template,
    save_template_version,
)
from service.flow.permits.find import find_permit
from service.settings import shipped_folder

_LAST_VERSION: Final = 1_000_000
"""More than anybody saves."""

_NAME: Final = click.argument("name", type=CODE)
_CHOICE: Final = click.Choice(LANGUAGES)

_ExampleInLanguage = tuple[ExamplePermit | None, Language]
"""The permit of an example text, and the language of its holder."""


@click.group()
def templates() -> None:
    """The texts of SMS, in Chinese and in English."""


@templates.command()
@click.argument("path", type=NamedPath(), required=False)
def check(path: Path | None) -> None:
    """Check templates: PATH is a file or folder (default: shipped)."""
    place = shipped_folder("templates")
    count = check_templates(path or place, JinjaTemplateLibrary(place))
    click.echo(f"{count} templates, no mistakes")


@templates.command("list")
@with_installation
async def list_templates(installation: Installation) -> None:
    """List every template and the version in use."""
    used = {
        (one.name, one.language): one
        for one in await list_template_versions(installation.template_deps)
    }
    for one in used.values():
        click.echo(version_line(one))


@templates.command()
@_NAME
@click.option("--language", type=_CHOICE, help="Print only the text in this language.")
@click.option(
    "--version",
    type=click.IntRange(0, _LAST_VERSION),
    help="Default: the version in use.",
)
@with_installation
async def show(
    installation: Installation,
    name: str,
    language: Language | None,
    version: int | None,
) -> None:
    """Show the texts of template NAME and its versions."""
    if language is None and version is not None:
        raise click.UsageError(
            "--version goes with --language: each language has its own versions"
        )
    if language is not None:
        found = await find_template_version(
            name, language, installation.template_deps, version
        )
        click.echo(found.text)
        return
    versions = await list_template_versions(installation.template_deps, name)
    for used in {one.language: one for one in versions}.values():
        click.echo(f"{used.display_name}:\n{used.text}\n")
    for one in versions:
        click.echo(version_line(one))


@templates.command()
@_NAME
@click.option("--permit", type=NUMBER, metavar="NUMBER", help="A registered permit.")
@click.option("--rule", type=CODE, metavar="CODE", help="A rule; give --expires too.")
@click.option("--expires", type=Day(), help="The expiry date of the permit.")
@AUTHORITY
@click.option(
    "--language",
    type=_CHOICE,
    help="Default: the language of the permit or its authority.",
)
@click.option("--file", type=FILE, help="Preview the text of this file instead.")
@with_installation
async def preview(
    installation: Installation,
    name: str,
    permit: str | None,
    rule: str | None,
    expires: date | None,
    authority: str | None,
    language: Language | None,
    file: Path | None,
) -> int:
    """Show the text of template NAME for one permit.

    It also shows the longest text that the template can produce. Give a registered
    permit, or a rule and an expiry date; without them the permit is made up. Exit code
    1 if the text has mistakes and cannot be saved.
    """
    if (permit and (rule or expires)) or bool(rule) != bool(expires):
        raise click.UsageError("give --rule and --expires, or --permit, or neither")
    example, default_language = await (
        _registered_example(installation, permit, authority)
        if permit
        else _law_example(installation, name, rule, expires, authority)
    )
    language = language or default_language
    text = await _template_text(installation, name, language, file)
    return print_text_preview(
        await preview_template(
            name, language, text, installation.template_deps, example
        )
    )


@templates.command()
@_NAME
@click.option(
    "--language", type=_CHOICE, required=True, help="The language of the text."
)
@click.argument("file", type=FILE)
@DRY_RUN
@with_installation
async def save(
    installation: Installation,
    name: str,
    language: Language,
    file: Path,
    *,
    dry_run: bool,
) -> int:
    """Save the text of FILE as the next version of NAME.

    Messages claimed from then on use it. To go back, save an old text again.
    """
    text, deps = read_text(file), installation.template_deps
    if dry_run:
        preview = await preview_template(name, language, text, deps)
        if print_text_preview(preview):
            return 1
    saved, preview = await save_template_version(
        name, language, text, deps, by=whoami(), dry_run=dry_run
    )
    if not dry_run:
        print_text_preview(preview)
    click.echo(f"{'would be' if dry_run else 'saved as'} {saved.display_name}")
    return 0


async def _template_text(
    installation: Installation, name: str, language: Language, file: Path | None
) -> str:
    if file is not None:
        return read_text(file)
    return (
        await find_template_version(name, language, installation.template_deps)
    ).text


async def _registered_example(
    installation: Installation, number: str, authority: str | None
) -> _ExampleInLanguage:
    with showing_typed(number):
        permit = await find_permit(
            number, installation.permit_reader, installation.vault, authority=authority
        )
    example = example_of(await installation.law_store.current_law(), permit)
    languages = [one for one in LANGUAGES if one == permit.language]
    return example, next(iter(languages), example.office.language)


async def _law_example(
    installation: Installation,
    name: str,
    rule: str | None,
    expires: date | None,
    authority: str | None,
) -> _ExampleInLanguage:
    law = await installation.law_store.current_law()
    code = authority or installation.settings.authority
    if rule and expires:
        office = choose_authority(law, code, law.rule(rule).calendar)
        example = make_example(law, rule, office.code, expires)
        return example, example.office.language
    made_up = make_any_example(law, name, code, installation.clock.now().date())
    return made_up, made_up.office.language if made_up else LANGUAGES[0]
