"""Twilio's answers as outcomes, receipts and listed messages.

An answer is `Accepted` or `Refused` only if it is certain; every other answer is
`Unknown`, since Twilio may have accepted the message all the same.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any, TypeGuard

from service.adapters.http.answers import outcome_if_not_posted
from service.adapters.twilio.codes import (
    NOT_FOUND,
    STATES,
    meaning_of_failure,
    meaning_of_refusal,
    parse_code,
)
from service.adapters.twilio.http import AnswerError
from service.domain.delivery.outcome import (
    Accepted,
    AccountMessage,
    Inbound,
    ListedMessage,
    Outcome,
    Receipt,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.delivery.status import MessageState
from service.domain.untrusted.text import CONTROL_CHARACTERS

SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
"""Twilio's id of an SMS or MMS: twilio.com/docs/glossary/what-is-a-sid."""

_PHONE = re.compile(r"\+[0-9]{8,}")
"""Fields that hold a phone are not stored: the message has its recipient."""


def is_sid(found: object) -> TypeGuard[str]:
    """Whether this is a valid message SID."""
    return isinstance(found, str) and SID.fullmatch(found) is not None


def is_not_found(error: Exception) -> bool:
    """Whether Twilio itself, and no gateway, answered that there is no such thing.

    twilio.com/docs/api/errors/20404
    """
    found = isinstance(error, AnswerError) and (error.status, error.code)
    return found == (HTTPStatus.NOT_FOUND, NOT_FOUND)


def outcome_of_answer(answer: Mapping[str, Any], phone: str, account: str) -> Outcome:
    """Return the outcome of a 2xx answer to the POST of a message to this phone."""
    sid = answer.get("sid")
    if not is_sid(sid):
        return Unknown("the answer names no message")
    if not _is_for(answer.get("to"), answer.get("account_sid"), phone, account):
        return Unknown("the answer is about another message")
    dated_at = _instant(str(answer.get("date_created")))
    return Accepted(sid, _state(answer.get("status")), dated_at)


def outcome_of_error(error: Exception) -> Outcome:
    """Return the outcome of a POST that raised: unknown unless certain."""
    if not_posted := outcome_if_not_posted(error):
        return not_posted
    if isinstance(error, UnicodeEncodeError):
        return Refused(RefusalKind.BAD_CONTENT, "text", "it cannot be written as UTF-8")
    if isinstance(error, AnswerError):
        return _outcome_of_refusal(error)
    return Unknown(describe_error(error))


def describe_error(error: Exception) -> str:
    """Describe an error without its text, which may hold a URL with a phone."""
    return str(error) if isinstance(error, AnswerError) else type(error).__name__


def receipt_from_fields(
    provider: str,
    sid: str,
    raw: Mapping[str, str],
    ref: str | None = None,
) -> Receipt:
    """Return the receipt of a status callback; `ref` is our message id."""
    code = raw.get("ErrorCode") or None
    known = parse_code(code)
    meaning = meaning_of_failure(known) if known else None
    return Receipt(
        provider=provider,
        provider_id=sid,
        state=STATES.get(raw["MessageStatus"]),
        raw=without_phones(raw),
        message_id=ref,
        code=code and CONTROL_CHARACTERS.sub("\ufffd", code),
        kind=meaning.kind if meaning else None,
        retry_after=meaning.retry_after if meaning else None,
    )


def receipt_from_message(provider: str, message: Any) -> Receipt:  # noqa: ANN401 - the SDK's
    """Return a receipt from a message resource of the SDK."""
    code = "" if message.error_code is None else str(message.error_code)
    raw = {"MessageStatus": str(message.status), "ErrorCode": code}
    return receipt_from_fields(provider, message.sid, raw)


def found_from_message(
    message: Any,  # noqa: ANN401
    body: str,
    phone: str,
    account: str,
) -> ListedMessage:
    """Return a listed message; raises `ValueError` if it is not for this phone."""
    is_ours = _is_for(message.to, message.account_sid, phone, account)
    if not is_sid(message.sid) or not message.date_created or not is_ours:
        raise ValueError("not a message to this phone")
    return ListedMessage(
        message.sid, _state(message.status), message.date_created, message.body == body
    )


def account_message(message: Any, account: str) -> AccountMessage:  # noqa: ANN401
    """Return a message of the account's list; raises `ValueError` if it is not one."""
    if (
        not is_sid(message.sid)
        or not message.date_created
        or message.account_sid not in (None, account)
    ):
        raise ValueError("not a message of this account")
    return AccountMessage(
        message.sid,
        str(message.to or ""),
        str(message.body or ""),
        message.date_created,
    )


def inbound_from_message(provider: str, message: Any) -> Inbound:  # noqa: ANN401 - the SDK's
    """Return a text to us from the account's list, which has no OptOutType."""
    return Inbound(
        provider=provider,
        provider_id=message.sid,
        sender=str(message.from_ or ""),
        body=str(message.body or ""),
        raw={},
    )


def without_phones(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields without those that hold a phone number."""
    return {name: text for name, text in fields.items() if not _PHONE.search(text)}


@lru_cache(maxsize=16)
def _instant(text: str) -> datetime | None:
    """An instant in RFC 2822 form; None if Twilio's answer has no such date.

    All answers of one second have the same, and reading it takes long.
    """
    try:
        read = parsedate_to_datetime(text)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _state(status: object) -> MessageState:
    return STATES.get(str(status), MessageState.ACCEPTED)


def _is_for(to: object, owner: object, phone: str, account: str) -> bool:
    """Whether the answer's phone and account are ours; a missing one counts as ours.

    Twilio can hide the last digits of a number (AddressRetention: obfuscate).
    """
    shown = phone if to is None else str(to)
    same = len(shown) == len(phone) and phone.startswith(shown.rstrip("Xx*"))
    return same and owner in (None, account)


def _outcome_of_refusal(error: AnswerError) -> Outcome:
    meaning = meaning_of_refusal(error.status, error.code)
    if meaning.kind is None:
        return Unknown(describe_error(error))
    too_many = error.status == 429  # noqa: PLR2004
    return Refused(
        meaning.kind,
        str(error.code or error.status),
        f"HTTP {error.status}",
        over_concurrency=too_many,
        retry_after=error.retry_after or meaning.retry_after,
    )
