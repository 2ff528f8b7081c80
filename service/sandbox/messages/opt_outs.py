"""Who wants no texts: Twilio keeps a list of its own, whatever its customer keeps.

The keywords are those it acts on by default, as a whole text (twilio.com/docs/
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
"""By the `OptOutType` that Advanced Opt-Out would call them."""


def read_keyword(body: str) -> str | None:
    """What a text asks for: STOP, START, HELP or nothing."""
    word = body.strip().casefold()
    return next(
        (kind for kind, words in OPT_OUT_KEYWORDS.items() if word in words), None
    )


class OptOuts:
    """Pairs of a phone and one of our numbers between which nothing is sent."""

    def __init__(self) -> None:
        self._pairs: set[tuple[str, str]] = set()

    def apply(self, phone: str, number: str, opt_out_type: str | None) -> None:
        """Follow what a phone has written to a number."""
        if opt_out_type == "STOP":
            self._pairs.add((phone, number))
        elif opt_out_type == "START":
            self._pairs.discard((phone, number))

    def blocks(self, phone: str, number: str) -> bool:
        """Whether the phone has written STOP to the number, and not START since."""
        return (phone, number) in self._pairs
