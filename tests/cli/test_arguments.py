import os
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
import pytest

from service.cli import LONGEST_ARGUMENT, cli
from service.cli.option_types import (
    CODE,
    FILE,
    FOLDER,
    ID,
    NAME,
    NUMBER,
    WORDS,
    Day,
    Instant,
    NamedPath,
    PauseScope,
    Text,
)
from tests.cli.commands import CMA, Run

NOT_UTF8 = os.fsdecode(b"caf\xe9")


def parameters(command: click.Command = cli) -> Iterator[click.Parameter]:
    yield from command.params
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            below = command.get_command(click.Context(command), name)
            assert below
            yield from parameters(below)


def test_no_parameter_takes_any_text_at_all() -> None:
    bounded = (Text, NamedPath, PauseScope, Day, Instant, click.Choice)
    numbers = (click.IntRange, click.FloatRange)
    for one in parameters():
        is_flag = isinstance(one, click.Option) and one.is_flag
        assert is_flag or isinstance(one.type, (*bounded, *numbers)), one.opts


@pytest.mark.parametrize("kind", [CODE, ID, NUMBER, NAME, WORDS, FILE, FOLDER])
@pytest.mark.parametrize("text", ["", "a\nb", "a\x1b[31mb", "a\x9b31mb", NOT_UTF8])
def test_what_cannot_be_shown_is_no_text_and_no_path(
    kind: click.ParamType[Any], text: str
) -> None:
    with pytest.raises(click.BadParameter) as refused:
        kind.convert(text, None, None)
    said = refused.value.format_message()
    assert "found " in said
    assert "expected " in said
    assert said.isprintable()


@pytest.mark.parametrize("kind", [CODE, ID, NUMBER, NAME, WORDS])
def test_a_text_has_an_end_and_is_not_blank(kind: click.ParamType[str]) -> None:
    for text in ("  ", "\u200b", "x" * 201):
        with pytest.raises(click.BadParameter):
            kind.convert(text, None, None)
    assert kind.convert(" x ", None, None) == "x"


@pytest.mark.parametrize("kind", [Day(), Instant(), PauseScope()])
def test_an_error_repeats_little_of_what_it_refuses(
    kind: click.ParamType[date] | click.ParamType[datetime] | click.ParamType[str],
) -> None:
    with pytest.raises(click.BadParameter) as refused:
        kind.convert("x" * 4000, None, None)
    assert len(refused.value.format_message()) < 250


def test_marks_that_nobody_sees_are_no_part_of_a_number() -> None:
    assert NUMBER.convert("\u202a+1 212 555 0142\u202c", None, None) == (
        "+1 212 555 0142"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("keys", "create"),
        ("keys", "revoke"),
        ("explain", "--permit"),
        ("import",),
        ("rules", "export", CMA, "--out"),
        ("rules", "apply", "--force"),
        ("opt-outs", "add", "+12125550101", "--reason"),
        ("authorities", "live", "990000", CMA, "--approved-by"),
        ("pause", "--reason"),
        ("counts", "--from"),
        (),
    ],
    ids=" ".join,
)
def test_bytes_that_are_no_text_are_refused_before_anything_is_done(
    arguments: tuple[str, ...], run: Run, folder: Path
) -> None:
    assert run(*arguments, NOT_UTF8).refusal == (
        f"permit-reminders: argument {len(arguments) + 1}: found 'caf\\udce9', "
        "expected text in UTF-8; see permit-reminders --help"
    )
    refusal = run(*arguments, "x" * (LONGEST_ARGUMENT + 1)).refusal
    assert "found 4097 characters, expected at most 4096" in refusal
    assert not list(folder.iterdir())
