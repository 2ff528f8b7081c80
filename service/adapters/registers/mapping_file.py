"""Mapping files on disk, checked as a whole before a row is read."""

from collections.abc import Mapping
from pathlib import Path

from service.adapters.files.read import read_toml
from service.adapters.registers.mapping import RegisterMapping
from service.formats.mapping import REST, parse_mapping
from service.formats.registers.mapping_parts import CONSTANTS


def load_mapping(path: Path) -> RegisterMapping:
    """Load a mapping file.

    Raises `InvalidError` with all its mistakes, or `SetUpError` where it is no file.
    """
    return mapping_from(read_toml(path), str(path))


def mapping_from(values: Mapping[str, object], where: str) -> RegisterMapping:
    """Check a mapping; raises `InvalidError` at `where` with all its mistakes."""
    given = parse_mapping(values, where).given()
    constants = {**given.pop("constants")}
    constants |= {str(name): given.pop(name) for name in CONSTANTS if name in given}
    if given["ignore"] == REST:
        given["ignore"] = ("*",)
    return RegisterMapping(constants=constants, **given)
