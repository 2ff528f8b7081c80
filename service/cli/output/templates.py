"""Templates and what they come to, as a person reads them."""

import click

from service.domain.law.rule import Language
from service.domain.messages.segments import Size
from service.domain.templates.requirements import forced_by
from service.flow.office.templates import Preview, Wording


def line(one: Wording) -> str:
    """Say who saved a version when."""
    told = f"{one.name:18} {one.language}  version {one.version:2}"
    if one.saved_at is None:
        return f"{told}  shipped"
    return f"{told}  {one.saved_at:%Y-%m-%d %H:%M} UTC  {one.saved_by}"


def show_preview(seen: Preview) -> int:
    """Print what a text comes to and what is wrong with it; the exit code."""
    if told := seen.told:
        example = told.example
        click.echo(
            f"{seen.name} {seen.language}, for {example.rule.code} in "
            f"{example.office.code}, expiry {example.window.expires_on}:"
        )
        click.echo(told.text)
        click.echo(_size(told.text, told.size, seen.language))
    click.echo(f"at its longest, for {seen.longest.whose}:")
    click.echo(seen.longest.text)
    click.echo(_size(seen.longest.text, seen.longest.size, seen.language))
    for mistake in seen.mistakes:
        click.echo(f"mistake: {mistake}")
    return 1 if seen.mistakes else 0


def _size(text: str, size: Size, language: Language) -> str:
    forced = " ".join(forced_by(text, language))
    why = f" forced by {forced}" if forced else ""
    return (
        f"  {len(text)} characters, {size.encoding}{why}, {size.units} units, "
        f"{size.segments} segments"
    )
