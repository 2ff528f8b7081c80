"""Mapping files on disk, checked as a whole before a row is read."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from service.adapters.registers.mapping import RegisterMapping
from service.domain.errors import InvalidError, Mistake
from service.formats.mapping import CONSTANTS, parse_mapping


def load_mapping(path: Path) -> RegisterMapping:
    """Load a mapping file; raises `InvalidError` with all its mistakes at once."""
    try:
        values = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        mistake = Mistake("file", str(error.strerror), "a readable file")
        raise InvalidError(path.name, [mistake]) from error
    except ValueError as error:
        mistake = Mistake("file", str(error), "TOML in UTF-8")
        raise InvalidError(path.name, [mistake]) from error
    return mapping_from(values, path.name)


def mapping_from(values: Mapping[str, object], where: str) -> RegisterMapping:
    """Check a mapping; raises `InvalidError` at `where` with all its mistakes."""
    given = parse_mapping(values, where).given()
    constants = {str(name): given.pop(name) for name in CONSTANTS if name in given}
    return RegisterMapping(constants=constants, **given)
