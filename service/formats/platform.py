"""A platform file: the format of an office's own SMS platform."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from service.formats.file_model import FileModel, Finding, refuse
from service.formats.parse import parse
from service.formats.platform_results import ResultsSection
from service.formats.platform_sending import FileSection, HttpSection


@dataclass(frozen=True, slots=True)
class _WaysOut:
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
