"""A mapping file: what the columns and words of a register mean.

docs/mappings.md explains every key with an example.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from service.domain.permits.permit_fields import DATES, FIELDS
from service.formats.field_types import Rows
from service.formats.file_model import (
    Expected,
    FileModel,
    expected,
    refuse,
)
from service.formats.parse import parse
from service.formats.platform_types import Delimiter, Encoding
from service.formats.registers.lookup import LookupTable
from service.formats.registers.mapping_parts import (
    CONSTANTS,
    NEEDS_SOURCE,
    Century,
    DateFormat,
    DateFormats,
    HeaderLine,
    Lists,
    MaxAge,
    PermitField,
    PermitTable,
    Role,
    SnapshotTable,
    Source,
    Text,
    Width,
    Word,
    all_columns,
    column_findings,
    constant_findings,
    field_findings,
    word_findings,
)
from service.formats.registers.view import ViewTable
from service.formats.registers.worker import WorkerTable

REST: Final = "rest"  # as `ignore`: every column that is not mapped


class MappingFile(FileModel):
    """From a register's columns and words to permit fields."""

    lists: Lists | None = Field(
        default=None,
        description="filed, if its rows are filed renewals of permits of the register "
        "`source`; unless given, they are its permits",
    )
    rule: Text | None = Field(
        default=None, description="the code of the rule, where all rows have the same"
    )
    authority: Text | None = Field(
        default=None,
        description="the code of the office, where all rows have the same; without it "
        "and a column for it, that of the settings",
    )
    constants: dict[str, Word] = Field(
        default={},
        description="per permit field, the value that it has in every row; those of "
        "rule and authority have keys of their own",
    )
    permits: Rows[PermitTable] = Field(
        default=(),
        description="where each row states several permits: what each has of its own",
    )
    columns: dict[str, PermitField] = Field(
        default={},
        validate_default=True,
        description="from a column's heading to a permit field; several may lead to "
        "phones, in order of preference",
    )
    ignore: Annotated[
        Literal["rest"] | Rows[str], Expected('a list of column names, or "rest"')
    ] = Field(
        default=(),
        description="the headings of columns that are not read, * for any characters; "
        'or "rest" for all that are not mapped',
    )
    values: dict[str, dict[str, Word]] = Field(
        default={},
        description="per permit field, from the register's words to ours, or to what "
        "becomes of their rows: reject, skip or withdraw",
    )
    date_format: DateFormat | None = Field(
        default=None,
        description="how days are written, in strptime codes, or excel, excel-1904 or "
        "minguo; forms with the year first are read without it",
        examples=["%d/%m/%Y"],
    )
    date_formats: DateFormats = Field(
        default=(),
        description="the formats of all columns; or by a column's heading, if they "
        "differ. A text that two of them read as different days is refused",
        examples=[["%d/%m/%Y", "%d %b %Y"]],
    )
    two_digit_years_from: Century | None = Field(
        default=None,
        description="the year with which the hundred begin that %y stands for; "
        "unless given, 00 to 68 are the 2000s and others refused",
        examples=[1970],
    )
    width: dict[str, Width] = Field(
        default={},
        description="by a column's heading, how many digits its values have; "
        "zeros that a spreadsheet dropped are put before shorter ones",
    )
    roles: dict[str, Role] = Field(
        default={}, description="by a column's heading, whose phones it has"
    )
    encoding: Encoding | None = Field(
        default=None,
        description="the encoding of the file, if it is text; found unless given",
        examples=["gb18030"],
    )
    delimiter: Delimiter | None = Field(
        default=None,
        description="what separates the cells of a text; found unless given",
        examples=[";"],
    )
    header_line: HeaderLine | None = Field(
        default=None,
        description="the line of the header, or its row in a workbook, counted from 1; "
        "found unless given. What stands above it is not read",
    )
    sheet: Text | None = Field(
        default=None,
        description="the sheet of a workbook; unless given, the first one that is not "
        "hidden and has the columns",
    )
    snapshot: SnapshotTable | None = Field(
        default=None,
        description="which permits of the register `source` a full export names; with "
        "--snapshot, those that it does not name are withdrawn",
    )
    max_age_days: MaxAge | None = Field(
        default=None, description="days after which the register is stale"
    )
    lookup: LookupTable | None = Field(
        default=None,
        description="how the register is asked about a permit just before it is texted",
    )
    worker: WorkerTable | None = Field(
        default=None, description="how a worker imports the register"
    )
    view: ViewTable | None = Field(
        default=None, description="where the register is a view of a database"
    )
    source: Source | None = Field(
        default=None,
        validate_default=True,
        description="the register's name, shown when it is stale",
    )

    @field_validator("permits", "snapshot", "max_age_days", "lookup")
    @classmethod
    def _only_of_permits(cls, value: object, info: ValidationInfo) -> object:
        if value and info.data.get("lists"):
            raise expected("no such key: it belongs in the mapping of the permits")
        return value

    @field_validator("constants")
    @classmethod
    def _constants_are_fields(cls, constants: dict[str, str]) -> dict[str, str]:
        refuse(constant_findings(constants))
        return constants

    @field_validator("columns")
    @classmethod
    def _every_field_once(
        cls, columns: dict[str, str], info: ValidationInfo
    ) -> dict[str, str]:
        if {"constants", "permits"} <= info.data.keys():
            constants = [name for name in CONSTANTS if info.data.get(name)]
            constants += info.data["constants"]
            permits, lists = info.data["permits"], info.data.get("lists")
            refuse(field_findings(columns, constants, permits, lists))
        return columns

    @field_validator("ignore")
    @classmethod
    def _ignored_are_not_mapped(
        cls, ignore: str | tuple[str, ...], info: ValidationInfo
    ) -> str | tuple[str, ...]:
        mapped = all_columns(info) or {}
        if not isinstance(ignore, str):
            text = "a column that is not mapped"
            refuse(((), name, text) for name in ignore if name in mapped)
        return ignore

    @field_validator("values")
    @classmethod
    def _words_of_mapped_fields(
        cls, values: dict[str, dict[str, str]], info: ValidationInfo
    ) -> dict[str, dict[str, str]]:
        refuse(word_findings(values, all_columns(info), info.data.get("lists")))
        return values

    @field_validator("date_formats")
    @classmethod
    def _formats_of_dates(
        cls, formats: tuple[str, ...] | dict[str, tuple[str, ...]], info: ValidationInfo
    ) -> tuple[str, ...] | dict[str, tuple[str, ...]]:
        if isinstance(formats, dict):
            refuse(column_findings(formats, all_columns(info) or {}, DATES))
        elif formats and info.data.get("date_format"):
            raise expected("a table by column, beside date_format for the others")
        return formats

    @field_validator("width", "roles")
    @classmethod
    def _of_mapped_columns(
        cls, by_column: dict[str, object], info: ValidationInfo
    ) -> dict[str, object]:
        fields = ("phones",) if info.field_name == "roles" else FIELDS
        refuse(column_findings(by_column, all_columns(info) or {}, fields))
        return by_column

    @field_validator("worker")
    @classmethod
    def _full_exports_have_a_scope(
        cls, worker: WorkerTable | None, info: ValidationInfo
    ) -> WorkerTable | None:
        if worker and worker.snapshot and not info.data.get("snapshot"):
            raise expected("a table [snapshot] beside snapshot = true")
        return worker

    @field_validator("source")
    @classmethod
    def _source_of_its_keys(
        cls, source: str | None, info: ValidationInfo
    ) -> str | None:
        for key, wanted in NEEDS_SOURCE.items():
            if info.data.get(key) and not source:
                raise expected(wanted)
        return source


def parse_mapping(values: Mapping[str, object], where: str) -> MappingFile:
    """Check a mapping; raises `InvalidError` at `where` with all its mistakes."""
    return parse(MappingFile, values, where)
