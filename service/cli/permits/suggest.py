"""A mapping for a register, suggested from its headings and cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.adapters.registers.mapping_text import mapping_to_toml
from service.adapters.registers.sample import RegisterSample, read_sample
from service.domain.register_columns.columns import Known
from service.domain.register_columns.known_codes import KnownCode, longest_name_in
from service.domain.register_columns.questions import find_obstacles
from service.domain.register_columns.suggestion import (
    SuggestedMapping,
    suggest_mapping,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from service.domain.law.authority import Authority
    from service.domain.law.rule import Rule
    from service.domain.lawbook.law import Law


def print_suggestion(file: Path, law: Law) -> int:
    """Print a mapping for a register, its questions as comments.

    Returns 1 if it cannot be used before one of them is answered.
    """
    sample = read_sample(file)
    known = known_codes(law.rules.values(), law.authorities.values())
    mapping = suggest_from(sample, file, known)
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


def suggest_from(sample: RegisterSample, file: Path, known: Known) -> SuggestedMapping:
    """Suggest a mapping for a register from a sample of its rows."""
    titles = (longest_name_in(one, known.rules) for one in sample.titles)
    hints = filter(None, (file.stem, sample.sheet, *titles))
    return suggest_mapping(sample.header, sample.rows, known, [*hints])


def known_codes(rules: Iterable[Rule], offices: Iterable[Authority]) -> Known:
    """The rules and offices of a law, by the names that a register may call them."""
    return Known(
        rules=[
            KnownCode(
                rule.code,
                (rule.name.zh, rule.certificate.zh),
                (rule.name.en, rule.certificate.en, rule.code.replace("-", " ")),
            )
            for rule in rules
        ],
        offices=[
            KnownCode(
                office.code,
                (office.name.zh, office.signature.zh),
                (office.name.en, office.signature.en),
            )
            for office in offices
        ],
    )
