"""Whether Twilio would take our texts: a question that sends nothing."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

import orjson

from service.adapters.twilio.answers import describe_error
from service.adapters.twilio.codes import meaning_of_refusal
from service.adapters.twilio.http import AnswerError
from service.adapters.twilio.provider import TwilioProvider
from service.domain.delivery.outcome import RefusalKind
from service.domain.reports.findings import ProviderState

_ACCOUNT_REMEDY: Final = "compare TWILIO_… with the account in Twilio's console"
_NETWORK_REMEDY: Final = (
    "look at the network, PERMIT_REMINDERS_PROXY and TWILIO_API_URL"
)
_NOT_TWILIO: Final = (
    "this is not Twilio's answer: look at PERMIT_REMINDERS_PROXY and TWILIO_API_URL"
)


async def check_twilio(provider: TwilioProvider) -> ProviderState:
    """List one message of the account, and read the date of the answer."""
    path = f"/Accounts/{provider.config.account_sid}/Messages.json"
    try:
        answer = await provider.client.api.v2010.request_async(
            "GET", path, params={"PageSize": 1}
        )
    except Exception as error:  # noqa: BLE001 - any fault is the finding
        problem = f"does not answer: {describe_error(error)}", _remedy(error)
        return ProviderState(provider.name, is_real=True, problem=problem)
    if not _lists_messages(answer.text):
        problem = f"HTTP {answer.status_code} without a list of messages", _NOT_TWILIO
        return ProviderState(provider.name, is_real=True, problem=problem)
    return ProviderState(
        provider.name, is_real=True, answered_at=_date(answer.headers.get("Date"))
    )


def _lists_messages(text: str) -> bool:
    """Whether an answer is Twilio's; a proxy or a sign-in page answers as well."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return isinstance(document, dict) and isinstance(document.get("messages"), list)


def _remedy(error: Exception) -> str:
    if not isinstance(error, AnswerError):
        return _NETWORK_REMEDY
    kind = meaning_of_refusal(error.status, error.code).kind
    return _ACCOUNT_REMEDY if kind is RefusalKind.ACCOUNT else _NETWORK_REMEDY


def _date(header: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(header) if header else None
    except ValueError:
        return None
