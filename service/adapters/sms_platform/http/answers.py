"""A platform's answers to POSTs as outcomes: unknown unless certain."""

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
    """Return accepted by status and field, refused by a code of the format, or unknown.

    `retry_after` is in seconds. Our `message_id` is also the platform's id, unless its
    answer names another. A 429 always means that the request was not read.
    """
    document = parse_json(text)
    code = (
        text_at(document, http_format.answer.code_field)
        if http_format.answer.code_field
        else None
    )
    kind = http_format.codes.get(code) if code else None
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        refusal = kind or _K.RETRY_SAFE
        return Refused(
            refusal,
            "429",
            f"HTTP {status}",
            over_concurrency=True,
            retry_after=retry_after,
        )
    if code is not None and kind is not None:
        return Refused(
            kind,
            code[:LONGEST_CODE],
            f"HTTP {status}",
            is_outage=status >= HTTPStatus.INTERNAL_SERVER_ERROR,
            retry_after=retry_after,
        )
    if status in SUCCESS_STATUSES and _is_success(http_format, document):
        return _read_accepted(http_format, document, message_id)
    return Unknown(f"HTTP {status}, neither a yes nor a code of the format's")


def outcome_of_error(error: Exception) -> Outcome:
    """Return the outcome of a POST that raised: unknown unless it was not sent."""
    return outcome_if_not_posted(error) or Unknown(type(error).__name__)


def _is_success(http_format: HttpFormat, document: object) -> bool:
    if http_format.answer.success_field is None:
        return True
    return (
        text_at(document, http_format.answer.success_field)
        in http_format.answer.success_values
    )


def _read_accepted(
    http_format: HttpFormat, document: object, message_id: str
) -> Outcome:
    if http_format.answer.id_field is None:
        return Accepted(message_id)
    platform_id = text_at(document, http_format.answer.id_field)
    if (
        not platform_id
        or len(platform_id) > LONGEST_ID
        or CONTROL_CHARACTERS.search(platform_id)
    ):
        return Unknown("the answer says yes and names no message")
    return Accepted(platform_id)
