"""Turns one result of a platform, from a file or a webhook, into a receipt."""

from collections.abc import Collection, Mapping
from typing import Final

from service.adapters.sms_platform.format.model import ResultsFormat
from service.domain.delivery.outcome import Receipt
from service.domain.delivery.status import MessageState
from service.domain.errors import InvalidError, Mistake
from service.domain.masked_text import mask_text
from service.domain.untrusted.text import (
    CONTROL_CHARACTERS,
    safe_name,
    show_private,
    strip_blanks,
)

PROVIDER_NAME: Final = "outbox"
"""The provider's name in the ledger and in the webhook's URL."""

LONGEST_ID, LONGEST_CODE = 64, 16
"""Characters that the ledger's columns hold."""

_FAILURE_STATES: Final[Collection[MessageState | None]] = (
    MessageState.UNDELIVERED,
    MessageState.FAILED,
)


def receipt_of(
    results: ResultsFormat, values: Mapping[str, str], where: str, *, uses_our_ids: bool
) -> Receipt:
    """Return the receipt of one result; its state is None for an unknown status.

    Raises `InvalidError` with all mistakes, under the name `where`. Only status and
    code are stored raw, with phones masked: a column may be another one than it says.
    """
    provider_id = strip_blanks(values.get(results.id, ""))
    status = strip_blanks(values.get(results.status, ""))
    code = mask_text(strip_blanks(values.get(results.code or "", "")))
    mistakes = []
    if not 0 < len(provider_id) <= LONGEST_ID or CONTROL_CHARACTERS.search(provider_id):
        expected = f"an id of at most {LONGEST_ID} characters"
        mistakes.append(
            Mistake(
                results.id,
                show_private(provider_id) if provider_id else "nothing",
                expected,
            )
        )
    if not status:
        mistakes.append(Mistake(results.status, "nothing", "a status"))
    if len(code) > LONGEST_CODE or CONTROL_CHARACTERS.search(code):
        expected = f"a code of at most {LONGEST_CODE} characters"
        mistakes.append(Mistake(str(results.code), show_private(code), expected))
    if mistakes:
        raise InvalidError(where, mistakes)
    state = results.statuses.get(status)
    failed = state in _FAILURE_STATES
    return Receipt(
        provider=PROVIDER_NAME,
        provider_id=provider_id,
        state=state,
        raw={results.status: safe_name(status)}
        | ({results.code: safe_name(code)} if results.code and code else {}),
        message_id=provider_id if uses_our_ids else None,
        code=code or None if failed else None,
        kind=results.codes.get(code) if failed else None,
    )
