"""Models of imports: parameters and answers."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, WithJsonSchema

from service.domain.masked_text import mask_text
from service.flow.permits.import_record import ImportMode, ImportRecord, ImportState
from service.web.api.pages import Page, UuidPageQuery
from service.web.api.parameter_types import Id, TextLine
from service.web.api.request_input import Parameters

_Mode = Annotated[
    ImportMode, WithJsonSchema({"type": "string", "enum": list(ImportMode)})
]
_State = Annotated[
    ImportState, WithJsonSchema({"type": "string", "enum": list(ImportState)})
]


class ImportPath(Parameters):
    """Which import."""

    id: Id = Field(
        description="the id of an import",
        examples=["01900000-0000-7000-8000-000000000142"],
    )


class ImportsQuery(UuidPageQuery):
    """Which imports, and which page of them."""

    register_name: TextLine | None = Field(
        default=None, alias="register", description="only those into this register"
    )


class Import(BaseModel):
    """A file that was or is loaded into a register, and how far it is."""

    id: str = Field(description="the id of the import; ids sort by their beginning")
    register_name: str = Field(
        alias="register",
        description="the register that it loads; a phone in its name is masked",
    )
    file: str = Field(description="the name of the file; a phone in it is masked")
    mode: _Mode = Field(
        description="upsert: the file names permits to add and change; snapshot: it "
        "names all of a scope, and others are withdrawn"
    )
    state: _State = Field(
        description="running; stopped, by a signal or killed: send the file again, and "
        "it goes on; unconfirmed: what a full export lacks is not withdrawn, a person "
        "must look; refused: strict, and a row would be rejected; done"
    )
    dry_run: bool = Field(
        description="whether nothing is stored, and counts say what would happen"
    )
    rows: int = Field(description="rows of the file")
    committed: int = Field(description="rows whose outcome is stored")
    counts: dict[str, int] = Field(
        description="rows committed, by what became of them; and permits withdrawn, "
        "because they are absent from register"
    )
    rows_per_second: float | None = Field(
        description="rows committed a second; null before the first are"
    )
    seconds_left: float | None = Field(
        description="seconds for the other rows at this rate; null if nobody knows"
    )
    exported_at: datetime = Field(description="when the file was last written")
    started_at: datetime = Field(description="when the import began")
    ended_at: datetime | None = Field(description="when it ended; null while it runs")
    by: str = Field(description="who imports")
    report: list[str] | None = Field(
        description="what the command prints of it, by lines; null until it is over"
    )

    @classmethod
    def of(cls, record: ImportRecord) -> "Import":
        """The import of a record."""
        return cls(
            id=record.id,
            register=mask_text(record.file.register),
            file=mask_text(record.file.name),
            mode=record.file.mode,
            state=record.state,
            dry_run=record.file.is_trial,
            rows=record.rows,
            committed=record.committed,
            counts=dict(record.counts),
            rows_per_second=record.rows_per_second,
            seconds_left=record.seconds_left,
            exported_at=record.file.exported_at,
            started_at=record.started_at,
            ended_at=record.ended_at,
            by=record.by,
            report=None if record.report is None else [*record.report],
        )


class ImportPage(Page[Import]):
    """Imports, the newest first."""
