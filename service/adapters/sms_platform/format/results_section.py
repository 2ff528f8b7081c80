"""The `[results]` of a format file: the platform's words for what became of a text."""

from typing import Final, get_args

from service.adapters.sms_platform.format import values
from service.adapters.sms_platform.format.model import (
    DEFAULT_CSV_STYLE,
    BodyKind,
    CsvStyle,
    ResultsFormat,
    WebhookFormat,
)
from service.adapters.sms_platform.message_fields import Secret
from service.domain.delivery.outcome import RefusalKind
from service.domain.delivery.status import MessageState
from service.domain.formats import values as reader
from service.domain.formats.table import Table
from service.domain.formats.values import ExpectedError

read_refusal_kind: Final = reader.one_of(tuple(RefusalKind))

_RESULT_STATES: Final = (
    MessageState.SENT,
    MessageState.DELIVERED,
    MessageState.UNDELIVERED,
    MessageState.FAILED,
)
_BODY_KINDS: Final[tuple[BodyKind, ...]] = get_args(BodyKind)


def read_results_format(table: Table) -> ResultsFormat:
    """Read it; mistakes are noted in the table."""
    code = table.read("code", reader.text, None)
    found = ResultsFormat(
        id=table.read("id", reader.text),
        status=table.read("status", reader.text),
        code=code,
        statuses=values.read_named_values(
            table, "statuses", reader.one_of(_RESULT_STATES)
        ),
        codes=values.read_named_values(table, "codes", read_refusal_kind, default={})
        if code
        else {},
        csv=CsvStyle(
            encoding=table.read(
                "encoding", values.encoding, DEFAULT_CSV_STYLE.encoding
            ),
            delimiter=table.read(
                "delimiter", values.delimiter, DEFAULT_CSV_STYLE.delimiter
            ),
        ),
        ignore=table.read("ignore", _read_column_names, frozenset()),
        webhook=table.table("webhook", _read_webhook_format, None),
    )
    for name in {found.id, found.status, code} & (found.ignore or frozenset()):
        table.add_mistake("ignore", name, "columns that are not read")
    return found


def _read_webhook_format(table: Table) -> WebhookFormat:
    return WebhookFormat(
        header=table.read("header", values.header),
        secret=Secret(table.read("secret", values.variable)),
        body_kind=table.read("body", reader.one_of(_BODY_KINDS)),
    )


def _read_column_names(value: object) -> frozenset[str]:
    if isinstance(value, list) and all(isinstance(one, str) and one for one in value):
        return frozenset(value)
    expected = "a list of column names"
    raise ExpectedError(expected)
