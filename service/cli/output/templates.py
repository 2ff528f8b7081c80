"""Templates and what they come to, as a person reads them."""

import click

from service.domain.law.rule import Language
from service.domain.messages.segments import SmsSize
from service.domain.templates.requirements import avoidable_ucs2_characters
from service.flow.office.templates import TemplatePreview, TemplateVersion


def wording_line(wording: TemplateVersion) -> str:
    """Say who saved a version when."""
    told = f"{wording.name:18} {wording.language}  version {wording.version:2}"
    if wording.saved_at is None:
        return f"{told}  shipped"
    return f"{told}  {wording.saved_at:%Y-%m-%d %H:%M} UTC  {wording.saved_by}"


def print_text_preview(preview: TemplatePreview) -> int:
    """Print what a text comes to and what is wrong with it; the exit code."""
    if told := preview.rendered_example:
        example = told.example
        click.echo(
            f"{preview.name} {preview.language}, for {example.rule.code} in "
            f"{example.office.code}, expiry {example.window.expires_on}:"
        )
        click.echo(told.text)
        click.echo(_size_line(told.text, told.size, preview.language))
    click.echo(f"at its longest, for {preview.longest.values_from}:")
    click.echo(preview.longest.text)
    click.echo(_size_line(preview.longest.text, preview.longest.size, preview.language))
    for mistake in preview.mistakes:
        click.echo(f"mistake: {mistake}")
    return 1 if preview.mistakes else 0


def _size_line(text: str, size: SmsSize, language: Language) -> str:
    forced = " ".join(avoidable_ucs2_characters(text, language))
    why = f" forced by {forced}" if forced else ""
    return (
        f"  {len(text)} characters, {size.encoding}{why}, {size.units} units, "
        f"{size.segments} segments"
    )
