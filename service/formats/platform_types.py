"""Types of the values in a platform file."""

import codecs
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal, TypeVar, get_args

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from service.domain.delivery.outcome import RefusalKind
from service.formats.field_types import Line
from service.formats.file_model import Expected, FileModel, Wanted, expected

T = TypeVar("T")

BodyKind = Literal["json", "form"]

MessageField = Literal[
    "id",
    "phone",
    "phone_national",
    "body",
    "template",
    "language",
    "sent_from",
    "valid_until",
]
"""What a message offers to a platform."""

_OUR_HEADERS: Final = frozenset(
    {
        *("accept-encoding", "connection", "content-length", "content-type"),
        *("host", "transfer-encoding"),
    }
)
_ESCAPES: Final = frozenset(
    {"charmap", "idna", "punycode", "raw-unicode-escape", "unicode-escape", "utf-7"}
)
"""Codecs of text in which nobody writes files: utf-7 reads a + as an escape."""

_EXAMPLE: Final = datetime(2026, 11, 18, 17, 5, 9)  # noqa: DTZ001 - only its digits
_WORD: Final = {"type": "string", "minLength": 1}
_NAMED: Final = "a table with a key for each name"
_FIELDS: Final = ", ".join(get_args(MessageField))


def _not_ours(name: str) -> str:
    if name.startswith(("PERMIT_REMINDERS_", "TWILIO_")):
        raise ValueError
    return name


def _not_https_own(name: str) -> str:
    if name.lower() in _OUR_HEADERS:
        raise ValueError
    return name


def _text_encoding(name: str) -> str:
    try:
        "".encode(name)  # refuses those that encode no text
        found = codecs.lookup(name).name
    except LookupError:
        raise ValueError from None
    if found in _ESCAPES:
        raise ValueError
    return found


def _keeps_every_second(text: str) -> str:
    written = _EXAMPLE.strftime(text)
    if datetime.strptime(written, text) != _EXAMPLE:  # noqa: DTZ007 - only its digits
        raise ValueError
    return text


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _filled(value: object) -> object:
    if isinstance(value, Mapping) and value and all(value):
        return value
    raise expected(_NAMED)


Names = Annotated[
    dict[str, T], Field(min_length=1), BeforeValidator(_filled), Wanted(_NAMED)
]
"""A table whose keys are the platform's own names; one at least."""

Variable = Annotated[
    str,
    Field(pattern="^[A-Z][A-Z0-9_]{0,63}$"),
    AfterValidator(_not_ours),
    Expected("a variable's name such as SMS_TOKEN, not one of our own settings"),
]
"""The name of an environment variable that is none of our settings."""

HeaderName = Annotated[
    str,
    Field(pattern="^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$"),
    AfterValidator(_not_https_own),
    Expected("the name of a header such as X-Token, none that HTTP itself needs"),
]
"""The name of an HTTP header that does not belong to the connection."""

Url = Annotated[
    str,
    Field(pattern=r"^https?://[^\s/#?@]+(/[^\s#]*)?$"),
    Expected("an http or https address without a user or a fragment"),
]
"""An address to post to; credentials belong in a secret."""

Encoding = Annotated[
    str,
    Field(min_length=1),
    AfterValidator(_text_encoding),
    Expected("a text encoding such as gb18030 or utf-8-sig"),
]
"""An encoding of a register or a platform, by Python's name for it."""

Delimiter = Annotated[
    Literal[",", ";", "|", "\t"], Expected("a comma, a semicolon, a bar or a tab")
]

TimeFormat = Annotated[
    Line,
    AfterValidator(_keeps_every_second),
    Expected("strftime codes for date and time to the second, like %Y%m%d%H%M%S"),
]
"""How an instant is written, such that nothing of it is lost."""

Words = Annotated[
    frozenset[Annotated[str, Field(min_length=1)]],
    Field(strict=False, min_length=1),
    BeforeValidator(_listed),
    WithJsonSchema(
        {"anyOf": [_WORD, {"type": "array", "items": _WORD, "minItems": 1}]}
    ),
    Expected('a text such as "0", or a list of them'),
]
"""One or more values of a field."""

ColumnNames = Annotated[
    frozenset[Annotated[str, Field(min_length=1)]],
    Field(strict=False),
    Expected("a list of column names"),
]

Kind = Annotated[RefusalKind, Field(strict=False)]
"""What a platform's code means: decides what happens to the message."""


class ConstantSource(FileModel):
    """The same text in every message."""

    constant: Line = Field(description="the text")


class SecretSource(FileModel):
    """The value of an environment variable, which stands in no file."""

    secret: Variable = Field(description="the name of the variable")


ColumnSource = Annotated[
    MessageField | ConstantSource,
    Expected(f'one of {_FIELDS}, or {{ constant = "text" }}'),
]
"""What stands in a column."""

FieldSource = Annotated[
    MessageField | ConstantSource | SecretSource,
    Expected(
        f'one of {_FIELDS}, or {{ constant = "text" }}, or {{ secret = "VARIABLE" }}'
    ),
]
"""What stands in a field of a POST."""

HeaderSource = Annotated[
    Literal["id"] | ConstantSource | SecretSource,
    Expected("in a header only id, a constant or a secret"),
]
"""What stands in a header of a POST."""
