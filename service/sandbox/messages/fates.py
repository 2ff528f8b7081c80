"""The simulated delivery of a message, chosen by the number it is sent to.

Numbers `+1 NXX 555 01NN` are reserved for fiction, so no phone rings. Their last two
digits choose it: 90 to 93 end `undelivered`, 94 ends `failed`, 95 stays `sent`
because its carrier never sends a receipt; DELIVERIES_BY_SUFFIX has the codes. Every
other number gets its message. Statuses and codes are Twilio's (twilio.com/docs/
messaging/guides/outbound-message-status-in-status-callbacks, twilio.com/docs/api/
errors).
"""

import re
from dataclasses import dataclass

_FICTION = re.compile(r"\+1\d{3}55501(\d\d)")


@dataclass(frozen=True, slots=True)
class SimulatedDelivery:
    """The statuses a message passes through, its error code and the reason."""

    path: tuple[str, ...]
    error_code: int | None
    reason: str

    @property
    def final(self) -> str:
        """The status in which the message stays."""
        return self.path[-1]

    def statuses_after(self, status: str) -> tuple[str, ...]:
        """List the statuses still ahead of a message that has this one now."""
        if status in {"accepted", "scheduled"}:
            return self.path
        path = self.path
        return path[path.index(status) + 1 :] if status in path else ()


FAILED_STATUSES = frozenset({"failed", "undelivered"})
DELIVERED = SimulatedDelivery(("queued", "sent", "delivered"), None, "all went well")
_UNDELIVERED = ("queued", "sent", "undelivered")
DELIVERIES_BY_SUFFIX = {
    "90": SimulatedDelivery(_UNDELIVERED, 30003, "the phone is off or out of reach"),
    "91": SimulatedDelivery(_UNDELIVERED, 30005, "nobody has this number"),
    "92": SimulatedDelivery(
        _UNDELIVERED, 30006, "a landline, or a carrier out of reach"
    ),
    "93": SimulatedDelivery(_UNDELIVERED, 30008, "the carrier gave no reason"),
    "94": SimulatedDelivery(
        ("queued", "failed"), 30007, "a filter took the text for spam"
    ),
    "95": SimulatedDelivery(
        ("queued", "sent"), None, "the carrier never sends a receipt"
    ),
}
EXPIRED_CODE = 30036
FAILURE_REASONS = {
    delivery.error_code: delivery.reason
    for delivery in DELIVERIES_BY_SUFFIX.values()
    if delivery.error_code
}
FAILURE_REASONS[EXPIRED_CODE] = "its ValidityPeriod ran out in the queue"


def delivery_to(number: str) -> SimulatedDelivery:
    """Return the simulated delivery of a message to this number (E.164)."""
    fiction = _FICTION.fullmatch(number)
    return DELIVERIES_BY_SUFFIX.get(fiction[1], DELIVERED) if fiction else DELIVERED


def failure_reason(error_code: int) -> str:
    """Return the reason of an error code, or the address of Twilio's page on it."""
    vendor_page = f"see twilio.com/docs/api/errors/{error_code}"
    return FAILURE_REASONS.get(error_code, vendor_page)
