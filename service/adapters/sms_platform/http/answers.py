"""What a platform answered to a POST, judged: only what is certain is a yes or a no."""

from http import HTTPStatus
from typing import Final

from service.adapters.http.answers import SUCCESS_STATUSES, outcome_if_not_posted
from service.adapters.sms_platform.format.model import HttpFormat
from service.adapters.sms_platform.json_paths import parse_json, text_at
from service.adapters.sms_platform.results.receipt import LONGEST_CODE, LONGEST_ID
from service.domain.delivery.outcome import (
    Accepted,
    Outcome,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.untrusted.text import CONTROL_CHARACTERS

_K: Final = RefusalKind


def outcome_of_answer(
    http_format: HttpFormat,
    status: int,
    text: str,
    retry_after: float | None,
    message_id: str,
) -> Outcome:
    """A yes by status and field, a no by a code of the format's, else unknown.

    `wait` is in seconds, `ours` our own id, which is the platform's unless it names
    another. 429 is said before a request is looked at, whoever says it.
    """
    told = parse_json(text)
    code = (
        text_at(told, http_format.answer.code_field)
        if http_format.answer.code_field
        else None
    )
    kind = http_format.codes.get(code) if code else None
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        no = kind or _K.RETRY_SAFE
        return Refused(
            no, "429", f"HTTP {status}", over_concurrency=True, retry_after=retry_after
        )
    if code is not None and kind is not None:
        reason = f"HTTP {status}"
        return Refused(kind, code[:LONGEST_CODE], reason, retry_after=retry_after)
    if status in SUCCESS_STATUSES and _is_success(http_format, told):
        return _read_accepted(http_format, told, message_id)
    return Unknown(f"HTTP {status}, neither a yes nor a code of the format's")


def outcome_of_error(error: Exception) -> Outcome:
    """What a POST that raised came to; unknown, unless it never left."""
    return outcome_if_not_posted(error) or Unknown(type(error).__name__)


def _is_success(to: HttpFormat, told: object) -> bool:
    if to.answer.success_field is None:
        return True
    return text_at(told, to.answer.success_field) in to.answer.success_values


def _read_accepted(to: HttpFormat, told: object, ours: str) -> Outcome:
    if to.answer.id_field is None:
        return Accepted(ours)
    theirs = text_at(told, to.answer.id_field)
    if not theirs or len(theirs) > LONGEST_ID or CONTROL_CHARACTERS.search(theirs):
        return Unknown("the answer says yes and names no message")
    return Accepted(theirs)
