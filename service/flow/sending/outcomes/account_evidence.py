"""What the list of the whole account proves about messages that it lacks.

A list that hides a country, or writes its numbers in another form, lacks messages that
the provider accepted. So the list that lacks a message must show, in the same query,
another one that we know to be accepted: to the same country, since the POST.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.domain.delivery.outcome import AccountMessage
from service.domain.permits.phone import country_code
from service.flow.sending.provider import AccountListing, OpenMessage

_HIDDEN_DIGITS = "Xx*"
"""What providers put in place of digits that they hide."""


@dataclass(frozen=True, slots=True)
class BoundMessage:
    """A message of ours whose provider's id we know: it was accepted.

    `posted_after` is when it was claimed, on the clock of the database.
    """

    recipient_id: str
    encrypted_phone: bytes
    body: str
    posted_after: datetime


@dataclass(frozen=True, slots=True)
class AccountEvidence:
    """A list of the whole account, compared with what we know of it.

    `newest_claims`: by country, when the newest listed message of ours was claimed.
    `rewritten`: countries of messages of ours that it shows under other numbers. Of
    messages that are not known as ours: their `bodies`, and to which numbers they went.
    """

    is_complete: bool
    newest_claims: Mapping[str, datetime]
    rewritten: frozenset[str]
    bodies: frozenset[str]
    numbers: frozenset[str]
    hidden_numbers: Sequence[str]

    def doubt(self, message: OpenMessage, phone: str) -> str | None:
        """Why the absence of a message to a phone proves nothing; None if it does."""
        country = country_code(phone)
        if not self.is_complete:
            return "the list of the account is too long to be read"
        if message.body in self.bodies or phone in self.numbers:
            return "the list of the account shows a message like it"
        if any(phone.startswith(shown) for shown in self.hidden_numbers):
            return "the list of the account hides numbers"
        if country in self.rewritten:
            return f"the list of the account shows other numbers for {country}"
        newest = self.newest_claims.get(country)
        if newest is None or newest < message.posted_after:
            since = f"{message.posted_after:%Y-%m-%d %H:%M:%S} UTC"
            return f"no other message to {country} shown since {since}"
        return None


def judge_account(
    listing: AccountListing,
    bound: Mapping[str, BoundMessage],
    decrypt: Callable[[bytes], str | None],
) -> AccountEvidence:
    """Compare a list of the account with those of our messages that have its ids."""
    newest, rewritten = dict[str, datetime](), set[str]()
    unknown = list[AccountMessage]()
    for one in listing.messages:
        ours = bound.get(one.provider_id)
        if ours is None:
            unknown.append(one)
        elif phone := decrypt(ours.encrypted_phone):
            country = country_code(phone)
            if one.to != phone:
                rewritten.add(country)
            claimed = newest.get(country, ours.posted_after)
            newest[country] = max(claimed, ours.posted_after)
    return AccountEvidence(
        is_complete=listing.is_complete,
        newest_claims=newest,
        rewritten=frozenset(rewritten),
        bodies=frozenset(one.body for one in unknown),
        numbers=frozenset(one.to for one in unknown),
        hidden_numbers=[
            one.to.rstrip(_HIDDEN_DIGITS)
            for one in unknown
            if one.to.rstrip(_HIDDEN_DIGITS) != one.to or not one.to
        ],
    )
