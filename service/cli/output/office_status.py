"""Print the settings and go-live states of an authority."""

import click

from service.domain.law.authority import Authority
from service.domain.lawbook.documents import authority_to_dict
from service.domain.local_time import format_local_time
from service.flow.office.status import OfficeStatus, TypeStatus


def print_office_status(status: OfficeStatus) -> None:
    """Print the settings of an authority, then a line for each permit type."""
    for name, value in authority_to_dict(status.office).items():
        _line(name, _value(value))
    _line("sent by", status.sender)
    _line("staff numbers", status.staff_count)
    for stage in status.types:
        click.echo(f"{stage.state:5}  {stage.rule}{_since(stage, status.office)}")


def _line(name: str, value: object) -> None:
    click.echo(f"{name:20} {value}")


def _value(value: object) -> object:
    if isinstance(value, dict):
        return "  ".join(value.values())
    return ", ".join(value) if isinstance(value, list) else value


def _since(stage: TypeStatus, office: Authority) -> str:
    if stage.hindrance:
        return f"  cannot go live: {stage.hindrance}"
    if stage.started is None:
        return ""
    since = format_local_time(stage.started.since, office.zone)
    text = f"  since {since}, by {stage.started.approved_by}"
    days = stage.started.catch_up_days
    return f"{text}, caught up over {days} sending days" if days else text
