"""Check that folders, modules and ports of `service/` stay small enough to survey.

A folder has at most 14 modules, a module at most 250 lines, and a port (a Protocol in
`service/flow/`) at most 8 methods. Migrations may be longer. Other exceptions stand
with their reason in `pyproject.toml`, below `[tool.check_sizes.exceptions]`.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

MAX_MODULES: Final = 14
MAX_LINES: Final = 250
MAX_METHODS: Final = 8

_METHODS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


def find_oversized(root: Path) -> Iterator[tuple[str, str]]:
    """Find what is too large below `root`: its place, and what was found there."""
    service = root / "service"
    for folder in [service, *sorted(service.rglob("*/"))]:
        modules = sorted(set(folder.glob("*.py")) - {folder / "__init__.py"})
        if "migrations" in folder.parts:
            continue
        place = folder.relative_to(root).as_posix()
        if len(modules) > MAX_MODULES:
            yield place, f"found {len(modules)} modules, expected at most {MAX_MODULES}"
        for module in [*folder.glob("__init__.py"), *modules]:
            yield from _find_in_module(module, f"{place}/{module.name}")


def _find_in_module(module: Path, place: str) -> Iterator[tuple[str, str]]:
    text = module.read_text("utf-8")
    lines = len(text.splitlines())
    if lines > MAX_LINES:
        yield place, f"found {lines} lines, expected at most {MAX_LINES}"
    if not place.startswith("service/flow/"):
        return
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef) and _is_protocol(node):
            methods = sum(isinstance(it, _METHODS) for it in node.body)
            if methods > MAX_METHODS:
                found = f"found {methods} methods, expected at most {MAX_METHODS}"
                yield f"{place}:{node.name}", found


def _is_protocol(node: ast.ClassDef) -> bool:
    return any("Protocol" in ast.unparse(base) for base in node.bases)


def judge(root: Path, exceptions: Mapping[str, str]) -> list[str]:
    """List what is too large and no exception, and exceptions that nothing needs."""
    found = dict(find_oversized(root))
    return [
        *(f"{place}: {found[place]}" for place in found if place not in exceptions),
        *(
            f"pyproject.toml: {place} is an exception and not too large; remove it"
            for place in exceptions
            if place not in found
        ),
    ]


if __name__ == "__main__":
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))
    complaints = judge(Path(), project["tool"]["check_sizes"]["exceptions"])
    print(*complaints, sep="\n", end="\n" if complaints else "")
    sys.exit(bool(complaints))
