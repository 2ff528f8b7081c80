"""The fields of a message that a platform format may use, and how they are written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from service.domain.delivery.outcome import RefusalKind
from service.flow.sending.provider import Outgoing


class UnfitMessageError(Exception):
    """A message that the format cannot represent: it is refused, never altered."""

    def __init__(self, kind: RefusalKind, code: str, reason: str) -> None:
        self.kind, self.code, self.reason = kind, code, reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class PlatformMessage:
    """The data of a message that may go to the platform; `valid_until` is in UTC."""

    id: str
    phone: str = field(repr=False)
    body: str
    template: str
    language: str
    sent_from: str
    valid_until: datetime


DEFAULT_TIME_FORMAT: Final = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class ValueStyle:
    """How a format writes values.

    `calling_code` is the country code omitted from `phone_national`; `zone` and
    `time_format` (strftime) are those of instants.
    """

    calling_code: int | None = None
    zone: ZoneInfo | None = None
    time_format: str = DEFAULT_TIME_FORMAT


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is the same in every message."""

    text: str


@dataclass(frozen=True, slots=True)
class Secret:
    """A value taken from an environment variable."""

    variable: str


FieldSource = str | Constant | Secret
"""The name of a message field, or a value that is the same in all messages."""


def to_platform_message(message: Outgoing, now: datetime) -> PlatformMessage:
    """Return the data of a message that is sent now."""
    return PlatformMessage(
        id=message.id,
        phone=message.phone,
        body=message.body,
        template=message.template,
        language=message.language,
        sent_from=message.sent_from or "",
        valid_until=now + timedelta(seconds=message.valid_for),
    )


def _national_number(message: PlatformMessage, style: ValueStyle) -> str:
    prefix = f"+{style.calling_code}"
    if message.phone.startswith(prefix):
        return message.phone.removeprefix(prefix)
    # Without its country code it would be another person's number.
    reason = f"not a number of +{style.calling_code}, as the format wants"
    raise UnfitMessageError(RefusalKind.ROUTE, "country", reason)


def _format_valid_until(message: PlatformMessage, style: ValueStyle) -> str:
    return message.valid_until.astimezone(style.zone).strftime(style.time_format)


FIELDS: Final[Mapping[str, Callable[[PlatformMessage, ValueStyle], str]]] = {
    "id": lambda message, _: message.id,
    "phone": lambda message, _: message.phone,
    "phone_national": _national_number,
    "body": lambda message, _: message.body,
    "template": lambda message, _: message.template,
    "language": lambda message, _: message.language,
    "sent_from": lambda message, _: message.sent_from,
    "valid_until": _format_valid_until,
}
"""Every message field, by its name in format files."""


def render_fields(
    contents: Mapping[str, FieldSource],
    message: PlatformMessage,
    style: ValueStyle,
    secrets: Mapping[str, str],
) -> dict[str, str]:
    """Return the value of each name; raises `UnfitMessageError`."""

    def one(content: FieldSource) -> str:
        if isinstance(content, Constant):
            return content.text
        if isinstance(content, Secret):
            return secrets[content.variable]
        return FIELDS[content](message, style)

    return {name: one(content) for name, content in contents.items()}
