"""The questions of `init`, each answer looked at before the next one is asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfoNotFoundError

import click
import tzlocal

from service.adapters.calendars.holidays import calendars
from service.adapters.drop_folders.look import EXPORTS
from service.adapters.registers.sample import RegisterSample, read_sample
from service.adapters.rules.new_office import EXAMPLE, OfficeAnswers, describe_office
from service.cli.option_types import FILE, Text
from service.domain.errors import InvalidError, PermitRemindersError

_QUESTIONS: Final[Mapping[str, str]] = {
    "code": "The office's code: its 行政区划代码, or a short name such as us-nyc",
    "name": "Its name as texts begin with it, such as 临江省市场监管局 / LINJIANG-AMR",
    "zone": "Its time zone",
    "helpline": "The telephone number that holders may call",
}

_IN_TEXTS: Final = frozenset({"name", "helpline"})
"""Answers that make texts longer."""

_LONGEST_ANSWER: Final = 200
"""Characters; the office's file allows less."""

_NO_REGISTER: Final = "-"


class Answer(Text):
    """An answer about an office, checked as its file is."""

    def __init__(self, field: str) -> None:
        super().__init__("an answer", _LONGEST_ANSWER)
        self._field = field

    def convert(self, value: Any, param: Any, ctx: Any) -> str:  # noqa: ANN401 - click's
        """Check the answer beside those of an example, in which nothing is wrong."""
        answer = super().convert(value, param, ctx)
        try:
            describe_office(replace(EXAMPLE, **{self._field: answer}), calendars())
        except InvalidError as error:
            wrong = error.mistakes[0]
            self.fail(f"found {wrong.found}, expected {wrong.expected}", param, ctx)
        return answer


ANSWERS: Final = {field: Answer(field) for field in _QUESTIONS}
"""The type of each answer."""


def refuse_missing(given: Mapping[str, str | None]) -> None:
    """Raise `UsageError` where an answer is missing and nobody can be asked."""
    if missing := [field for field in _QUESTIONS if not given[field]]:
        options = ", ".join(f"--{field}" for field in missing)
        raise click.UsageError(f"no terminal to ask at; give {options}")


def answer_all(
    given: Mapping[str, str | None], measure: Callable[[OfficeAnswers], Sequence[str]]
) -> OfficeAnswers:
    """Ask what is not given; what `measure` objects to is asked again."""
    known = {field: found for field in _QUESTIONS if (found := given[field])}
    for field in [one for one in _QUESTIONS if one not in known]:
        while True:
            known[field] = click.prompt(
                _QUESTIONS[field],
                type=ANSWERS[field],
                default=_own_zone() if field == "zone" else None,
                err=True,
            )
            is_long = field in _IN_TEXTS and measure(replace(EXAMPLE, **known))
            if not is_long:
                break
            for objection in is_long:
                click.echo(f"Error: {objection}", err=True)
    return OfficeAnswers(**known)


def ask_register(check: Callable[[Path], None]) -> tuple[Path, RegisterSample] | None:
    """Ask for a register and look at it; None if there is none yet.

    The only export in the folder is offered. What `check` refuses, or what cannot be
    read, is asked again.
    """
    found = [
        path
        for path in sorted(Path().iterdir())
        if path.suffix.lower() in EXPORTS and ".rejects." not in path.name
    ]
    offered = found[0].name if len(found) == 1 else _NO_REGISTER
    answer: tuple[Path, RegisterSample] | None = click.prompt(
        f"A register as your software exports it ({_NO_REGISTER}: none yet)",
        default=offered,
        value_proc=lambda text: _look_at(text, check),
        err=True,
    )
    return answer


def _look_at(
    text: str, check: Callable[[Path], None]
) -> tuple[Path, RegisterSample] | None:
    if text == _NO_REGISTER:
        return None
    path: Path = FILE.convert(text, None, None)
    try:
        check(path)
        return path, read_sample(path)
    except PermitRemindersError as error:
        raise click.BadParameter(error.in_one_line) from None


def _own_zone() -> str:
    """The zone of this machine, if it is one of an office, else that of an example."""
    try:
        zone = tzlocal.get_localzone_name()
        describe_office(replace(EXAMPLE, zone=zone), calendars())
    except (InvalidError, ZoneInfoNotFoundError):
        return EXAMPLE.zone
    return zone
