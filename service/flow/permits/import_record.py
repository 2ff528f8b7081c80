"""The record of an import: whose file it is, how far it is, and what it came to.

It is stored before the first row, goes on in the transaction of each chunk, and ends
with the import. It says where an import that was killed resumes, what the register
held when it was last loaded, and who loaded it; the action log says nothing of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol, Self

from service.domain.errors import InvalidError
from service.domain.permits.permit_change import ChangeKind, FieldChanges

Outcomes = Sequence[str | InvalidError]
"""What became of permits, in their order."""

RefusedRows = Mapping[int, InvalidError]
"""Rows that were read and not stored, by their position in the file from 0 on."""


class ImportMode(StrEnum):
    """What a file is: permits to add and change, all of a register, filed renewals."""

    UPSERT = "upsert"
    SNAPSHOT = "snapshot"
    FILED = "filed"


class ImportState(StrEnum):
    """How an import stands; of one that is `REFUSED`, strict, nothing is stored."""

    RUNNING = "running"
    STOPPED = "stopped"
    UNCONFIRMED = "unconfirmed"
    REFUSED = "refused"
    DONE = "done"


LONGEST_SILENCE: Final = timedelta(minutes=5)
"""How long after its last sign of life an import counts as killed, and `STOPPED`.

Each chunk is one; writing a workbook of rejected rows may take minutes without any.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFile:
    """What is imported: only the same again can be resumed.

    `content` and `mapping` are SHA-256 digests. The `name` and `exported_at` are not
    compared: a copy of the file may have others. With `is_rejects` it has the rejected
    rows of another file, with `is_part` what had changed in a view. Of a trial nothing
    is stored. `mark` is the text of the `HighWaterMark` of a view.
    """

    register: str
    name: str
    content: bytes
    mapping: bytes
    mode: ImportMode
    exported_at: datetime
    mark: str | None = None
    is_rejects: bool = False
    is_part: bool = False
    is_trial: bool = False

    @property
    def key(self) -> tuple[str, bytes, bytes, ImportMode]:
        """What two imports of the same file have in common."""
        return self.register, self.content, self.mapping, self.mode

    @property
    def is_filed(self) -> bool:
        """Whether it lists filed renewals of the register's permits."""
        return self.mode is ImportMode.FILED


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRecord:
    """An import as it is stored.

    `rows` are those of the file, `committed` those whose outcome is stored, and
    `counts` has their outcomes. `seconds` were worked on it, without interruptions.
    `report` has the lines that the command prints; None until it is over. `refused` are
    those of the rows committed, while the import is resumed.
    """

    id: str
    file: ImportFile
    state: ImportState
    rows: int
    committed: int
    counts: Mapping[str, int]
    seconds: float
    started_at: datetime
    ended_at: datetime | None
    by: str
    report: Sequence[str] | None = None
    refused: RefusedRows = field(default_factory=dict)

    @property
    def rows_per_second(self) -> float | None:
        """How fast rows are committed; None before the first chunk is."""
        return (
            self.committed / self.seconds if self.committed and self.seconds else None
        )

    @property
    def seconds_left(self) -> float | None:
        """How long it takes for the other rows at this rate; None if nobody knows."""
        rate = self.rows_per_second
        return (self.rows - self.committed) / rate if rate else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkNote:
    """What the transaction of a chunk notes in the record of its import.

    `counts` says, given the outcomes of the chunk's permits, what all rows committed
    so far came to, `refused` which rows of the chunk are refused: only now can that be
    known, as a later row may change what is stored. `committed_before` guards against
    a second process that goes on with the same import.
    """

    import_id: str
    committed_before: int
    committed: int
    seconds: float
    counts: Callable[[Outcomes], Mapping[str, int]]
    refused: Callable[[Outcomes], RefusedRows]

    def of_chunk(self, in_order: Callable[[Outcomes], Outcomes]) -> Self:
        """The note that takes what was stored, and asks for the outcomes of all."""
        return replace(
            self,
            counts=lambda stored: self.counts(in_order(stored)),
            refused=lambda stored: self.refused(in_order(stored)),
        )


ChangeCursor = tuple[int, int]
"""The place of a change among those of all imports; its parts have no other meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportChange:
    """What an import changed of a permit: the values of phones are masked ones."""

    cursor: ChangeCursor
    import_id: str
    at: datetime
    by: str
    authority: str
    rule: str
    number: str
    kind: ChangeKind
    fields: FieldChanges


class ImportStore(Protocol):
    """Stores the records of imports; `ChunkNote` is stored with the chunk's permits."""

    async def begin(
        self, file: ImportFile, rows: int, by: str, now: datetime
    ) -> ImportRecord:
        """Store the record of an import that begins."""

    async def resume(
        self, import_id: str, by: str, *, exported_at: datetime | None = None
    ) -> ImportRecord:
        """Mark an import as running again, or still.

        Its file was exported at the time that is given, if one is.
        """

    async def end(
        self,
        import_id: str,
        state: ImportState,
        counts: Mapping[str, int],
        unknown_types: Mapping[str, int],
        now: datetime,
        *,
        report: Sequence[str] | None = None,
    ) -> None:
        """Store how an import ended, with its last counts; log unknown types."""

    async def last(
        self,
        register: str,
        state: ImportState | None = None,
        *,
        is_filed: bool = False,
        is_whole: bool = False,
    ) -> ImportRecord | None:
        """The newest import of a register, but for trials and refused ones.

        Of its permits, or if `is_filed` of their filed renewals; of any state, or one.
        """

    async def last_mark(self, register: str, mapping: bytes) -> str | None:
        """The newest mark of an import that is done, by the mapping of this digest."""

    async def get(self, import_id: str) -> ImportRecord:
        """An import; raises `UnknownError`."""

    async def page(
        self, register: str | None, after: str | None, limit: int
    ) -> Sequence[ImportRecord]:
        """Imports older than the id `after`, the newest first."""

    async def changes(
        self, import_id: str | None, after: ChangeCursor | None, limit: int
    ) -> Sequence[ImportChange]:
        """What one import changed, or all, behind `after`; the first is the oldest."""
