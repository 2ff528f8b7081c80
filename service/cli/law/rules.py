"""The law of each permit type: checked, shown, changed, taken back, written down."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, TextIO

import click

from service.adapters.calendars.holidays import calendars
from service.adapters.rules.files import read_rules
from service.adapters.rules.toml_text import rule_text
from service.adapters.templates.library import Words
from service.app import House
from service.cli.installation import in_house, whoami
from service.cli.option_types import AS_JSON, DRY_RUN, FORCE
from service.cli.output.law_change import show
from service.domain.errors import ConflictError
from service.domain.law.rule import Rule, Version
from service.domain.law_change.edits import Apply, Revert
from service.domain.lawbook.law import Law
from service.flow.law_change.change import change, preview
from service.flow.rows import Changed
from service.settings import shipped

_PATH: Final = click.argument("path", type=click.Path(path_type=Path), required=False)
_CODE: Final = click.argument("code")


@click.group()
def rules() -> None:
    """The law of each permit type."""


@rules.command()
@_PATH
def check(path: Path | None) -> None:
    """Check a rule file, or every one of a folder; default: the shipped ones."""
    found = _read(path, Words(shipped("templates")).names())
    click.echo(f"{len(found)} rule files, no mistakes")


@rules.command("list")
@in_house
async def list_rules(house: House) -> None:
    """The installed rules, their versions, and those that remind nobody."""
    law = await house.office.law()
    for rule in law.rules.values():
        click.echo(f"{rule.code}  {rule.name.zh}  {rule.name.en}")
        for line in _listed(rule, law):
            click.echo(f"  {line}")


@rules.command()
@_PATH
@AS_JSON
@in_house
async def diff(house: House, path: Path | None, *, as_json: bool) -> int:
    """Say what `apply` would do; exit 1 where something speaks against it.

    PATH is a rule file or a folder; default: the shipped ones.
    """
    wanted = Apply(_read(path, house.words.names()))
    seen = await preview(wanted, house.office, house.clock)
    return show(seen, applied=False, as_json=as_json)


@rules.command()
@_PATH
@FORCE
@click.option("--shadow", is_flag=True, help="Only compute it beside what is active.")
@AS_JSON
@in_house
async def apply(
    house: House, path: Path | None, force: str | None, *, shadow: bool, as_json: bool
) -> None:
    """Install what PATH says differently, and date permits by it.

    PATH is a rule file or a folder; default: the shipped ones.
    """
    wanted = Apply(_read(path, house.words.names()), shadow=shadow)
    done = await change(wanted, house.office, house.clock, by=whoami(), force=force)
    show(done, applied=not shadow, as_json=as_json)
    if not as_json:
        _say_next(done, shadow=shadow)


@rules.command()
@_CODE
@FORCE
@DRY_RUN
@in_house
async def revert(house: House, code: str, force: str | None, *, dry_run: bool) -> int:
    """Go back to what stood before the last change of rule CODE."""
    if dry_run:
        seen = await preview(Revert(code), house.office, house.clock)
        return show(seen, applied=False)
    done = await change(
        Revert(code), house.office, house.clock, by=whoami(), force=force
    )
    return show(done, applied=True)


@rules.command()
@_CODE
@in_house
async def shadow(house: House, code: str) -> int:
    """Say what the shadow of rule CODE would do if it were applied."""
    law = await house.office.law()
    shadows = {one.series: one for one in law.shadows if one.rule == code}
    rule = law.rule(code)
    if not shadows:
        raise ConflictError(
            f"{code}: it has no shadow; `permit-reminders rules apply FILE --shadow` "
            "makes one"
        )
    for key in shadows.values():
        click.echo(f"shadow {key.key}, if it were applied:")
    standing = {one.series: one for one in rule.versions}
    wanted = replace(rule, versions=tuple((standing | shadows).values()))
    seen = await preview(Apply([wanted]), house.office, house.clock)
    return show(seen, applied=False)


@rules.command()
@_CODE
@click.option(
    "--out",
    type=click.File("w", encoding="utf-8", lazy=True),
    default="-",
    metavar="FILE",
    help="Default: it is printed.",
)
@in_house
async def export(house: House, code: str, out: TextIO) -> None:
    """Write rule CODE, as it is installed, down as a file."""
    text = rule_text((await house.office.law()).rule(code))
    click.echo(text, file=out, nl=False)


def _read(path: Path | None, templates: Collection[str]) -> list[Rule]:
    place = path or shipped("schedules")
    return [*read_rules(place, templates=templates, calendars=calendars()).values()]


def _listed(rule: Rule, law: Law) -> Iterator[str]:
    if rule.never:
        yield f"never reminds ({rule.never.because}): {rule.never.why.en}"
    for version in rule.versions:
        disabled = version.reference.confidence == "unverified"
        yield _line(version) + (", disabled until it is read" if disabled else "")
    for version in law.shadows:
        if version.rule == rule.code:
            yield f"{_line(version)}, a shadow"


def _line(version: Version) -> str:
    source = version.reference
    return (
        f"{version.key}  closes {version.closes}  《{source.title}》{source.article}, "
        f"{source.confidence} {source.checked_on}"
    )


def _say_next(done: Changed, *, shadow: bool) -> None:
    codes = {key.partition("@")[0] for key in done.installed}
    known = sorted(codes & done.before.rules.keys())
    if not known:
        return
    code = known[0] if len(known) == 1 else "CODE"
    if shadow:
        click.echo(f"nobody is texted by it; see permit-reminders rules shadow {code}")
    else:
        click.echo(f"revert with: permit-reminders rules revert {code}")
