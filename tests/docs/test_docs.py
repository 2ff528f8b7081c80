"""What is not documented fails: commands, settings, flags, exit codes, links."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic_settings import BaseSettings

from service.cli import BAD_INPUT, cli
from service.cli.signal_handlers import INTERRUPTED, TERMINATED
from service.sandbox.__main__ import parse
from service.settings import Settings, TwilioSettings
from tests.docs.pages import OPERATIONS, PAPERS, ROOT, anchor, named, rows, typed


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by what is typed for it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


COMMANDS = dict(commands(cli))

SHOWN = "\n".join(row[0].replace("\\|", "|") for row in rows(OPERATIONS))
"""The first cells of all tables: where commands, variables and flags are explained."""


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_and_option_is_explained(path: str) -> None:
    rows_of_command = [
        one for one in named(SHOWN) if one == path or one.startswith(f"{path} ")
    ]
    assert rows_of_command, f"docs/operations.md has no row for `{path}`"
    explained = set(re.findall(r"--[a-z-]+", " ".join(rows_of_command)))
    existing = {
        flag
        for one in COMMANDS[path].params
        if isinstance(one, click.Option)
        for flag in one.opts
        if flag not in ("-h", "--help")
    }
    assert explained == existing


def test_every_row_about_a_command_is_about_one_that_exists() -> None:
    groups = {path.split()[0] for path in COMMANDS}
    shown = [one for one in named(SHOWN) if one.split()[0] in groups]
    for one in shown:
        assert any(one == path or one.startswith(f"{path} ") for path in COMMANDS), one


@pytest.mark.parametrize("paper", PAPERS)
def test_every_command_that_is_shown_can_be_typed(
    paper: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for line in typed((ROOT / paper).read_text("utf-8")):
        words = shlex.split(line.rstrip(" &"), comments=True)
        words = words[: words.index(">")] if ">" in words else words
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words.pop(0)
        if words and words[0] == "permit-reminders":
            parse_command(words[1:])
        elif words and words[0] == "make":
            makefile = (ROOT / "Makefile").read_text("utf-8")
            assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE), line


def parse_command(words: list[str]) -> None:
    """Parse a command line as click does, short of running it."""
    command: click.Command = cli
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(click.Context(command), words)
        assert found is not None, name
        command = found
    for file in filter(re.compile(r"[\w/-]+\.(csv|toml|txt|xlsx)").fullmatch, words):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).touch()
    command.make_context(command.name, list(words))


def variables(settings: type[BaseSettings]) -> dict[str, object]:
    """Every variable of some settings, with its default."""
    prefix = settings.model_config["env_prefix"]
    return {
        str(field.validation_alias or f"{prefix}{name}".upper()): field.default
        for name, field in settings.model_fields.items()
        if name != "twilio"
    }


EXPLAINED = {name: row[1] for row in rows(OPERATIONS) for name in named(row[0])}


@pytest.mark.parametrize("settings", [Settings, TwilioSettings])
def test_every_variable_is_explained_with_its_default(
    settings: type[BaseSettings],
) -> None:
    for name, default in variables(settings).items():
        assert name in EXPLAINED
        if default is not None:
            assert EXPLAINED[name] == f"`{default}`".replace(".0`", "`"), name


def test_every_variable_that_is_explained_exists() -> None:
    known = {*variables(Settings), *variables(TwilioSettings)}
    explained = set(
        re.findall(r"\b(?:PERMIT_REMINDERS|TWILIO)_[A-Z_]*[A-Z]\b", OPERATIONS)
    )
    assert explained <= known


def test_every_flag_of_the_sandbox_is_explained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"])
    flags = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    section = OPERATIONS.split("\n## The sandbox\n")[1].split("\n## ")[0]
    assert {row[0].strip("`") for row in rows(section)[2:]} == flags


def test_every_exit_code_is_explained() -> None:
    section = OPERATIONS.split("\n### Exit codes\n")[1].split("\n## ")[0]
    meanings = {row[0]: row[1] for row in rows(section)[2:]}
    in_help = re.findall(r"(\d) ([a-z ]+)", (cli.help or "").split("Exit codes:")[1])
    by_signal = {str(INTERRUPTED), str(TERMINATED)}
    assert meanings.keys() == {code for code, _ in in_help} | by_signal
    assert all(meanings[code].startswith(words) for code, words in in_help)
    assert meanings[str(BAD_INPUT)].startswith("bad input")


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as they are made on the web."""
    return {anchor(one) for one in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("paper", PAPERS)
def test_every_relative_link_leads_somewhere(paper: str) -> None:
    text = (ROOT / paper).read_text("utf-8")
    for link in re.findall(
        r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    ):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        name, _, wanted = link.partition("#")
        target = (ROOT / paper).parent / name if name else ROOT / paper
        assert target.exists(), f"{paper}: {link}"
        if wanted:
            assert wanted in anchors(target.read_text("utf-8")), f"{paper}: {link}"


@pytest.mark.parametrize("paper", PAPERS)
def test_every_file_of_code_that_is_named_exists(paper: str) -> None:
    text = (ROOT / paper).read_text("utf-8")
    for name in re.findall(r"`((?:[\w.]+/)+[\w.]*)`", text):
        if name.endswith(".py") or name.startswith(("service/", "tests/", "adapters/")):
            found = any((folder / name).exists() for folder in (ROOT, ROOT / "service"))
            assert found, f"{paper}: {name}"


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached, ahead = set[str](), ["README.md"]
    while ahead:
        paper = ahead.pop()
        reached.add(paper)
        text = (ROOT / paper).read_text("utf-8")
        for link in re.findall(r"\]\(([^)\s#]+\.md)", text):
            target = ((ROOT / paper).parent / link).resolve()
            if target.is_relative_to(ROOT) and target.exists():
                name = target.relative_to(ROOT).as_posix()
                ahead += [] if name in reached else [name]
    assert reached == set(PAPERS)


@pytest.mark.parametrize("paper", PAPERS)
def test_every_phone_number_is_reserved_for_fiction(paper: str) -> None:
    text = (ROOT / paper).read_text("utf-8")
    for number in re.findall(r"\+\d[\d ()-]{9,}\d", text):
        digits = re.sub(r"\D", "", number)
        assert re.fullmatch(r"1\d{3}55501\d\d|1500555000\d", digits), number


def test_every_alarm_is_in_the_list_of_alarms() -> None:
    raised = {
        name
        for path in (ROOT / "service" / "adapters" / "store").rglob("*.py")
        for name in re.findall(
            r'log_alarm\(\s*connection,\s*"([a-z ]+)"', path.read_text("utf-8")
        )
    }
    assert "second provider id" in raised
    listed = OPERATIONS.partition("and alarms: ")[2].partition("\n\n")[0]
    assert raised <= set(re.findall("`([a-z ]+)`", listed.replace("\n", " ")))
