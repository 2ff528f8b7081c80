"""What Twilio answered, judged: only what is certain is a yes or a no.

A message that an answer is not surely about may have been taken all the same, so a
broken provider costs the attempt of one message and nothing else.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from service.adapters.http.answers import never_begun
from service.adapters.twilio.codes import STATES, failure, number, refusal
from service.adapters.twilio.http import AnswerError
from service.domain.delivery.outcome import (
    Accepted,
    Found,
    Outcome,
    Receipt,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.delivery.status import MessageState
from service.domain.formats.raw import CONTROLS

SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
"""Twilio's id of an SMS or MMS: twilio.com/docs/glossary/what-is-a-sid."""

_PHONE = re.compile(r"\+[0-9]{8,}")
"""What holds a phone is not kept: the message knows its recipient."""


def is_sid(found: object) -> TypeGuard[str]:
    """Whether this can be the id of a message."""
    return isinstance(found, str) and SID.fullmatch(found) is not None


def accepted(made: Mapping[str, Any], phone: str, account: str) -> Outcome:
    """The answer to a POST to this phone, in words of ours."""
    sid = made.get("sid")
    if not is_sid(sid):
        return Unknown("the answer names no message")
    if not _about(made.get("to"), made.get("account_sid"), phone, account):
        return Unknown("the answer is about another message")
    return Accepted(sid, _state(made.get("status")))


def judged(error: Exception) -> Outcome:
    """What a POST that raised came to; unknown, unless it is surely not taken."""
    if nothing_sent := never_begun(error):
        return nothing_sent
    if isinstance(error, UnicodeEncodeError):
        return Refused(RefusalKind.BAD_CONTENT, "text", "it cannot be written as UTF-8")
    if isinstance(error, AnswerError):
        return _answered(error)
    return Unknown(reason_of(error))


def reason_of(error: Exception) -> str:
    """What went wrong, without the phones that the address of a list holds."""
    return str(error) if isinstance(error, AnswerError) else type(error).__name__


def receipt(
    provider: str,
    sid: str,
    raw: Mapping[str, str],
    ref: str | None = None,
) -> Receipt:
    """A later word on a message, from the fields of a callback."""
    code = raw.get("ErrorCode") or None
    known = number(code)
    meaning = failure(known) if known else None
    return Receipt(
        provider=provider,
        provider_id=sid,
        state=STATES.get(raw["MessageStatus"]),
        raw=without_phones(raw),
        ref=ref,
        code=code and CONTROLS.sub("\ufffd", code),
        kind=meaning.kind if meaning else None,
        retry_after=meaning.wait if meaning else None,
    )


def told(provider: str, one: Any) -> Receipt:  # noqa: ANN401 - the SDK's
    """The same, from the message as Twilio shows it."""
    code = "" if one.error_code is None else str(one.error_code)
    raw = {"MessageStatus": str(one.status), "ErrorCode": code}
    return receipt(provider, one.sid, raw)


def evidence(one: Any, body: str, phone: str, account: str) -> Found:  # noqa: ANN401
    """A listed message; raises `ValueError` for one that cannot be in the list."""
    about = _about(one.to, one.account_sid, phone, account)
    if not is_sid(one.sid) or not one.date_created or not about:
        raise ValueError("not a message to this phone")
    return Found(one.sid, _state(one.status), one.date_created, one.body == body)


def without_phones(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields that may be kept."""
    return {name: text for name, text in fields.items() if not _PHONE.search(text)}


def _state(status: object) -> MessageState:
    return STATES.get(str(status), MessageState.ACCEPTED)


def _about(to: object, owner: object, phone: str, account: str) -> bool:
    """Whether what is said of phone and account agrees with ours.

    Twilio can hide the last digits of a number (AddressRetention: obfuscate).
    """
    said = phone if to is None else str(to)
    same = len(said) == len(phone) and phone.startswith(said.rstrip("Xx*"))
    return same and owner in (None, account)


def _answered(error: AnswerError) -> Outcome:
    meaning = refusal(error.status, error.code)
    if meaning.kind is None:
        return Unknown(reason_of(error))
    crowded = error.status == 429  # noqa: PLR2004
    return Refused(
        meaning.kind,
        str(error.code or error.status),
        f"HTTP {error.status}",
        crowded=crowded,
        retry_after=error.retry_after or meaning.wait,
    )
