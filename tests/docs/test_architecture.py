"""docs/architecture.md against the code: floors, files, tables, states and moves."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping

import pytest

from service.adapters.store.db.schema import metadata
from service.domain.delivery.status import MESSAGE_MOVES, REMINDER_MOVES
from tests.docs.pages import ARCHITECTURE, ROOT, blocks, named, rows

DRAWN = [
    one for one in blocks(ARCHITECTURE, "mermaid") if one.startswith("stateDiagram")
]
START = "[*]"


class Diagram:
    """A mermaid state diagram: an arrow at a box stands for one at each state in it."""

    def __init__(self, text: str) -> None:
        self._names: dict[str, str] = {}
        self._boxes: dict[str, set[str]] = defaultdict(set)
        self._arrows: list[tuple[str, str]] = []
        self._box: str | None = None
        for line in text.splitlines()[1:]:
            self._read(line.strip())

    def _read(self, line: str) -> None:
        if line == "}":
            self._box = None
        elif found := re.fullmatch(r'state ".*" as (\w+) \{', line):
            self._box = found[1]
        elif found := re.fullmatch(r'state "(.*)" as (\w+)', line):
            self._names[found[2]] = found[1]
        elif found := re.fullmatch(r"(\S+) --> (\S+)", line):
            self._arrows.append((found[1], found[2]))
            self._note(found[1], found[2])
        elif re.fullmatch(r"\w+", line):
            self._note(line)
        else:
            raise AssertionError(line)

    def _note(self, *states: str) -> None:
        if self._box is not None:
            self._boxes[self._box].update(states)

    def _meant(self, name: str) -> list[str]:
        inside = self._boxes.get(name, {name})
        return [self._names.get(one, one) for one in inside]

    def moves(self) -> dict[str, set[str]]:
        """From each state to the next."""
        found: dict[str, set[str]] = defaultdict(set)
        for one, other in self._arrows:
            for source in self._meant(one):
                for target in self._meant(other):
                    found[source].add(target)
                    found.setdefault(target, set())
        return dict(found)


def told(moves: Mapping[str, frozenset[str]]) -> dict[str, set[str]]:
    return {
        str(state): {str(one) for one in targets} for state, targets in moves.items()
    }


@pytest.mark.parametrize(
    ("drawn", "moves", "begin"),
    [
        (DRAWN[0], REMINDER_MOVES, {"due", "missed"}),
        (DRAWN[1], MESSAGE_MOVES, {"sending"}),
    ],
    ids=["reminder", "message"],
)
def test_a_diagram_shows_every_move_and_no_other(
    drawn: str, moves: Mapping[str, frozenset[str]], begin: set[str]
) -> None:
    shown = Diagram(drawn).moves()
    assert shown.pop(START) == begin
    assert shown == told(moves)


@pytest.mark.parametrize(
    ("title", "moves"),
    [("A reminder", REMINDER_MOVES), ("A message", MESSAGE_MOVES)],
)
def test_every_state_has_a_row_that_says_what_it_means(
    title: str, moves: Mapping[str, frozenset[str]]
) -> None:
    section = ARCHITECTURE.split(f"\n### {title}\n")[1].split("\n##")[0]
    assert {name for row in rows(section)[2:] for name in named(row[0])} == {*moves}


@pytest.mark.parametrize("block", blocks(ARCHITECTURE, "mermaid"))
def test_no_diagram_has_a_semicolon_which_ends_a_line_there(block: str) -> None:
    assert ";" not in block


def test_every_table_is_explained() -> None:
    section = ARCHITECTURE.split("\n## The tables\n")[1].split("\n## ")[0]
    told = [name for row in rows(section)[2:] for name in named(row[0])]
    assert sorted(told) == sorted(metadata.tables)


def test_the_floors_are_those_that_are_checked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    section = ARCHITECTURE.split("\n## The floors\n")[1]
    told = [re.split(r" {2,}", line)[0] for line in blocks(section, "")[0].splitlines()]
    assert told == layers
