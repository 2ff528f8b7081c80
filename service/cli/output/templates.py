"""Print the versions of templates and previews of their texts."""

import click

from service.domain.law.rule import Language
from service.domain.messages.segments import SmsSize
from service.domain.templates.requirements import avoidable_ucs2_characters
from service.flow.office.templates import TemplatePreview, TemplateVersion


def version_line(version: TemplateVersion) -> str:
    """One version of a template, with who saved it when."""
    text = f"{version.name:18} {version.language}  version {version.version:2}"
    if version.saved_at is None:
        return f"{text}  shipped"
    return f"{text}  {version.saved_at:%Y-%m-%d %H:%M} UTC  {version.saved_by}"


def print_text_preview(preview: TemplatePreview) -> int:
    """Print a text, its size and its mistakes; 1 if there are any."""
    if rendered := preview.rendered_example:
        example = rendered.example
        click.echo(
            f"{preview.name} {preview.language}, for {example.rule.code} in "
            f"{example.office.code}, expiry {example.window.expires_on}:"
        )
        click.echo(rendered.text)
        click.echo(_size_line(rendered.text, rendered.size, preview.language))
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
