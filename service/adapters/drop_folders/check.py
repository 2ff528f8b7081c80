"""What is wrong with the folder of registers, found without changing it."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from service.adapters.drop_folders.drop_folder import LOADING, REJECTED, REPORT
from service.adapters.drop_folders.look import is_mapping, is_ours, object_to
from service.adapters.registers.mapping_file import load_mapping
from service.domain.errors import PermitRemindersError
from service.domain.reports.findings import Finding, Severity
from service.domain.untrusted.text import safe_label

_PART: Final = "registers"

_STUCK_AFTER: Final = timedelta(hours=1)
"""A worker takes an export within minutes, and loads a large one within the hour."""

_MOST_NAMED: Final = 5
"""Files of a folder that are named."""

_SHOWN: Final = 300
"""Characters of a path."""


def check_registers(root: Path, now: datetime) -> Iterator[Finding]:
    """Find why a worker would not load what offices drop; `now` is the machine's."""
    try:
        entries = sorted(root.iterdir())
    except OSError as error:
        remedy = "make the folder that PERMIT_REMINDERS_REGISTERS names, or correct it"
        yield _wrong(root, error.strerror or type(error).__name__, remedy)
        return
    if not _is_writable(root):
        remedy = "let the worker write to it: it makes a folder beside each mapping"
        yield _wrong(root, "may not be written to", remedy)
    mappings = [path for path in entries if is_mapping(path)]
    if not mappings:
        remedy = "put a mapping there, which import --suggest writes"
        yield _wrong(root, "no mapping is in it, so nothing is loaded", remedy)
    folders = {path: path.with_suffix("") for path in mappings}
    for path, folder in folders.items():
        yield from _check_mapping(path)
        yield from _check_folder(folder, now)
    for path in entries:
        is_one = path.is_dir() and not is_ours(path.name)
        if is_one and path not in folders.values():
            what = f"no mapping {path.name}.toml is beside it, so nothing is loaded"
            yield _wrong(path, what, "put it there, or remove the folder")


def _check_mapping(path: Path) -> Iterator[Finding]:
    try:
        mapping = load_mapping(path)
    except PermitRemindersError as error:
        yield _wrong(path, error.in_one_line, "permit-reminders mapping check MAPPING")
        return
    if mapping.source is None:
        what = "it names no source, so its exports wait"
        yield _wrong(path, what, 'add to it: source = "the register\'s name"')


def _check_folder(folder: Path, now: datetime) -> Iterator[Finding]:
    if not folder.exists():
        return  # the worker makes it
    if not _is_writable(folder):
        remedy = "let the worker write to it: it moves what it has loaded"
        yield _wrong(folder, "may not be written to", remedy)
    try:
        waiting, alone = _look_at_exports(folder, now)
        rejected = _find_rejected(folder)
    except OSError as error:
        yield _wrong(folder, error.strerror or type(error).__name__, "look at it")
        return
    if waiting:
        remedy = "see the log of permit-reminders serve, which loads what is dropped"
        yield _wrong(folder, f"not loaded for over an hour: {_list(waiting)}", remedy)
    if alone:
        yield _wrong(folder, f"left alone: {_list(alone)}", "")
    if rejected:
        what = f"{_label(folder)}: rejected: {_list(rejected)}"
        remedy = "read the report beside it, then drop it again or delete it"
        yield Finding(Severity.NOTE, _PART, what, remedy)


def _look_at_exports(folder: Path, now: datetime) -> tuple[list[str], list[str]]:
    """The exports that wait for too long, and those that no worker takes, with why."""
    waiting, alone = list[str](), list[str]()
    for path in sorted([*folder.iterdir(), *(folder / LOADING).glob("[!.]*")]):
        if is_ours(path.name):
            continue
        found = path.lstat()
        if why := object_to(path, found):
            alone.append(f"{safe_label(path.name)} ({why})")
        elif now - datetime.fromtimestamp(found.st_ctime, UTC) > _STUCK_AFTER:
            waiting.append(safe_label(path.name))
    return waiting, alone


def _find_rejected(folder: Path) -> list[str]:
    written = (REPORT, ".rejects.csv", ".rejects.xlsx")
    names = sorted(path.name for path in (folder / REJECTED).glob("*"))
    return [safe_label(name) for name in names if not name.endswith(written)]


def _wrong(path: Path, what: str, remedy: str) -> Finding:
    return Finding(Severity.MISSES, _PART, f"{_label(path)}: {what}", remedy)


def _label(path: Path) -> str:
    return safe_label(str(path), _SHOWN)


def _list(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _is_writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK)
