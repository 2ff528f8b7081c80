"""Mapping files on disk, checked as a whole before a row is read."""

from collections.abc import Mapping
from pathlib import Path

from service.adapters.files.read import read_toml
from service.adapters.registers.mapping import RegisterMapping
from service.formats.mapping import CONSTANTS, parse_mapping


def load_mapping(path: Path) -> RegisterMapping:
    """Load a mapping file.

    Raises `InvalidError` with all its mistakes, or `SetUpError` where it is no file.
    """
    return mapping_from(read_toml(path), str(path))


def mapping_from(values: Mapping[str, object], where: str) -> RegisterMapping:
    """Check a mapping; raises `InvalidError` at `where` with all its mistakes."""
    given = parse_mapping(values, where).given()
    constants = {str(name): given.pop(name) for name in CONSTANTS if name in given}
    return RegisterMapping(constants=constants, **given)
