"""What a message offers to a platform's format, under which name, written how."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from service.domain.delivery.outcome import RefusalKind
from service.flow.sending.provider import Outgoing


class UnfitMessageError(Exception):
    """A message that the format cannot hold: it is refused, never altered."""

    def __init__(self, kind: RefusalKind, code: str, reason: str) -> None:
        self.kind, self.code, self.reason = kind, code, reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class PlatformMessage:
    """What of a message goes to the platform; `valid_until` in UTC."""

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
    """How values are written, where a format uses them.

    `calling_code` is the country's whose numbers stand without it, `zone` the one in
    which instants are told, `time_format` strftime's.
    """

    calling_code: int | None = None
    zone: ZoneInfo | None = None
    time_format: str = DEFAULT_TIME_FORMAT


@dataclass(frozen=True, slots=True)
class Constant:
    """The same in every message."""

    text: str


@dataclass(frozen=True, slots=True)
class Secret:
    """What an environment variable holds."""

    variable: str


FieldSource = str | Constant | Secret
"""A field of a message by its name, or what is the same in all of them."""


def to_platform_message(message: Outgoing, now: datetime) -> PlatformMessage:
    """What a format may tell of a message that may be sent now."""
    return PlatformMessage(
        id=message.id,
        phone=message.phone,
        body=message.body,
        template=message.template,
        language=message.language,
        sent_from=message.sent_from or "",
        valid_until=now + timedelta(seconds=message.valid_for),
    )


def _national_number(slip: PlatformMessage, style: ValueStyle) -> str:
    prefix = f"+{style.calling_code}"
    if slip.phone.startswith(prefix):
        return slip.phone.removeprefix(prefix)
    # Without its country it would be another person's number.
    reason = f"not a number of +{style.calling_code}, as the format wants"
    raise UnfitMessageError(RefusalKind.ROUTE, "country", reason)


def _format_valid_until(slip: PlatformMessage, style: ValueStyle) -> str:
    return slip.valid_until.astimezone(style.zone).strftime(style.time_format)


FIELDS: Final[Mapping[str, Callable[[PlatformMessage, ValueStyle], str]]] = {
    "id": lambda slip, _: slip.id,
    "phone": lambda slip, _: slip.phone,
    "phone_national": _national_number,
    "body": lambda slip, _: slip.body,
    "template": lambda slip, _: slip.template,
    "language": lambda slip, _: slip.language,
    "sent_from": lambda slip, _: slip.sent_from,
    "valid_until": _format_valid_until,
}
"""Every field there is."""


def render_fields(
    contents: Mapping[str, FieldSource],
    message: PlatformMessage,
    style: ValueStyle,
    secrets: Mapping[str, str],
) -> dict[str, str]:
    """What stands under each name; raises `UnfitError`."""

    def one(content: FieldSource) -> str:
        if isinstance(content, Constant):
            return content.text
        if isinstance(content, Secret):
            return secrets[content.variable]
        return FIELDS[content](message, style)

    return {name: one(content) for name, content in contents.items()}
