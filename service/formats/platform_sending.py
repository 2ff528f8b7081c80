"""How a platform is sent messages: as files, or with one POST each."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from service.domain.untrusted.spreadsheet_formulas import guard_formula
from service.formats.field_types import Line, Zone, whole
from service.formats.file_model import FileModel, Finding, expected, refuse
from service.formats.platform_types import (
    BodyKind,
    ColumnSource,
    ConstantSource,
    Delimiter,
    Encoding,
    FieldSource,
    HeaderName,
    HeaderSource,
    Kind,
    Names,
    TimeFormat,
    Url,
    Words,
)

FileKind = Literal["csv", "xlsx"]
LineEnding = Literal["crlf", "lf"]

_LAST_CALLING_CODE: Final = 999
"""Country codes have one to three digits (ITU-T E.164)."""

DEFAULT_ENCODING: Final = "utf-8-sig"
"""As spreadsheets everywhere read it."""


class StyleSection(FileModel):
    """How values are written: each key belongs to a field, and is given with it."""

    calling_code: (
        Annotated[
            int,
            Field(ge=1, le=_LAST_CALLING_CODE),
            whole(1, _LAST_CALLING_CODE),
        ]
        | None
    ) = Field(
        default=None,
        validate_default=True,
        description="the country's calling code, which phone_national leaves out",
        examples=[86],
    )
    zone: Zone | None = Field(
        default=None,
        validate_default=True,
        description="the time zone in which valid_until is written",
    )
    time_format: TimeFormat | None = Field(
        default=None,
        description="how valid_until is written, in strftime codes; "
        "%Y-%m-%d %H:%M:%S unless given",
        examples=["%Y%m%d%H%M%S"],
    )

    @field_validator("calling_code", "zone", "time_format")
    @classmethod
    def _given_with_its_field(cls, value: object, info: ValidationInfo) -> object:
        sources = info.data.get("columns", info.data.get("fields"))
        if sources is None:
            return value
        needs = "phone_national" if info.field_name == "calling_code" else "valid_until"
        if needs not in sources.values():
            if value is not None:
                raise expected(f"nothing, for {needs} is not used")
        elif value is None and info.field_name == "calling_code":
            raise expected(f"a whole number from 1 to {_LAST_CALLING_CODE}")
        elif value is None and info.field_name == "zone":
            raise expected("a time zone like Asia/Shanghai")
        return value


class _Columns(FileModel):
    folder: Line = Field(
        description="where files are put; a relative one is beside this file"
    )
    format: FileKind = Field(description="csv, or xlsx for workbooks")
    encoding: Encoding | None = Field(
        default=None,
        description="the text encoding of a CSV file; utf-8-sig unless given",
        examples=["gb18030"],
    )
    delimiter: Delimiter | None = Field(
        default=None, description="what separates two cells; a comma unless given"
    )
    line_ending: LineEnding | None = Field(
        default=None, description="how a line of a CSV file ends; crlf unless given"
    )
    columns: Names[ColumnSource] = Field(
        description="from a heading to what stands below it"
    )

    @field_validator("encoding", "delimiter", "line_ending")
    @classmethod
    def _of_csv_only(cls, value: object, info: ValidationInfo) -> object:
        if value is not None and info.data.get("format") == "xlsx":
            raise expected(f"nothing: a workbook has no {info.field_name}")
        return value

    @field_validator("columns")
    @classmethod
    def _can_be_written(
        cls, columns: dict[str, ColumnSource], info: ValidationInfo
    ) -> dict[str, ColumnSource]:
        findings = list(_missing_fields(columns))
        if info.data.get("format") == "csv":
            encoding = info.data.get("encoding") or DEFAULT_ENCODING
            findings += _unwritable(columns, encoding)
        refuse(findings)
        return columns


# The last base comes first: columns are read before the style that they need.
class FileSection(StyleSection, _Columns):
    """Files of messages, which somebody hands to the platform."""


class SuccessSection(FileModel):
    """The field of an answer that says whether the message was accepted."""

    field: Line = Field(description="its name; a dot leads into an object")
    equals: Words = Field(description="the values that mean accepted")


class AnswerSection(FileModel):
    """What an answer with a status of 2xx means."""

    success: SuccessSection | None = Field(
        default=None, description="what means accepted; the status alone unless given"
    )
    id: Line | None = Field(
        default=None, description="the field with the platform's id of the message"
    )
    code: Line | None = Field(
        default=None, description="the field with the code of a refusal"
    )


class _Post(FileModel):
    url: Url = Field(description="the address to post to")
    body: BodyKind = Field(description="how the fields are sent")
    fields: Names[FieldSource] = Field(
        description="from a field's name to its value; a dot leads into an object"
    )
    headers: dict[HeaderName, HeaderSource] | None = Field(
        default=None, description="from a header's name to its value"
    )
    answer: AnswerSection | None = Field(
        default=None, description="what an answer with a status of 2xx means"
    )
    codes: Names[Kind] | None = Field(
        default=None,
        validate_default=True,
        description="from a code of the platform to what kind of refusal it is; any "
        "other answer leaves the outcome unknown",
    )

    @field_validator("fields")
    @classmethod
    def _can_be_sent(
        cls, fields: dict[str, FieldSource], info: ValidationInfo
    ) -> dict[str, FieldSource]:
        findings = list(_missing_fields(fields))
        if info.data.get("body") == "json":
            findings += _names_of_objects(list(fields))
        refuse(findings)
        return fields

    @field_validator("codes")
    @classmethod
    def _codes_of_refusals(
        cls, codes: dict[str, Kind] | None, info: ValidationInfo
    ) -> dict[str, Kind] | None:
        answer: AnswerSection | None = info.data.get("answer")
        if answer and answer.code and not codes:
            raise expected("what kind of no each code is")
        # A text that was accepted must not count as refused: it would be sent again.
        if answer and answer.success and answer.code == answer.success.field:
            both = sorted(answer.success.equals & (codes or {}).keys())
            refuse(((), code, "no code that says yes") for code in both)
        return codes

    @model_validator(mode="after")
    def _codes_have_a_field(self) -> Self:
        if self.codes and not (self.answer and self.answer.code):
            text = "the field of an answer that holds the codes"
            refuse([(("answer", "code"), None, text)])
        return self


# As in FileSection: the fields are read before the style that they need.
class HttpSection(StyleSection, _Post):
    """One POST a message."""


def _missing_fields(sources: Mapping[str, object]) -> Iterator[Finding]:
    """Without a phone and a text there is no SMS."""
    used = sources.values()
    if "phone" not in used and "phone_national" not in used:
        yield (), "no phone", "phone or phone_national among them"
    if "body" not in used:
        yield (), "no body", "body among them"


def _unwritable(columns: Mapping[str, object], encoding: str) -> Iterator[Finding]:
    for heading, source in columns.items():
        constant = source.constant if isinstance(source, ConstantSource) else ""
        for text in filter(None, (heading, constant)):
            if not _is_encodable(text, encoding):
                yield heading, text, f"text that {encoding} has"
            if guard_formula(text) != text:
                yield heading, text, "a text that no spreadsheet runs as a formula"


def _is_encodable(text: str, encoding: str) -> bool:
    try:
        return bool(text.encode(encoding))
    except UnicodeEncodeError:
        return False


def _names_of_objects(names: list[str]) -> Iterator[Finding]:
    """Find names that would be both a value and an object."""
    for at, name in enumerate(names):
        for earlier in names[:at]:
            if name.startswith(f"{earlier}.") or earlier.startswith(f"{name}."):
                yield name, name, "a name that is not an object's as well"
                break
