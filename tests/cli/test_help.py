import re
from collections.abc import Iterator

import click
import pytest

from service.cli import COMMAND_GROUPS, COMMANDS, cli
from tests.cli.commands import Run

TREE = """
audit
authorities list
authorities live CODE RULE... --approved-by --from --catch-up --yes
authorities load FILE --force --dry-run
authorities preview CODE RULE... --from --catch-up
authorities show CODE
authorities staff CODE PHONE --name --remove
authorities take-back CODE RULE...
authorities trial CODE RULE...
calendars load FILE --calendar --published --force --dry-run
calendars show CODE YEAR
calls --authority --format
counts --from --to --by --format --authority
db copy FROM TO
db status
db upgrade
demo --dir
doctor --json
explain --rule --expires --issued --permit --version --authority --json
failover send --reason
failover status
forecast --days --authority --format
import [FILE] --from-view --mapping --suggest --dry-run --resume --strict \
--snapshot --withdraw-up-to
imports changes [ID]
imports list
init --code --name --zone --helpline --register --rule --overwrite
keys create NAME
keys list
keys revoke PREFIX
mapping check MAPPING [FILE] --ask
messages give-up ID... --reason
messages handled ID... --reason
messages inbox --authority --format
messages list --state --authority --open
messages opt-out ID... --reason
messages resend ID... --reason
messages show ID
opt-outs add PHONE --authority --reason
opt-outs lift PHONE --authority --reason
opt-outs list
outbox check FILE
outbox results FILE
pause [SCOPE] --reason
report --week --from --to --as-of --format --authority
resume [SCOPE]
rules apply [PATH] --force --shadow --json
rules check [PATH]
rules diff [PATH] --json
rules export CODE --out
rules list
rules revert CODE --force --dry-run
rules shadow CODE
sandbox --dir --host --port --idle --users --pace --inbound-url --faults
schema {rule|authority|calendar|mapping|platform}
serve --only
templates check [PATH]
templates list
templates preview NAME --permit --rule --expires --authority --language --file
templates save NAME FILE --language --dry-run
templates show NAME --language --version
test-sms PHONE --authority --yes
tick --now
unreachable lift PHONE --authority --reason
unreachable list --authority --format
"""
"""What scripts of others rely on; it grows, and never shrinks."""


def leaves(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from leaves(below, *path, name)
    else:
        yield path


def signature(path: tuple[str, ...]) -> str:
    command: click.Command | None = cli
    for name in path:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), name)
    assert command is not None
    context = click.Context(command)
    said = [
        one.make_metavar(context) if isinstance(one, click.Argument) else one.opts[-1]
        for one in command.params
    ]
    options = [one for one in command.params if isinstance(one, click.Option)]
    assert all(one.opts[0].startswith("--") for one in options)
    words = [
        one.opts[0] if isinstance(one, click.Option) else text
        for one, text in zip(command.params, said, strict=True)
    ]
    arguments = [word for word in words if not word.startswith("--")]
    return " ".join([*path, *arguments, *(w for w in words if w.startswith("--"))])


def test_the_tree_of_commands_is_the_public_contract() -> None:
    assert sorted(map(signature, leaves(cli))) == TREE.split("\n")[1:-1]


@pytest.mark.parametrize("path", [(), *leaves(cli)], ids=" ".join)
def test_every_command_says_what_it_does(path: tuple[str, ...], run: Run) -> None:
    text = run(*path, "--help").answer
    assert text.startswith(" ".join(["Usage: permit-reminders", *path]))
    assert run(*path, "--help").answer == text


def test_help_lists_every_command_by_subject_in_one_whole_line(run: Run) -> None:
    sections = re.split(r"\n\n(.+):\n", run("--help").answer)
    by_title = dict(zip(sections[1::2], sections[2::2], strict=True))
    del by_title["Options"]
    assert list(by_title) == list(COMMAND_GROUPS)
    listed = [line for part in by_title.values() for line in part.splitlines()]
    assert [line.split()[0] for line in listed] == list(COMMANDS)
    assert all(line.endswith(".") and "..." not in line for line in listed)


def test_a_group_lists_its_commands_in_one_whole_line_each(run: Run) -> None:
    for group in sorted({path[0] for path in leaves(cli) if len(path) > 1}):
        listed = run(group, "--help").answer.split("Commands:\n")[1].splitlines()
        assert all(line.endswith(".") and "..." not in line for line in listed), group


def test_a_group_alone_shows_its_commands_and_is_bad_input(run: Run) -> None:
    groups = ("rules", "templates", "calendars", "authorities", "keys", "db")
    for path in ((), *((one,) for one in groups)):
        ran = run(*path)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith(" ".join(["Usage: permit-reminders", *path]))


def test_the_version_is_the_package_s(run: Run) -> None:
    assert run("--version").answer == "permit-reminders, version 0.1.0\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("remind", ": No such command 'remind'"),
        ("keys make", "keys: No such command 'make'"),
        ("import", "import: Missing argument 'FILE'"),
        ("pause", "pause: Missing option '--reason'"),
        ("audit --all", "audit: No such option '--all'"),
        (
            "audit all",
            "audit: Got unexpected extra argument (all)",
        ),
        (
            "counts --from 2024-01-01 --to 2024-01-31 --by holder",
            (
                "counts: Invalid value for '--by': 'holder' is not one "
                "of 'rule', 'authority', 'day', 'week'"
            ),
        ),
        (
            "report --format pdf",
            (
                "report: Invalid value for '--format': 'pdf' is not one "
                "of 'text', 'json', 'csv'"
            ),
        ),
        (
            "report --week 2024-W05 --from 2024-01-29",
            "report: give --week, or --from and --to",
        ),
        (
            "report --from 2024-01-29",
            "report: give both --from and --to",
        ),
        (
            "explain --rule r",
            "explain: give --rule and --expires, or --permit",
        ),
        (
            "explain --permit 1 --rule r --expires 2026-12-31",
            "explain: give --rule and --expires, or --permit",
        ),
        (
            "explain --rule r --expires 2026-02-29",
            (
                "explain: Invalid value for '--expires': found "
                "'2026-02-29', expected a day such as 2026-12-31, from 1950 to 2200"
            ),
        ),
        (
            "tick --now noon",
            (
                "tick: Invalid value for '--now': found 'noon', expected "
                "an instant with its zone such as 2024-01-29T09:30+08:00, from "
                "1950 to 2200"
            ),
        ),
        (
            "pause rule --reason r",
            (
                "pause: Invalid value for '[SCOPE]': found 'rule', "
                "expected all, rule:CODE, authority:CODE, office:CODE or "
                "resend:PROVIDER"
            ),
        ),
    ],
)
@pytest.mark.usefixtures("installed")
def test_a_wrong_command_line_is_one_line(arguments: str, said: str, run: Run) -> None:
    words = arguments.split()
    who, _, what = said.partition(": ")
    asked = f"permit-reminders {who}".strip()
    assert run(*words).refusal == f"{asked}: {what}; see {asked} --help"
