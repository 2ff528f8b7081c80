"""Twilio's own list of opted-out phones, independent of its customers' lists.

The keywords are Twilio's defaults, and must be the whole text (twilio.com/docs/
messaging/tutorials/advanced-opt-out, twilio.com/docs/api/errors/30004).
"""

from typing import Final

OPT_OUT_KEYWORDS: Final = {
    "STOP": frozenset(
        {"stop", "stopall", "unsubscribe", "end", "quit", "cancel", "revoke", "optout"}
    ),
    "START": frozenset({"start", "yes", "unstop"}),
    "HELP": frozenset({"help", "info"}),
}
"""The keywords of each `OptOutType`, the field that Advanced Opt-Out adds."""


def read_keyword(body: str) -> str | None:
    """Return the keyword type of a text: STOP, START, HELP or None."""
    word = body.strip().casefold()
    return next(
        (kind for kind, words in OPT_OUT_KEYWORDS.items() if word in words), None
    )


class OptOuts:
    """The pairs of a phone and a sender that are opted out."""

    def __init__(self) -> None:
        self._pairs: set[tuple[str, str]] = set()

    def apply(self, phone: str, number: str, opt_out_type: str | None) -> None:
        """Apply the keyword type that a phone sent to a number."""
        if opt_out_type == "STOP":
            self._pairs.add((phone, number))
        elif opt_out_type == "START":
            self._pairs.discard((phone, number))

    def blocks(self, phone: str, number: str) -> bool:
        """Whether the phone sent STOP to the number, and no START since."""
        return (phone, number) in self._pairs
