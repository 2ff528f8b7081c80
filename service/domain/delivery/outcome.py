"""Answers to a POST and later receipts, in one form for all providers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from service.domain.delivery.status import MessageState


class RefusalKind(StrEnum):
    """Why a provider did not accept or did not deliver a message.

    `retry-safe`: provably not processed. `retry-later`: a passing fault of the
    carrier. `bad-number`, `opted-out`, `bad-content`, `route`: the cause is this
    message. `account`: the cause is the account, so all sending stops.
    """

    RETRY_SAFE = "retry-safe"
    RETRY_LATER = "retry-later"
    BAD_NUMBER = "bad-number"
    OPTED_OUT = "opted-out"
    BAD_CONTENT = "bad-content"
    ROUTE = "route"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider accepted the message and gave it an id.

    `dated_at`: when, by the provider's clock; None if it does not say.
    """

    provider_id: str
    state: MessageState = MessageState.ACCEPTED
    dated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider refused the message: nothing was sent.

    `over_concurrency`: the cause is the number of requests at once, not this message.
    `is_outage`: the provider takes no request at all.
    `retry_after`: seconds to wait before another try; None if not known.
    """

    kind: RefusalKind
    code: str
    reason: str
    over_concurrency: bool = False
    is_outage: bool = False
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a message was not accepted or did not arrive, from a refusal or a receipt.

    `retry_after`: seconds that the cause lasts; None if not known.
    """

    kind: RefusalKind | None
    code: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows whether the provider accepted the message."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotPosted:
    """The POST never began: provably nothing was sent.

    `retry_after`: seconds before another try; 0 if nothing stands in its way.
    """

    reason: str = "not posted in time"
    retry_after: float = 0.0


Outcome = Accepted | Refused | Unknown | NotPosted


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider's later report about one message.

    `message_id` is our own id, carried in the callback URL: with it the message is
    found even if the process died before it read the provider's id. `state` is None for
    a status we do not know: the receipt is stored as it came and changes nothing.
    `retry_after`: seconds to wait before another message about the same permit; None if
    not known. `dated_at`: when the provider accepted the message, by its clock; None if
    it does not say.
    """

    provider: str
    provider_id: str
    state: MessageState | None
    raw: Mapping[str, str] = field(repr=False)
    message_id: str | None = None
    code: str | None = None
    kind: RefusalKind | None = None
    retry_after: float | None = None
    dated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnknownId:
    """The provider answers that it has no message with this id."""


UNKNOWN_ID_REASON = "the provider does not know its id"
"""Reason of an accepted message whose id the provider does not know any more."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """A text that a recipient sent to us.

    `opt_out` is the keyword that the provider itself recognised: "stop", "start",
    "help" or a word of its own; None if it recognised none.
    """

    provider: str
    provider_id: str
    sender: str = field(repr=False)
    body: str
    raw: Mapping[str, str] = field(repr=False)
    opt_out: str | None = None


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """A message in the provider's list, as evidence for an unknown outcome.

    `same_text`: its text equals ours. A provider may change or erase texts, so a
    different text proves neither that our message is there nor that it is not.
    """

    provider_id: str
    state: MessageState
    created_at: datetime
    same_text: bool = True


@dataclass(frozen=True, slots=True)
class AccountMessage:
    """A message to any phone in the provider's list of the whole account.

    `to` and `body` are as the list shows them: a provider may hide or change either.
    """

    provider_id: str
    to: str = field(repr=False)
    body: str = field(repr=False)
    created_at: datetime
