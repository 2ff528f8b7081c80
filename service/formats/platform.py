"""A platform file: the format of an office's own SMS platform."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from service.formats.field_types import Line
from service.formats.file_model import FileContext, FileModel, Finding, expected, refuse
from service.formats.parse import parse
from service.formats.platform_sending import FileSection, HttpSection
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


@dataclass(frozen=True, slots=True)
class _WaysOut(FileContext):
    """Which of the two sections are given, well formed or not."""

    given: Collection[str]


class PlatformFile(FileModel):
    """How messages go out, as files or with one POST each, and how results come in."""

    http: HttpSection | None = Field(
        default=None, description="a platform that takes one POST a message"
    )
    file: FileSection | None = Field(
        default=None,
        validate_default=True,
        description="a platform that takes files of messages",
    )
    results: ResultsSection | None = Field(
        default=None, description="how the platform reports what became of messages"
    )

    @field_validator("file", mode="before")
    @classmethod
    def _one_way_out(cls, file: object, info: ValidationInfo) -> object:
        if isinstance(info.context, _WaysOut) and len(info.context.given) != 1:
            found = "both" if info.context.given else None
            refuse([((), found, "one of [file] and [http]")])
        return file

    @model_validator(mode="after")
    def _results_name_messages(self) -> Self:
        findings = list[Finding]()
        if self.results and not self.uses_our_ids and self.results.webhook:
            text = "no [results.webhook]: a result may come before that id is known"
            findings.append((("http", "answer", "id"), "the platform's id", text))
        text = "id among them, for results to name a message by"
        if self.results and self.uses_our_ids:
            if self.file and "id" not in self.file.columns.values():
                findings.append((("file", "columns"), "no id", text))
            if self.http and "id" not in self.http.fields.values():
                findings.append((("http", "fields"), "no id", text))
        refuse(findings)
        return self

    @property
    def uses_our_ids(self) -> bool:
        """Whether the platform names messages by our ids, not by its own."""
        return not (self.http and self.http.answer and self.http.answer.id)


def parse_platform(values: Mapping[str, object], where: str) -> PlatformFile:
    """Check a platform file; raises `InvalidError` at `where` with all its mistakes."""
    ways_out = _WaysOut(given=values.keys() & {"file", "http"})
    return parse(PlatformFile, values, where, ways_out)
