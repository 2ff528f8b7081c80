"""docs/states.md against the code: every state is explained, every transition drawn."""

import re
from collections import defaultdict
from collections.abc import Mapping

import pytest

from service.domain.delivery.status import MESSAGE_TRANSITIONS, REMINDER_TRANSITIONS
from tests.docs.pages import STATES, blocks, named, rows

REMINDER_DIAGRAM, MESSAGE_DIAGRAM = blocks(STATES, "mermaid")
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
            self._add(found[1], found[2])
        elif re.fullmatch(r"\w+", line):
            self._add(line)
        else:
            raise AssertionError(line)

    def _add(self, *states: str) -> None:
        if self._box is not None:
            self._boxes[self._box].update(states)

    def _states_of(self, name: str) -> list[str]:
        inside = self._boxes.get(name, {name})
        return [self._names.get(state, state) for state in inside]

    def transitions(self) -> dict[str, set[str]]:
        """From each state to the next."""
        found: dict[str, set[str]] = defaultdict(set)
        for start, end in self._arrows:
            for source in self._states_of(start):
                for target in self._states_of(end):
                    found[source].add(target)
                    found.setdefault(target, set())
        return dict(found)


def plain(moves: Mapping[str, frozenset[str]]) -> dict[str, set[str]]:
    """The transitions of the code, as plain text."""
    return {str(state): {*map(str, targets)} for state, targets in moves.items()}


@pytest.mark.parametrize(
    ("diagram", "moves", "first"),
    [
        (REMINDER_DIAGRAM, REMINDER_TRANSITIONS, {"due", "missed"}),
        (MESSAGE_DIAGRAM, MESSAGE_TRANSITIONS, {"sending"}),
    ],
    ids=["reminder", "message"],
)
def test_a_diagram_shows_every_transition_and_no_other(
    diagram: str, moves: Mapping[str, frozenset[str]], first: set[str]
) -> None:
    drawn = Diagram(diagram).transitions()
    assert drawn.pop(START) == first
    assert drawn == plain(moves)


@pytest.mark.parametrize(
    ("title", "moves"),
    [("A reminder", REMINDER_TRANSITIONS), ("A message", MESSAGE_TRANSITIONS)],
)
def test_every_state_has_a_row_that_explains_it(
    title: str, moves: Mapping[str, frozenset[str]]
) -> None:
    section = STATES.split(f"\n## {title}\n")[1].split("\n##")[0]
    assert {name for row in rows(section)[2:] for name in named(row[0])} == {*moves}
