"""The server that a ledger is on: whether it is still the one that it was on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

ASKED_FIRST: Final = "perhaps sent before a failover: the provider is asked"
"""Reason of a message that was stored to ask about, and was not POSTed."""

PERHAPS_SENT: Final = "perhaps sent before a failover"
"""Reason of a hold where the provider cannot be asked: a person decides."""


@dataclass(frozen=True, slots=True)
class LedgerServer:
    """A server that a ledger was on; `identity` has its timeline and the database.

    What was committed since `asked_since` on the server before may be missing; None for
    the first server. `is_released`: a person decided to send what cannot be asked
    about. `found_at` is on the business clock, `asked_since` on the database's.
    """

    id: int
    identity: str
    found_at: datetime
    asked_since: datetime | None = None
    are_texts_read: bool = False
    is_trusted: bool = False
    is_released: bool = False

    @property
    def asks_first(self) -> bool:
        """Whether reminders that were due before the change are asked about first."""
        return self.asked_since is not None and not self.is_released


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest server that is stored, and the identity of the present one.

    Without a stored one nothing is known to be missing; on SQLite there is neither.
    """

    stored: LedgerServer | None = None
    present: str | None = None

    @property
    def is_stored(self) -> bool:
        """Whether the present server is the newest that is stored."""
        return self.present is None or (
            self.stored is not None and self.stored.identity == self.present
        )

    @property
    def is_in_doubt(self) -> bool:
        """Whether nothing may be claimed or begun: it is another server, or untrusted.

        A standby has no identity: nothing is claimed on one.
        """
        if self.stored is None:
            return False
        return self.stored.identity != self.present or not self.stored.is_trusted

    @property
    def doubt(self) -> str | None:
        """Why nothing is sent, in a line; None if the ledger is not in doubt."""
        if self.stored is None or not self.is_in_doubt:
            return None
        if self.present is None:
            return "on a standby: nothing is sent from one"
        return (
            f"on server {self.present}, before on another: what was due is asked about "
            "before anything is sent; see that the server before is stopped, and "
            "docs/failover.md"
        )

    def asked_first(self) -> LedgerServer | None:
        """The server before which reminders may have been sent; None if none may."""
        server = self.stored if self.is_stored else None
        return server if server and server.asks_first else None


@dataclass(frozen=True, slots=True)
class FailoverStatus:
    """How far a doubt has ended.

    The provider is still asked about `asked` messages; `held` reminders wait for a
    person. `asked_since` is None if the ledger never changed its server.
    """

    standing: Standing
    asked: int = 0
    held: int = 0
