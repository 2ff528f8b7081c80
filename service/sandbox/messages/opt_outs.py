"""Who wants no texts: Twilio keeps a list of its own, whatever its customer keeps.

The keywords are those it acts on by default, as a whole text (twilio.com/docs/
messaging/tutorials/advanced-opt-out, twilio.com/docs/api/errors/30004).
"""

from typing import Final

WORDS: Final = {
    "STOP": frozenset(
        {"stop", "stopall", "unsubscribe", "end", "quit", "cancel", "revoke", "optout"}
    ),
    "START": frozenset({"start", "yes", "unstop"}),
    "HELP": frozenset({"help", "info"}),
}
"""By the `OptOutType` that Advanced Opt-Out would call them."""


def asked_for(body: str) -> str | None:
    """What a text asks for: STOP, START, HELP or nothing."""
    word = body.strip().casefold()
    return next((kind for kind, words in WORDS.items() if word in words), None)


class OptOuts:
    """Pairs of a phone and one of our numbers between which nothing is sent."""

    def __init__(self) -> None:
        self._pairs: set[tuple[str, str]] = set()

    def heed(self, phone: str, number: str, wish: str | None) -> None:
        """Follow what a phone has written to a number."""
        if wish == "STOP":
            self._pairs.add((phone, number))
        elif wish == "START":
            self._pairs.discard((phone, number))

    def between(self, phone: str, number: str) -> bool:
        """Whether the phone has written STOP to the number, and not START since."""
        return (phone, number) in self._pairs
