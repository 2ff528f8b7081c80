"""The rules of permit types: check, list, compare, apply, revert, export."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from service.adapters.calendars.holidays import calendars
from service.adapters.clock import SystemClock
from service.adapters.files.write import write_text
from service.adapters.rules.files import read_rules
from service.adapters.rules.toml_text import rule_to_toml
from service.adapters.templates.library import JinjaTemplateLibrary
from service.cli.installation import whoami, with_installation
from service.cli.law.change import preview_or_apply
from service.cli.option_types import AS_JSON, CODE, DRY_RUN, FORCE, NamedPath
from service.cli.output.law_change import print_law_change
from service.domain.errors import ConflictError
from service.domain.law.rule import Rule, Version
from service.domain.law_change.edits import RevertEdit, RulesEdit
from service.domain.lawbook.law import Law
from service.domain.templates.rule_texts import find_long_texts
from service.flow.law_change.change import ChangeResult, apply_change, preview_change
from service.settings import shipped_folder

if TYPE_CHECKING:
    from service.app import Installation

_PATH: Final = click.argument("path", type=NamedPath(), required=False)
_CODE: Final = click.argument("code", type=CODE)


@click.group()
def rules() -> None:
    """The rules: when each permit type must be renewed, and when to remind."""


@rules.command()
@_PATH
def check(path: Path | None) -> None:
    """Check rule files: PATH is a file or folder (default: shipped)."""
    found = _read_rules(path, JinjaTemplateLibrary(shipped_folder("templates")))
    click.echo(f"{len(found)} rule files, no mistakes")


@rules.command("list")
@with_installation
async def list_rules(installation: Installation) -> None:
    """List the installed rules and their versions."""
    law = await installation.law_store.current_law()
    for rule in law.rules.values():
        click.echo(f"{rule.code}  {rule.name.zh}  {rule.name.en}")
        for line in _version_lines(rule, law):
            click.echo(f"  {line}")


@rules.command()
@_PATH
@AS_JSON
@with_installation
async def diff(installation: Installation, path: Path | None, *, as_json: bool) -> int:
    """Show what `apply` would do; exit 1 if something objects to it.

    PATH is a rule file or a folder of them (default: the shipped rules).
    """
    edit = RulesEdit(_read_rules(path, await _templates_in_use(installation)))
    change = await preview_change(edit, installation.change_store, installation.clock)
    return print_law_change(change, applied=False, as_json=as_json)


@rules.command()
@_PATH
@FORCE
@click.option(
    "--shadow", is_flag=True, help="Only compute its dates; nothing is sent by them."
)
@AS_JSON
@with_installation
async def apply(
    installation: Installation,
    path: Path | None,
    force: str | None,
    *,
    shadow: bool,
    as_json: bool,
) -> None:
    """Install the rules of PATH that changed, and compute dates again.

    PATH is a rule file or a folder of them (default: the shipped rules).
    """
    edit = RulesEdit(
        _read_rules(path, await _templates_in_use(installation)), shadow=shadow
    )
    change = await apply_change(
        edit,
        installation.change_store,
        installation.clock,
        by=whoami(),
        force_reason=force,
    )
    print_law_change(change, applied=not shadow, as_json=as_json)
    if not as_json:
        _suggest_next_command(change, shadow=shadow)


@rules.command()
@_CODE
@FORCE
@DRY_RUN
@with_installation
async def revert(
    installation: Installation, code: str, force: str | None, *, dry_run: bool
) -> int:
    """Undo the last change of rule CODE."""
    return await preview_or_apply(
        installation, RevertEdit(code), force, dry_run=dry_run
    )


@rules.command()
@_CODE
@with_installation
async def shadow(installation: Installation, code: str) -> int:
    """Show what applying the shadow of rule CODE would do."""
    law = await installation.law_store.current_law()
    shadows = {one.series: one for one in law.shadow_versions if one.rule == code}
    rule = law.rule(code)
    if not shadows:
        raise ConflictError(
            f"{code}: it has no shadow; `permit-reminders rules apply FILE --shadow` "
            "makes one"
        )
    for key in shadows.values():
        click.echo(f"shadow {key.key}, if it were applied:")
    active = {one.series: one for one in rule.versions}
    amended = replace(rule, versions=tuple((active | shadows).values()))
    return await preview_or_apply(
        installation, RulesEdit([amended]), None, dry_run=True
    )


@rules.command()
@_CODE
@click.option(
    "--out",
    type=NamedPath(dir_okay=False, allow_dash=True),
    default="-",
    metavar="FILE",
    help="Default: standard output.",
)
@with_installation
async def export(installation: Installation, code: str, out: Path) -> None:
    """Write the installed rule CODE as a rule file."""
    text = rule_to_toml((await installation.law_store.current_law()).rule(code))
    if str(out) == "-":
        click.echo(text, nl=False)
    else:
        write_text(out, text)


async def _templates_in_use(installation: Installation) -> JinjaTemplateLibrary:
    law = await installation.law_store.current_law()
    return await installation.templates.current(law.digest)


def _read_rules(path: Path | None, templates: JinjaTemplateLibrary) -> list[Rule]:
    place = path or shipped_folder("schedules")
    found = read_rules(
        place,
        templates=templates.step_templates(),
        calendars=calendars(),
        check_texts=partial(find_long_texts, render=templates.render_sms),
        today=SystemClock().now().date(),
    )
    return [*found.values()]


def _version_lines(rule: Rule, law: Law) -> Iterator[str]:
    if rule.never:
        yield f"never reminds ({rule.never.because}): {rule.never.why.en}"
    for version in rule.versions:
        disabled = version.reference.confidence == "unverified"
        yield _version_line(version) + (
            ", disabled until it is read" if disabled else ""
        )
    for version in law.shadow_versions:
        if version.rule == rule.code:
            yield f"{_version_line(version)}, a shadow"


def _version_line(version: Version) -> str:
    source = version.reference
    return (
        f"{version.key}  closes {version.closes}  《{source.title}》{source.article}, "
        f"{source.confidence} {source.checked_on}"
    )


def _suggest_next_command(change: ChangeResult, *, shadow: bool) -> None:
    codes = {key.partition("@")[0] for key in change.installed_versions}
    known = sorted(codes & change.before.rules.keys())
    if not known:
        return
    code = known[0] if len(known) == 1 else "CODE"
    if shadow:
        click.echo(f"nobody is texted by it; see permit-reminders rules shadow {code}")
    else:
        click.echo(f"revert with: permit-reminders rules revert {code}")
