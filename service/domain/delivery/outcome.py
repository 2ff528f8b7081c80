"""What a provider says, in words of our own: an answer to a POST, a later receipt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from service.domain.delivery.status import MessageState


class RefusalKind(StrEnum):
    """Why a provider did not take or did not carry a message: decides what is next.

    `retry-safe`: provably not processed. `retry-later`: a passing fault of the
    carrier. `bad-number`, `opted-out`, `bad-content`, `route`: about this message.
    `account`: about all of them, so sending stops.
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
    """The provider took the message and named it."""

    provider_id: str
    state: MessageState = MessageState.ACCEPTED


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider said no: nothing was sent.

    `crowded`: it minds how many are asked at once, not this one. `retry_after` is in
    seconds: how long to wait before another try, where that is known.
    """

    kind: RefusalKind
    code: str
    reason: str
    over_concurrency: bool = False
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a message was not taken or did not arrive, as a refusal or a receipt says.

    `retry_after` is in seconds: how long its cause lasts, where that is known.
    """

    kind: RefusalKind | None
    code: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The provider may or may not have taken the message."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotPosted:
    """The POST never began: provably nothing was sent."""

    reason: str = "not posted in time"


Outcome = Accepted | Refused | Unknown | NotPosted


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider's later word about one message.

    `ref` is our own message id, carried in the callback URL: it binds the provider's
    id even if our process died before it read the answer. `state` is None for a
    status we do not know: kept raw, changes nothing. `retry_after` is in seconds: how
    long to wait before another message about the same, where that is known.
    """

    provider: str
    provider_id: str
    state: MessageState | None
    raw: Mapping[str, str] = field(repr=False)
    message_id: str | None = None
    code: str | None = None
    kind: RefusalKind | None = None
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """A text a recipient sent to us.

    `opt_out` is what the provider itself has read in it, where it does: stop, start or
    help; any other word is its own, kept as it came.
    """

    provider: str
    provider_id: str
    sender: str = field(repr=False)
    body: str
    raw: Mapping[str, str] = field(repr=False)
    opt_out: str | None = None


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """A message the provider lists, as evidence for an unknown outcome.

    `same_text` says whether its text is ours to the letter. A provider may have
    changed or emptied it, so another text proves neither presence nor absence.
    """

    provider_id: str
    state: MessageState
    created_at: datetime
    same_text: bool = True
