"""Explanations of reminder dates, from a database or from the shipped law."""

from datetime import date
from functools import partial

import click

from service.adapters.calendars.holidays import calendars
from service.adapters.rules.files import read_authorities, read_rules
from service.adapters.templates.names import step_template_names
from service.cli.default_authority import choose_authority
from service.cli.option_types import (
    AS_JSON,
    AUTHORITY,
    CODE,
    NUMBER,
    VERSION,
    Day,
)
from service.cli.output.explanation import print_explanation, print_never_reminds
from service.domain.errors import NeverRemindsError
from service.domain.lawbook.law import Law
from service.domain.lawbook.version_choice import ExplainRequest
from service.flow.reports.explain import explain_dates
from service.settings import load_settings, shipped_folder


@click.command()
@click.option("--rule", type=CODE, metavar="CODE", help="A rule; give --expires too.")
@click.option("--expires", type=Day(), help="The expiry date of the permit.")
@click.option(
    "--issued", type=Day(), help="The issue date; some rules choose the version by it."
)
@click.option(
    "--permit",
    type=NUMBER,
    metavar="NUMBER",
    help="A permit, instead of --rule and --expires.",
)
@click.option(
    "--version",
    type=VERSION,
    metavar="KEY",
    help="A former, future or shadow version of the rule.",
)
@AUTHORITY
@AS_JSON
def explain(
    rule: str | None,
    expires: date | None,
    issued: date | None,
    permit: str | None,
    version: str | None,
    authority: str | None,
    *,
    as_json: bool,
) -> None:
    """Show how reminder dates were computed, and a permit's history.

    Without a database it uses the shipped rules and the example authorities. Exit code
    1 if the rule never reminds, or the permit has no expiry date.
    """
    if bool(permit) == bool(rule or expires) or bool(rule) != bool(expires):
        raise click.UsageError("give --rule and --expires, or --permit")
    if permit and issued:
        raise click.UsageError(
            "--issued goes with --rule: a permit has its own issue date"
        )
    settings = load_settings()
    file = settings.database_file
    if rule and expires and file is not None and not file.exists():
        law = _shipped_law(rule)
        named = authority or settings.authority
        office = choose_authority(law, named, law.rule(rule).calendar)
        request = ExplainRequest(rule, office.code, expires, issued, version=version)
        try:
            print_explanation(explain_dates(law, request), as_json=as_json)
        except NeverRemindsError as error:
            print_never_reminds(law.rule(rule), error, as_json=as_json)
            click.get_current_context().exit(1)
        return
    # Imported late: opening a database takes longer to import than to explain a date.
    from service.cli.reports import explain_stored  # noqa: PLC0415

    if rule and expires:
        explain_stored.explain_date(
            rule, expires, issued, authority, version, as_json=as_json
        )
    elif permit:
        explain_stored.explain_permit(permit, authority, version, as_json=as_json)


def _shipped_law(code: str) -> Law:
    """The shipped law of one rule; of all, where there is no such rule."""
    known, folder = calendars(), shipped_folder("schedules")
    templates = step_template_names(shipped_folder("templates"))
    read = partial(read_rules, folder, templates=templates, calendars=known)
    return Law(
        read(only=code) or read(),
        read_authorities(
            shipped_folder("examples") / "authorities.toml", calendars=known
        ),
        known,
    )
