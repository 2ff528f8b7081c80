"""How a platform reports what became of messages."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from service.formats.field_types import Line
from service.formats.file_model import FileModel, expected, refuse
from service.formats.platform_types import (
    BodyKind,
    ColumnNames,
    Delimiter,
    Encoding,
    HeaderName,
    Kind,
    Names,
    Variable,
)

ResultState = Literal["sent", "delivered", "undelivered", "failed"]


class WebhookSection(FileModel):
    """Results that the platform posts to us, with a secret in a header."""

    header: HeaderName = Field(description="the header that holds the secret")
    secret: Variable = Field(description="the environment variable with the secret")
    body: BodyKind = Field(description="how the fields are sent")


class ResultsSection(FileModel):
    """The columns of a file of results, or the fields of a result posted to us."""

    id: Line = Field(description="the column with our id, or the platform's")
    status: Line = Field(description="the column with what became of the message")
    code: Line | None = Field(
        default=None, description="the column with the code of a failure"
    )
    statuses: Names[ResultState] = Field(
        description="from the platform's word for a status to ours"
    )
    codes: Names[Kind] | None = Field(
        default=None,
        description="from the platform's code to what kind of failure it is",
    )
    encoding: Encoding | None = Field(
        default=None,
        description="the text encoding of a file; utf-8-sig unless given",
        examples=["gb18030"],
    )
    delimiter: Delimiter | None = Field(
        default=None, description="what separates two cells; a comma unless given"
    )
    ignore: ColumnNames | None = Field(
        default=None, description="columns that are not read"
    )
    webhook: WebhookSection | None = Field(
        default=None, description="how results are posted to us"
    )

    @field_validator("codes")
    @classmethod
    def _codes_of_a_column(
        cls, codes: dict[str, Kind] | None, info: ValidationInfo
    ) -> dict[str, Kind] | None:
        if codes and info.data.get("code", "") is None:
            raise expected("nothing: without `code` no column holds them")
        return codes

    @field_validator("ignore")
    @classmethod
    def _ignored_are_not_read(
        cls, ignore: frozenset[str] | None, info: ValidationInfo
    ) -> frozenset[str] | None:
        read = [info.data.get(name) for name in ("id", "status", "code")]
        both = [name for name in read if name in (ignore or ())]
        refuse(((), name, "columns that are not read") for name in both)
        return ignore
