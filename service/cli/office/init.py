"""The first files of an office: five questions, an office file and a mapping."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from service.adapters.calendars.holidays import calendars
from service.adapters.files.write import write_text
from service.adapters.registers.mapping_text import mapping_to_toml
from service.adapters.registers.sample import read_sample
from service.adapters.rules.files import read_rules
from service.adapters.rules.new_office import EXAMPLE, OfficeAnswers, describe_office
from service.adapters.templates.library import JinjaTemplateLibrary
from service.cli import PROGRAM
from service.cli.office.init_questions import (
    ANSWERS,
    answer_all,
    ask_register,
    refuse_missing,
)
from service.cli.option_types import CODE, FILE
from service.cli.permits.suggest import known_codes, suggest_from
from service.domain.errors import ConflictError, SetUpError
from service.domain.law_change.objections import find_forbidden_office_words
from service.domain.lawbook.law import Law
from service.domain.nearest import show_known
from service.domain.register_columns.questions import ask, find_obstacles
from service.domain.templates.office_texts import find_long_office_texts
from service.settings import shipped_folder

if TYPE_CHECKING:
    from service.adapters.registers.sample import RegisterSample
    from service.domain.law.rule import Rule
    from service.domain.register_columns.suggestion import SuggestedMapping

_OFFICE_FILE: Final = Path("office.toml")


@dataclass(frozen=True, slots=True)
class _Suggested:
    """A register, a sample of it, and the mapping that the sample suggests."""

    register: Path
    sample: RegisterSample
    mapping: SuggestedMapping


@dataclass(frozen=True, slots=True)
class _Written:
    """A mapping that was written, and what must be answered before it can be used."""

    file: Path
    register: Path
    obstacles: tuple[str, ...]


@click.command()
@click.option("--code", type=ANSWERS["code"], help="The office's code.")
@click.option("--name", type=ANSWERS["name"], help="The name that opens its texts.")
@click.option("--zone", type=ANSWERS["zone"], help="Its zone, such as Asia/Shanghai.")
@click.option("--helpline", type=ANSWERS["helpline"], help="Whom holders may call.")
@click.option("--register", type=FILE, help="A register to write a mapping for.")
@click.option("--rule", type=CODE, help="Its permit type, if it does not say it.")
@click.option("--overwrite", is_flag=True, help="Replace files that exist.")
def init(
    register: Path | None, rule: str | None, *, overwrite: bool, **given: str | None
) -> None:
    """Write office.toml, and a mapping for a register, from five answers.

    Asks what no option says. Exit code 1 if a question about the register is left.
    """
    asks = sys.stdin.isatty()
    if not asks:
        refuse_missing(given)
    _refuse_existing(_OFFICE_FILE, _mapping_for(register), overwrite=overwrite)
    templates = JinjaTemplateLibrary(shipped_folder("templates"))
    rules = _read_rules(templates)

    def refuse_objections(answers: OfficeAnswers) -> None:
        if objections := _find_objections(answers, rules, templates):
            raise ConflictError(*objections, remedy="change --name or --helpline")

    said = {field: answer for field, answer in given.items() if answer}
    refuse_objections(replace(EXAMPLE, **said))
    found = (register, read_sample(register)) if register else None
    if found is None and asks:
        found = ask_register(
            lambda path: _refuse_existing(
                _OFFICE_FILE, _mapping_for(path), overwrite=overwrite
            )
        )
    suggested = _suggest_mapping(*found, rules, rule, asks=asks) if found else None
    answers = answer_all(given, lambda known: _find_objections(known, rules, templates))
    refuse_objections(answers)
    written = _write_mapping(suggested, answers.code) if suggested else None
    write_text(_OFFICE_FILE, describe_office(answers, calendars()).text)
    click.echo(f"{_OFFICE_FILE}: office {answers.code}")
    _print_next(written)
    if written and written.obstacles:
        click.get_current_context().exit(1)


def _mapping_for(register: Path | None) -> Path | None:
    return Path(f"{register.stem}.toml") if register else None


def _refuse_existing(*paths: Path | None, overwrite: bool) -> None:
    """Raise `SetUpError` for a file that may not be replaced, or stands twice."""
    if len({*paths}) < len(paths):
        raise SetUpError(f"{paths[0]}: a register of this name would replace it")
    for path in filter(None, paths):
        if path.exists() and not overwrite:
            raise SetUpError(f"{path}: exists; give --overwrite to replace it")


def _find_objections(
    answers: OfficeAnswers, rules: Mapping[str, Rule], templates: JinjaTemplateLibrary
) -> list[str]:
    """What `authorities load` would refuse of an office: long texts, and words."""
    office = describe_office(answers, calendars()).office
    law = Law(rules, {}, calendars())
    return [
        *find_long_office_texts([office], law, templates.render_sms),
        *find_forbidden_office_words(office),
    ]


def _suggest_mapping(
    register: Path,
    sample: RegisterSample,
    rules: Mapping[str, Rule],
    rule: str | None,
    *,
    asks: bool,
) -> _Suggested:
    mapping = suggest_from(sample, register, known_codes(rules.values(), ()))
    if rule is None and asks and "rule" in mapping.missing:
        rule = click.prompt("Which permit type is it? Its code", type=CODE, err=True)
    if rule is not None:
        mapping = _with_rule(mapping, rule, rules)
    return _Suggested(register, sample, mapping)


def _write_mapping(suggested: _Suggested, office: str) -> _Written:
    mapping, register = suggested.mapping, suggested.register
    file = Path(f"{register.stem}.toml")
    write_text(file, mapping_to_toml(mapping, suggested.sample, register.name, office))
    mapped = sum(one.field is not None for one in mapping.columns)
    questions = len([*ask(mapping)])
    click.echo(
        f"{file}: {mapped} of the {len(mapping.columns)} columns of {register.name}"
        + (f"; open questions at its top: {questions}" if questions else "")
    )
    return _Written(file, register, (*find_obstacles(mapping),))


def _with_rule(
    mapping: SuggestedMapping, rule: str, rules: Mapping[str, Rule]
) -> SuggestedMapping:
    if rule not in rules:
        raise click.UsageError(
            f"rule: found {rule}, expected {show_known(rule, rules)}"
        )
    return replace(mapping, rule=rule, rule_confidence=100, rule_said="a person")


def _read_rules(templates: JinjaTemplateLibrary) -> Mapping[str, Rule]:
    """The shipped rules: a database may not be there yet."""
    return read_rules(
        shipped_folder("schedules"),
        templates=templates.step_templates(),
        calendars=calendars(),
    )


def _print_next(written: _Written | None) -> None:
    """Print the questions that are left, and on the last line the next command."""
    commands = [["db", "upgrade"], ["authorities", "load", str(_OFFICE_FILE)]]
    if written and written.obstacles:
        for question in written.obstacles:
            click.echo(f"to be answered in {written.file}: {question}", err=True)
        commands.append(["mapping", "check", str(written.file), str(written.register)])
    elif written:
        mapping = ["--mapping", str(written.file)]
        commands.append(["import", str(written.register), *mapping])
    click.echo("next:")
    click.echo(" && ".join(shlex.join([PROGRAM, *one]) for one in commands))
