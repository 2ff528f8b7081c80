"""The `[results]` of a format file: the platform's words for what became of a text."""

from typing import Final, get_args

from service.adapters.sms_platform.format import values
from service.adapters.sms_platform.format.model import (
    CSV,
    Body,
    Csv,
    ResultsFormat,
    WebhookFormat,
)
from service.adapters.sms_platform.message_fields import Secret
from service.domain.delivery.outcome import RefusalKind
from service.domain.delivery.status import MessageState
from service.domain.formats import values as reader
from service.domain.formats.table import Table
from service.domain.formats.values import ExpectedError

CODES: Final = reader.one_of(tuple(RefusalKind))

_STATES: Final = (
    MessageState.SENT,
    MessageState.DELIVERED,
    MessageState.UNDELIVERED,
    MessageState.FAILED,
)
_BODIES: Final[tuple[Body, ...]] = get_args(Body)


def results_format(table: Table) -> ResultsFormat:
    """Read it; mistakes are noted in the table."""
    code = table.read("code", reader.text, None)
    found = ResultsFormat(
        id=table.read("id", reader.text),
        status=table.read("status", reader.text),
        code=code,
        statuses=values.named(table, "statuses", reader.one_of(_STATES)),
        codes=values.named(table, "codes", CODES, default={}) if code else {},
        csv=Csv(
            encoding=table.read("encoding", values.encoding, CSV.encoding),
            delimiter=table.read("delimiter", values.delimiter, CSV.delimiter),
        ),
        ignore=table.read("ignore", _names, frozenset()),
        webhook=table.table("webhook", _webhook, None),
    )
    for name in {found.id, found.status, code} & (found.ignore or frozenset()):
        table.note("ignore", name, "columns that are not read")
    return found


def _webhook(table: Table) -> WebhookFormat:
    return WebhookFormat(
        header=table.read("header", values.header),
        secret=Secret(table.read("secret", values.variable)),
        body=table.read("body", reader.one_of(_BODIES)),
    )


def _names(value: object) -> frozenset[str]:
    if isinstance(value, list) and all(isinstance(one, str) and one for one in value):
        return frozenset(value)
    expected = "a list of column names"
    raise ExpectedError(expected)
