"""What a docstring names between backticks exists."""

import ast
import re
from pathlib import Path

from tests.docs.pages import ROOT

NAMED_ELSEWHERE = ("schedules", "templates", "examples")
"""Folders whose files use the names of file formats."""


def docstrings(tree: ast.Module) -> list[ast.Constant]:
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]


def words_of_code(path: Path) -> set[str]:
    text = path.read_text("utf-8")
    lines = text.splitlines()
    for docstring in docstrings(ast.parse(text)):
        for number in range(docstring.lineno, (docstring.end_lineno or 0) + 1):
            lines[number - 1] = ""
    return {*re.findall(r"\w+", "\n".join(lines)), path.stem}


def test_every_name_in_a_docstring_exists() -> None:
    modules = sorted((ROOT / "service").rglob("*.py"))
    known = set[str]().union(*map(words_of_code, modules))
    for folder in NAMED_ELSEWHERE:
        for path in (ROOT / folder).rglob("*.*"):
            known.update(re.findall(r"\w+", path.read_text("utf-8", errors="ignore")))
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules
        for docstring in docstrings(ast.parse(path.read_text("utf-8")))
        for quoted in re.findall(r"`([^`\n]+)`", str(docstring.value))
        for name in re.findall(r"[A-Za-z_]\w*", quoted)
        if name not in known and not name.isupper() and not name.endswith("_")
    ]
    assert missing == []
