"""A platform's format, read and checked: what goes out, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from service.adapters.sms_platform.message_fields import Content, Secret, Style
from service.domain.delivery.outcome import RefusalKind
from service.domain.delivery.status import MessageState

Sheet = Literal["csv", "xlsx"]
Body = Literal["json", "form"]


@dataclass(frozen=True, slots=True)
class Csv:
    """How a CSV file is written or read."""

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    line_ending: str = "\r\n"


CSV = Csv()
"""As spreadsheets everywhere read it."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """Files of messages: `columns` lead from a heading to what stands below it.

    `csv` is None where they are XLSX workbooks.
    """

    folder: Path
    columns: Mapping[str, Content]
    style: Style
    csv: Csv | None


@dataclass(frozen=True, slots=True)
class AnswerFormat:
    """What an answer with a status of 2xx means.

    `yes` are the values of the field `success` that say the message was taken; without
    that field the status alone says so. `id` and `code` are fields as well.
    """

    success: str | None = None
    yes: frozenset[str] = frozenset()
    id: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class HttpFormat:
    """One POST a message; `codes` say what kind of no a platform's code is."""

    url: str
    body: Body
    fields: Mapping[str, Content]
    headers: Mapping[str, Content]
    style: Style
    answer: AnswerFormat
    codes: Mapping[str, RefusalKind]


@dataclass(frozen=True, slots=True)
class WebhookFormat:
    """A result that the platform posts to us, with a secret in a header."""

    header: str
    secret: Secret
    body: Body


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
    csv: Csv
    ignore: frozenset[str]
    webhook: WebhookFormat | None


@dataclass(frozen=True, slots=True)
class Format:
    """A whole format file; `where` is its path."""

    where: str
    sends: FileFormat | HttpFormat
    results: ResultsFormat | None

    @property
    def our_ids(self) -> bool:
        """Whether the platform speaks of messages by our ids, not by its own."""
        return isinstance(self.sends, FileFormat) or self.sends.answer.id is None

    @property
    def variables(self) -> list[str]:
        """The environment variables whose values it needs."""
        said = list[Content]()
        if isinstance(self.sends, HttpFormat):
            said += [*self.sends.headers.values(), *self.sends.fields.values()]
        if self.results and self.results.webhook:
            said.append(self.results.webhook.secret)
        return sorted({one.variable for one in said if isinstance(one, Secret)})
