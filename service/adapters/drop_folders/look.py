"""Looks at the folder of registers: what can be loaded, and what is left alone."""

import os
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from service.adapters.drop_folders.drop_folder import (
    FOLDERS,
    REPORT,
    DropFolder,
    DroppedFile,
)
from service.adapters.files.read import read_toml
from service.domain.errors import PermitRemindersError

_MAPPING: Final = ".toml"

EXPORTS: Final = frozenset(
    {
        *(".csv", ".tsv", ".txt", ".xlsx", ".xlsb", ".xls", ".ods"),
        *(".json", ".jsonl", ".ndjson"),
    }
)
"""Ends of names of exports; what they hold is found by their content."""

_LISTED: Final = ", ".join(sorted(EXPORTS))

_UNFINISHED: Final = (".part", ".tmp", ".filepart", ".crdownload")
"""Ends of names that programs give to files which they still write."""

_LONGEST_NAME: Final = 200
"""Bytes; a file system takes 255, and names of reports are longer."""

MOST_AT_ONCE: Final = 100
"""Exports that are given to one process."""


@dataclass(frozen=True, slots=True)
class RegisterWork:
    """A register with something to load: exports that are ready, oldest first.

    Or one that was taken before, or its view.
    """

    folder: DropFolder
    files: Collection[DroppedFile]


@dataclass(frozen=True, slots=True)
class Look:
    """What was found: work, and by path why something is left alone."""

    work: Collection[RegisterWork]
    left_alone: Mapping[Path, str]


class RegisterFolders:
    """The mappings in a folder, and the drop folder of each.

    An export is ready when two looks found it unchanged.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: Mapping[Path, DroppedFile] = {}

    def look(self) -> Look:
        """Look once; it may wait for a network share, so not in the event loop."""
        seen, left_alone = dict[Path, DroppedFile](), dict[Path, str]()
        work = list[RegisterWork]()
        try:
            for folder in self._find_folders(left_alone):
                try:
                    work += self._look_into(folder, seen, left_alone)
                except OSError as error:
                    left_alone[folder.path] = error.strerror or type(error).__name__
        except OSError as error:
            left_alone[self._root] = error.strerror or type(error).__name__
        self._seen = seen
        return Look(work, left_alone)

    def _find_folders(self, left_alone: dict[Path, str]) -> Iterator[DropFolder]:
        entries = sorted(self._root.iterdir())
        mappings = {path.stem for path in entries if path.suffix == _MAPPING}
        for path in entries:
            if path.name.startswith("."):
                continue
            if is_mapping(path):
                yield DropFolder(path)
            elif not path.is_dir():
                left_alone[path] = "neither a mapping nor the folder of one"
            elif path.name not in mappings:
                left_alone[path] = f"no mapping {path.name}{_MAPPING} is beside it"

    def _look_into(
        self,
        folder: DropFolder,
        seen: dict[Path, DroppedFile],
        left_alone: dict[Path, str],
    ) -> Iterator[RegisterWork]:
        folder.make()
        ready = list[DroppedFile]()
        with os.scandir(folder.path) as entries:
            for entry in entries:
                path = Path(entry.path)
                if is_ours(entry.name):
                    continue
                try:
                    found = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if objection := object_to(path, found):
                    left_alone[path] = objection
                    continue
                file = seen[path] = DroppedFile.of(entry.name, found)
                if self._seen.get(path) == file:
                    ready.append(file)
        with folder.lock() as is_locked:
            if is_locked and (ready or folder.find_taken() or _is_view_due(folder)):
                yield RegisterWork(folder, sorted(ready)[:MOST_AT_ONCE])


def _is_view_due(folder: DropFolder) -> bool:
    """Whether the view of its mapping is to be read; also if that has a mistake.

    Whoever reads the mapping then says so.
    """
    try:
        view = read_toml(folder.mapping_file).get("view")
    except PermitRemindersError:
        return True
    if not isinstance(view, dict) or "every_minutes" not in view:
        return False
    every = view["every_minutes"]
    return not isinstance(every, int) or folder.is_view_due(every)


def is_mapping(path: Path) -> bool:
    """Whether a file in the folder of registers is the mapping of one."""
    is_hidden = path.name.startswith(".")
    return path.suffix == _MAPPING and path.is_file() and not is_hidden


def is_ours(name: str) -> bool:
    """Whether nobody needs to hear of it: folders, reports, unfinished files."""
    is_hidden = name.startswith((".", "~$"))
    return is_hidden or name in FOLDERS or name.endswith((REPORT, *_UNFINISHED))


def object_to(path: Path, found: os.stat_result) -> str | None:
    """Why a file is left alone; None if it may be an export."""
    name, is_link = path.name, stat.S_ISLNK(found.st_mode)
    objections = (
        (is_link, "a link; drop the file itself"),
        (not stat.S_ISREG(found.st_mode), "no file"),
        (path.suffix.lower() not in EXPORTS, f"no export; those end with {_LISTED}"),
        (not name.isprintable(), "a name that cannot be shown; rename it"),
        (len(os.fsencode(name)) > _LONGEST_NAME, "a name of over 200 bytes; rename it"),
        (not os.access(path, os.R_OK), "it may not be read; let this process read it"),
    )
    return next((why for applies, why in objections if applies), None)
