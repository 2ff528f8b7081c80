"""Readers of the single values of a format file, beside those of the domain."""

import codecs
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeVar

from service.adapters.sms_platform.message_fields import (
    FIELDS,
    Constant,
    FieldSource,
    Secret,
)
from service.domain.formats import values as reader
from service.domain.formats.table import Table
from service.domain.formats.values import ExpectedError

T = TypeVar("T")

_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_OUR_HEADERS: Final = frozenset(
    {
        *("accept-encoding", "connection", "content-length", "content-type"),
        *("host", "transfer-encoding"),
    }
)
_URL: Final = re.compile(r"https?://[^\s/#?@]+(/[^\s#]*)?")
_EXAMPLE: Final = datetime(2026, 11, 18, 17, 5, 9)  # noqa: DTZ001 - only its digits


def read_field_source(*, secret: bool) -> Callable[[object], FieldSource]:
    """Read what stands under a name: a field, a constant, or a secret's variable."""
    more = ', or { secret = "VARIABLE" }' if secret else ""
    expected = f'one of {", ".join(FIELDS)}, or {{ constant = "text" }}{more}'

    def read(value: object) -> FieldSource:
        if isinstance(value, str) and value in FIELDS:
            return value
        if isinstance(value, Mapping) and value.keys() == {"constant"}:
            return Constant(reader.text(value["constant"]))
        if secret and isinstance(value, Mapping) and value.keys() == {"secret"}:
            return Secret(variable(value["secret"]))
        raise ExpectedError(expected)

    return read


def header_content(value: object) -> FieldSource:
    """Read the value of a header: a constant, a secret, or our id."""
    found = read_field_source(secret=True)(value)
    if not isinstance(found, str) or found == "id":
        return found
    expected = "in a header only id, a constant or a secret"
    raise ExpectedError(expected)


def variable(value: object) -> str:
    """Read the name of an environment variable that is none of our settings."""
    ours = str(value).startswith(("PERMIT_REMINDERS_", "TWILIO_"))
    if isinstance(value, str) and _VARIABLE.fullmatch(value) and not ours:
        return value
    expected = "a variable's name such as SMS_TOKEN, not one of our own settings"
    raise ExpectedError(expected)


def header(value: object) -> str:
    """Read the name of an HTTP header that is not the connection's own affair."""
    ours = str(value).lower() in _OUR_HEADERS
    if isinstance(value, str) and _HEADER.fullmatch(value) and not ours:
        return value
    expected = "the name of a header such as X-Token, none that HTTP itself needs"
    raise ExpectedError(expected)


def url(value: object) -> str:
    """Read an address to post to; credentials belong into a secret, not into it."""
    if isinstance(value, str) and _URL.fullmatch(value):
        return value
    expected = "an http or https address without a user or a fragment"
    raise ExpectedError(expected)


def encoding(value: object) -> str:
    """Read the name of a text encoding."""
    try:
        if isinstance(value, str):
            "".encode(value)  # refuses those that encode no text
            return codecs.lookup(value).name if value != "utf-8-sig" else value
    except (LookupError, ValueError):
        pass
    expected = "a text encoding such as gb18030 or utf-8-sig"
    raise ExpectedError(expected)


def delimiter(value: object) -> str:
    """Read what stands between two cells."""
    if isinstance(value, str) and value in {",", ";", "|", "\t"}:
        return value
    expected = "a comma, a semicolon, a bar or a tab"
    raise ExpectedError(expected)


def time_format(value: object) -> str:
    """Read how an instant is written, such that nothing of it is lost."""
    try:
        written = _EXAMPLE.strftime(reader.text(value))
        if datetime.strptime(written, str(value)) == _EXAMPLE:  # noqa: DTZ007 - likewise
            return str(value)
    except ValueError:
        pass
    expected = "strftime codes for date and time to the second, like %Y%m%d%H%M%S"
    raise ExpectedError(expected)


def words(value: object) -> frozenset[str]:
    """Read one or more values of a field."""
    listed = value if isinstance(value, list) else [value]
    if listed and all(isinstance(one, str) and one for one in listed):
        return frozenset(listed)
    expected = 'a text such as "0", or a list of them'
    raise ExpectedError(expected)


def read_named_values(
    table: Table, key: str, read: Callable[[object], T], **default: object
) -> Mapping[str, T]:
    """Read a table of at least one key; its keys are the platform's own names."""
    names = table.read(key, _nonempty_table, **default)
    if not names:
        return {}
    return table.table(key, lambda inner: {one: inner.read(one, read) for one in names})


def _nonempty_table(value: object) -> Mapping[str, object]:
    if isinstance(value, Mapping) and value and all(value):
        return value
    expected = "a table with a key for each name"
    raise ExpectedError(expected)
