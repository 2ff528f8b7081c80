"""What a file to import is, so that the same can be known again."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from service.adapters.files.read import digest_file, read_file
from service.flow.permits.import_record import ImportFile, ImportMode


def describe_file(
    path: Path,
    register: str,
    mode: ImportMode,
    *,
    mapping: Path | None = None,
    default_authority: str | None = None,
) -> ImportFile:
    """Describe a file, and what its rows are read by.

    It was exported when it was last changed. Raises `SetUpError` where it is no file.
    """
    return ImportFile(
        register=register,
        name=path.name,
        content=digest_file(path),
        mapping=digest_mapping(mapping, default_authority),
        mode=mode,
        exported_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
    )


def digest_mapping(mapping: Path | None, default_authority: str | None) -> bytes:
    """The digest of what the rows of a file are read by."""
    digest = sha256((default_authority or "").encode())
    digest.update(read_file(mapping) if mapping else b"")
    return digest.digest()
