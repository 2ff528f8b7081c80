"""The words of texts: listed, shown, checked, previewed, saved."""

from datetime import date
from pathlib import Path
from typing import Final

import click

from service.adapters.files.read import read_text
from service.adapters.templates.files import check_templates
from service.adapters.templates.library import LANGUAGES, JinjaTemplateLibrary
from service.app import Installation
from service.cli.default_authority import choose_authority
from service.cli.installation import whoami, with_installation
from service.cli.option_types import DRY_RUN, FILE, Day
from service.cli.output.templates import print_text_preview, wording_line
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
)
from service.flow.office.templates import preview_template as try_text
from service.flow.office.templates import save as save_text
from service.flow.permits.find import find_permit
from service.settings import shipped_folder

_NAME: Final = click.argument("name")
_CHOICE: Final = click.Choice(LANGUAGES)

_ExampleInLanguage = tuple[ExamplePermit | None, Language]
"""Somebody to show a text with, and the language that they are told it in."""


@click.group()
def templates() -> None:
    """The words of texts, in Chinese and in English."""


@templates.command()
@click.argument("path", type=click.Path(path_type=Path), required=False)
def check(path: Path | None) -> None:
    """Check a template file, or every one of a folder; default: the shipped ones."""
    place = shipped_folder("templates")
    count = check_templates(path or place, JinjaTemplateLibrary(place))
    click.echo(f"{count} templates, no mistakes")


@templates.command("list")
@with_installation
async def list_templates(installation: Installation) -> None:
    """Every template, and which version of it is used."""
    used = {
        (one.name, one.language): one
        for one in await list_template_versions(installation.template_deps)
    }
    for one in used.values():
        click.echo(wording_line(one))


@templates.command()
@_NAME
@click.option("--language", type=_CHOICE, help="Only its text, and nothing beside it.")
@click.option("--version", type=click.IntRange(0), help="Default: the one used.")
@with_installation
async def show(
    installation: Installation,
    name: str,
    language: Language | None,
    version: int | None,
) -> None:
    """The text of template NAME; without --language both, and every version."""
    if language is None and version is not None:
        raise click.UsageError("--version goes with --language: each has its own")
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
        click.echo(wording_line(one))


@templates.command()
@_NAME
@click.option("--permit", help="A registered permit's number.")
@click.option("--rule", help="A rule's code, with --expires.")
@click.option("--expires", type=Day(), help="The expiry date on the permit.")
@click.option("--authority", help="Default: the one in the settings.")
@click.option("--language", type=_CHOICE, help="Default: the permit's or the office's.")
@click.option("--file", type=FILE, help="Another text than the one used.")
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
    """What template NAME says to the holder of a permit, and at its longest.

    The permit is a registered one, or what the law makes of a date, or made up. Exit
    code 1 where the text may not be saved as it is.
    """
    if (permit and (rule or expires)) or bool(rule) != bool(expires):
        raise click.UsageError("give --rule and --expires, or --permit, or neither")
    shown, spoken = await (
        _registered_example(installation, permit, authority)
        if permit
        else _law_example(installation, name, rule, expires, authority)
    )
    language = language or spoken
    text = await _template_text(installation, name, language, file)
    return print_text_preview(
        await try_text(name, language, text, installation.template_deps, shown)
    )


@templates.command()
@_NAME
@click.option("--language", type=_CHOICE, required=True, help="The text's language.")
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
    """Save the text of FILE as the next version of template NAME, and use it.

    Going back is saving an old text again.
    """
    text, to = read_text(file), installation.template_deps
    if dry_run:
        seen = await try_text(name, language, text, to)
        if print_text_preview(seen):
            return 1
    made, seen = await save_text(name, language, text, to, by=whoami(), dry_run=dry_run)
    if not dry_run:
        print_text_preview(seen)
    click.echo(f"{'would be' if dry_run else 'saved as'} {made.display_name}")
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
    it = await find_permit(
        number, installation.permit_reader, installation.vault, authority=authority
    )
    shown = example_of(await installation.law_store.current_law(), it)
    spoken = [one for one in LANGUAGES if one == it.language]
    return shown, next(iter(spoken), shown.office.language)


async def _law_example(
    installation: Installation,
    name: str,
    rule: str | None,
    expires: date | None,
    authority: str | None,
) -> _ExampleInLanguage:
    law, named = (
        await installation.law_store.current_law(),
        authority or installation.settings.authority,
    )
    if rule and expires:
        office = choose_authority(law, named, law.rule(rule).calendar)
        shown = make_example(law, rule, office.code, expires)
        return shown, shown.office.language
    made_up = make_any_example(law, name, named, installation.clock.now().date())
    return made_up, made_up.office.language if made_up else LANGUAGES[0]
