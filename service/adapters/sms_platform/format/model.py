"""A platform's format, read and checked: what goes out, and what comes back."""

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
"""As spreadsheets everywhere read it."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """Files of messages: `columns` lead from a heading to what stands below it.

    `csv` is None where they are XLSX workbooks.
    """

    folder: Path
    columns: Mapping[str, FieldSource]
    style: ValueStyle
    csv: CsvStyle | None


@dataclass(frozen=True, slots=True)
class AnswerFormat:
    """What an answer with a status of 2xx means.

    `yes` are the values of the field `success` that say the message was taken; without
    that field the status alone says so. `id` and `code` are fields as well.
    """

    success_field: str | None = None
    success_values: frozenset[str] = frozenset()
    id_field: str | None = None
    code_field: str | None = None


@dataclass(frozen=True, slots=True)
class HttpFormat:
    """One POST a message; `codes` say what kind of no a platform's code is."""

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
    """What became of messages: the columns of a file, the fields of a webhook.

    `statuses` lead from the platform's word to ours, `codes` from its code to what
    kind of failure that is; `ignore` are columns passed over.
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
    """A whole format file; `where` is its path."""

    path: str
    outgoing: FileFormat | HttpFormat
    results: ResultsFormat | None

    @property
    def uses_our_ids(self) -> bool:
        """Whether the platform speaks of messages by our ids, not by its own."""
        return (
            isinstance(self.outgoing, FileFormat)
            or self.outgoing.answer.id_field is None
        )

    @property
    def secret_variables(self) -> list[str]:
        """The environment variables whose values it needs."""
        said = list[FieldSource]()
        if isinstance(self.outgoing, HttpFormat):
            said += [*self.outgoing.headers.values(), *self.outgoing.fields.values()]
        if self.results and self.results.webhook:
            said.append(self.results.webhook.secret)
        return sorted({one.variable for one in said if isinstance(one, Secret)})
