"""The walks of docs/architecture.md: numbered lists of files and functions."""

import re
from collections.abc import Iterator, Sequence

from tests.docs.pages import ARCHITECTURE, named

Step = tuple[str, Sequence[str]]
"""A file below service/, and the functions named in a step of a walk."""


def walks() -> Iterator[tuple[str, list[Step]]]:
    """Every numbered list of functions, by the verb that begins the line above it."""
    section = ARCHITECTURE.split("\n## The four walks\n")[1].split("\n## The promises")[
        0
    ]
    for found in re.finditer(
        r"^\*\*(\w+)\*\*.*\n\n((?:\d+\. .*\n(?:   .*\n)*)+)", section, re.MULTILINE
    ):
        steps = re.split(r"^\d+\. ", found[2], flags=re.MULTILINE)[1:]
        yield found[1], [step for text in steps for step in steps_in(text)]


def steps_in(text: str) -> Iterator[Step]:
    """The files of one numbered line, each with the functions named after it."""
    parts = re.split(r"`([\w/]+\.py)`", text)[1:]
    for file, rest in zip(parts[::2], parts[1::2], strict=True):
        yield file, [name[:-2] for name in named(rest) if name.endswith("()")]


WALKS = dict(walks())
