"""Reading the project's own documents: paths, blocks of code, rows of tables."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

README = (ROOT / "README.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text("utf-8")
STATES = (ROOT / "docs/states.md").read_text("utf-8")
FAILURES = (ROOT / "docs/failures.md").read_text("utf-8")
TABLES = (ROOT / "docs/tables.md").read_text("utf-8")
OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")
GUIDE = (ROOT / "docs/rules.md").read_text("utf-8")

_FOLDERS = (
    *("", "docs", "docs/decisions", "schedules", "schedules/cn", "tests/cases"),
    "deploy",
)

PAPERS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in _FOLDERS
    for path in (ROOT / folder).glob("*.md")
)


def blocks(text: str, language: str) -> list[str]:
    """The blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def typed(text: str) -> Iterator[str]:
    """The commands to type: lines after a $, joined with their continuations."""
    for block in blocks(text, "console"):
        joined = block.replace("\\\n", " ")
        yield from re.findall(r"^\$ (.*)$", joined, re.MULTILINE)


def rows(text: str) -> list[list[str]]:
    """The cells of every table's rows."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    split = [re.split(r"(?<!\\)\|", line.strip("|")) for line in lines]
    return [[cell.strip() for cell in cells] for cells in split]


def named(text: str) -> list[str]:
    """What stands between backticks, in order."""
    return re.findall(r"`([^`\n]+)`", text)


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
