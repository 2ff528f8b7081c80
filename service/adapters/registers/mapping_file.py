"""Mapping files on disk, checked as a whole before a row is read."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from service.adapters.files.read import read_toml
from service.adapters.registers.mapping import NO_OFFICE, RegisterMapping
from service.domain.lawbook.law import Law
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
    if "lookup" in given:
        given["lookup"] = replace(given["lookup"], mapping=values)
    return RegisterMapping(constants=constants, **given)


def zones_of(law: Law, default_office: str | None) -> dict[str, ZoneInfo]:
    """The zones of offices, and of rows without one, in which instants have a day."""
    zones = {code: office.zone for code, office in law.authorities.items()}
    return {**zones, NO_OFFICE: zones[default_office]} if default_office else zones
