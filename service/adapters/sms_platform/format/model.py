"""A platform's format after its file was checked: how to send, how results return."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from service.adapters.sms_platform.message_fields import FieldSource, Secret, ValueStyle
from service.domain.delivery.outcome import RefusalKind
from service.domain.delivery.status import MessageState

FileKind = Literal["csv", "xlsx"]
BodyKind = Literal["json", "form"]


@dataclass(frozen=True, slots=True)
class CsvStyle:
    """How a CSV file is written or read."""

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    line_ending: str = "\r\n"


DEFAULT_CSV_STYLE = CsvStyle()
"""The form that spreadsheets everywhere read."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """Files of messages: `columns` map a heading to what stands below it.

    `csv` is None for XLSX workbooks.
    """

    folder: Path
    columns: Mapping[str, FieldSource]
    style: ValueStyle
    csv: CsvStyle | None


@dataclass(frozen=True, slots=True)
class AnswerFormat:
    """What an answer with a status of 2xx means.

    The message was accepted if `success_field` has one of `success_values`; without
    that field the status alone means accepted. `id_field` holds the platform's id of
    the message, `code_field` the code of a refusal.
    """

    success_field: str | None = None
    success_values: frozenset[str] = frozenset()
    id_field: str | None = None
    code_field: str | None = None


@dataclass(frozen=True, slots=True)
class HttpFormat:
    """One POST a message; `codes` map a code of the platform to a kind of refusal."""

    url: str
    body_kind: BodyKind
    fields: Mapping[str, FieldSource]
    headers: Mapping[str, FieldSource]
    style: ValueStyle
    answer: AnswerFormat
    codes: Mapping[str, RefusalKind]


@dataclass(frozen=True, slots=True)
class WebhookFormat:
    """A result that the platform posts to us, with a secret in a header."""

    header: str
    secret: Secret
    body_kind: BodyKind


@dataclass(frozen=True, slots=True)
class ResultsFormat:
    """How results name message, status and code: columns of a file, or webhook fields.

    `statuses` map the platform's word to our state, `codes` its code to a kind of
    failure; `ignore` are columns that are not read.
    """

    id: str
    status: str
    code: str | None
    statuses: Mapping[str, MessageState]
    codes: Mapping[str, RefusalKind]
    csv: CsvStyle
    ignore: frozenset[str]
    webhook: WebhookFormat | None


@dataclass(frozen=True, slots=True)
class PlatformFormat:
    """The format of a platform; `path` is that of its file."""

    path: str
    outgoing: FileFormat | HttpFormat
    results: ResultsFormat | None

    @property
    def uses_our_ids(self) -> bool:
        """Whether the platform names messages by our ids, not by its own."""
        return (
            isinstance(self.outgoing, FileFormat)
            or self.outgoing.answer.id_field is None
        )

    @property
    def secret_variables(self) -> list[str]:
        """The names of the environment variables that hold its secrets."""
        sources = list[FieldSource]()
        if isinstance(self.outgoing, HttpFormat):
            sources += [*self.outgoing.headers.values(), *self.outgoing.fields.values()]
        if self.results and self.results.webhook:
            sources.append(self.results.webhook.secret)
        return sorted({one.variable for one in sources if isinstance(one, Secret)})
