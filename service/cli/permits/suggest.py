"""A mapping for a register, suggested from its headings and cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.adapters.registers.mapping_text import mapping_to_toml
from service.adapters.registers.sample import read_sample
from service.domain.register_columns.columns import Known
from service.domain.register_columns.known_codes import KnownCode
from service.domain.register_columns.questions import find_obstacles
from service.domain.register_columns.suggestion import suggest_mapping

if TYPE_CHECKING:
    from pathlib import Path

    from service.domain.lawbook.law import Law


def print_suggestion(file: Path, law: Law) -> int:
    """Print a mapping for a register, its questions as comments.

    Returns 1 if it cannot be used before one of them is answered.
    """
    sample = read_sample(file)
    hints = filter(None, (file.stem, sample.sheet))
    mapping = suggest_mapping(sample.header, sample.rows, known_codes(law), [*hints])
    click.echo(mapping_to_toml(mapping, sample, file.name), nl=False)
    obstacles = [*find_obstacles(mapping)]
    if not obstacles:
        return 0
    click.echo(
        f"{len(obstacles)} of its questions must be answered before it can be used; "
        "they stand first",
        err=True,
    )
    return 1


def known_codes(law: Law) -> Known:
    """The rules and offices of a law, by the names that a register may call them."""
    return Known(
        rules=[
            KnownCode(
                rule.code,
                (rule.name.zh, rule.certificate.zh),
                (rule.name.en, rule.certificate.en, rule.code.replace("-", " ")),
            )
            for rule in law.rules.values()
        ],
        offices=[
            KnownCode(
                office.code,
                (office.name.zh, office.signature.zh),
                (office.name.en, office.signature.en),
            )
            for office in law.authorities.values()
        ],
    )
