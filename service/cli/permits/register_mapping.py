"""A mapping file, ready to read the registers of an installation."""

from dataclasses import replace
from pathlib import Path

from service.adapters.registers.mapping import IDENTITY_MAPPING, RegisterMapping
from service.adapters.registers.mapping_file import load_mapping, zones_of
from service.domain.lawbook.law import Law
from service.domain.permits.snapshot_scope import SnapshotScope


def open_mapping(
    path: Path | None, law: Law, default_office: str | None
) -> RegisterMapping:
    """Load a mapping file, or without one take the headings for permit fields.

    Raises `InvalidError` with all mistakes of the file, and `UnknownError` where it
    names a rule or an office that is not installed: it would reject every row.
    """
    mapping = load_mapping(path) if path else IDENTITY_MAPPING
    if "rule" in mapping.constants:
        law.rule(mapping.constants["rule"])
    if "authority" in mapping.constants:
        law.authority(mapping.constants["authority"])
    mapping = replace(mapping, snapshot=_find_scope(mapping.snapshot, law))
    return replace(mapping, zones=zones_of(law, default_office))


def _find_scope(scope: SnapshotScope | None, law: Law) -> SnapshotScope | None:
    """The scope of a snapshot, with the authorities below those that it names."""
    if scope is None:
        return None
    for code in scope.rules:
        law.rule(code)
    offices = {
        below
        for code in scope.authorities
        for below in law.subtree(law.authority(code).code)
    }
    return replace(scope, authorities=sorted(offices))


def find_default_office(law: Law, configured: str | None) -> str | None:
    """The office of rows that name none; None if each must name its own."""
    has_default = configured or len(law.authorities) == 1
    return law.default_authority(configured).code if has_default else None
