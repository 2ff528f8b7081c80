"""What a platform answered to a POST, judged: only what is certain is a yes or a no."""

from http import HTTPStatus
from typing import Final

from service.adapters.http.answers import TAKEN, never_begun
from service.adapters.sms_platform.format.model import HttpFormat
from service.adapters.sms_platform.json_paths import parsed, text_at
from service.adapters.sms_platform.results.receipt import LONGEST_CODE, LONGEST_ID
from service.domain.delivery.outcome import (
    Accepted,
    Outcome,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.formats.raw import CONTROLS

_K: Final = RefusalKind


def judged(
    to: HttpFormat, status: int, text: str, wait: float | None, ours: str
) -> Outcome:
    """A yes by status and field, a no by a code of the format's, else unknown.

    `wait` is in seconds, `ours` our own id, which is the platform's unless it names
    another. 429 is said before a request is looked at, whoever says it.
    """
    told = parsed(text)
    code = text_at(told, to.answer.code) if to.answer.code else None
    kind = to.codes.get(code) if code else None
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        no = kind or _K.RETRY_SAFE
        return Refused(no, "429", f"HTTP {status}", crowded=True, retry_after=wait)
    if code is not None and kind is not None:
        reason = f"HTTP {status}"
        return Refused(kind, code[:LONGEST_CODE], reason, retry_after=wait)
    if status in TAKEN and _yes(to, told):
        return _accepted(to, told, ours)
    return Unknown(f"HTTP {status}, neither a yes nor a code of the format's")


def failed(error: Exception) -> Outcome:
    """What a POST that raised came to; unknown, unless it never left."""
    return never_begun(error) or Unknown(type(error).__name__)


def _yes(to: HttpFormat, told: object) -> bool:
    if to.answer.success is None:
        return True
    return text_at(told, to.answer.success) in to.answer.yes


def _accepted(to: HttpFormat, told: object, ours: str) -> Outcome:
    if to.answer.id is None:
        return Accepted(ours)
    theirs = text_at(told, to.answer.id)
    if not theirs or len(theirs) > LONGEST_ID or CONTROLS.search(theirs):
        return Unknown("the answer says yes and names no message")
    return Accepted(theirs)
