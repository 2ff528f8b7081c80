"""The faults that are on while processes die.

The promise covers every answer, or none, that a provider may give, as long as its list
tells the truth in time: a message that it took must be in the list before the service
believes its absence. That is `SETTLE` after the last moment at which its POST may have
been under way. So of the faults below, `latency` (a message that is taken after the
client gave up) and `unlisted` (one that is taken and not listed yet) stay together
below the time of a POST plus `SETTLE`, with a second to spare for a busy machine; all
others may be as bad as they like. A provider that takes a POST minutes later, or never
lists what it took, needs a longer `SETTLE`, or people to decide. So does one that
answers a POST with the id of another message: that is noticed and alarms, and is no
second SMS (tests/flow/sending/outcomes/test_settle.py), but whose an id is, is then a
person's to say.
"""

from collections.abc import Callable, Sequence
from random import Random

from service.sandbox.faults import (
    BloatedAnswer,
    Broken,
    Busy,
    CallbackFormat,
    DuplicatedCallbacks,
    Ending,
    EndlessHeaders,
    Fault,
    Hang,
    LateCallbacks,
    Latency,
    LostAnswer,
    LostCallbacks,
    Refusal,
    Reset,
    ShuffledCallbacks,
    TruncatedAnswer,
    Unlisted,
    WrongSid,
)

LATENCY, UNLISTED = 1.2, 0.7
"""Seconds at most, with `SETTLE` 2 and so POSTs of a second at most."""

_Made = Callable[[float, int], Fault]

_OF_REQUESTS: Sequence[_Made] = (
    lambda share, seed: Latency(seconds=0, upto=0.3, share=share, seed=seed),
    lambda share, seed: Latency(seconds=0, upto=LATENCY, share=share, seed=seed),
    lambda share, seed: Latency(
        on=("list", "fetch"), seconds=0.1, share=share, seed=seed
    ),
    lambda share, seed: Busy(share=share, seed=seed),
    lambda share, seed: Busy(on=("list", "fetch"), share=share, seed=seed),
    lambda share, seed: Broken(share=share, seed=seed),
    lambda share, seed: Broken(share=share, seed=seed, taken=True),
    lambda share, seed: Broken(
        share=share, seed=seed, status=502, html=True, taken=True
    ),
    lambda share, seed: Broken(
        on=("list", "fetch"), share=share, seed=seed, status=503
    ),
    lambda share, seed: Hang(share=share, seed=seed),
    lambda share, seed: Hang(share=share, seed=seed, taken=True),
    lambda share, seed: Reset(share=share, seed=seed),
    lambda share, seed: Reset(on=("list", "fetch"), share=share, seed=seed),
    lambda share, seed: LostAnswer(share=share, seed=seed),
    lambda share, seed: LostAnswer(share=share, seed=seed, cut="middle"),
    lambda share, seed: TruncatedAnswer(share=share, seed=seed),
    lambda share, seed: TruncatedAnswer(on=("list", "fetch"), share=share, seed=seed),
    lambda share, seed: BloatedAnswer(share=share / 4, seed=seed, megabytes=1),
    lambda share, seed: EndlessHeaders(share=share / 4, seed=seed, megabytes=1),
    lambda share, seed: WrongSid(on=("fetch",), share=share, seed=seed),
    lambda share, seed: Refusal(code=21211, share=share / 4, seed=seed),
    lambda share, seed: Refusal(code=21610, share=share / 4, seed=seed),
    lambda _, seed: Refusal(code=20003, times=1, every=5, seed=seed),
)

_OF_MESSAGES: Sequence[_Made] = (
    lambda share, seed: Ending(
        path=("sent", "undelivered"), code=30003, share=share, seed=seed
    ),
    lambda share, seed: Ending(
        path=("sent", "undelivered"), code=30008, share=share, seed=seed
    ),
    lambda share, seed: Ending(path=("failed",), code=30001, share=share, seed=seed),
    lambda share, seed: Ending(
        path=("sent", "undelivered"), code=30005, share=share, seed=seed
    ),
    lambda share, seed: Ending(
        path=("sent", "delivered", "read"), share=share, seed=seed
    ),
    lambda share, seed: Ending(
        path=("sent", "twirled", "delivered"), share=share, seed=seed
    ),
    lambda share, seed: Unlisted(seconds=UNLISTED, share=share, seed=seed),
    lambda share, seed: Unlisted(seconds=UNLISTED, share=share, seed=seed),
)

_OF_CALLBACKS: Sequence[_Made] = (
    lambda share, seed: LostCallbacks(share=share, seed=seed),
    lambda _, seed: LostCallbacks(seed=seed),
    lambda share, seed: DuplicatedCallbacks(copies=3, share=share, seed=seed),
    lambda share, seed: ShuffledCallbacks(share=share, seed=seed),
    lambda share, seed: LateCallbacks(seconds=0, upto=3, share=share, seed=seed),
    lambda share, seed: CallbackFormat(content="json", share=share, seed=seed),
)


def drawn(rng: Random, *, prompt: bool = False) -> list[Fault]:
    """Some of each kind; `prompt`: none that takes or lists a message late.

    What lets a message be taken is nearest to the taking. So a request that is struck
    twice was taken, or has one line in the log that says that it was not.
    """
    chosen = [
        *rng.sample(_OF_REQUESTS, rng.randint(0, 4)),
        *rng.sample(_OF_MESSAGES, rng.randint(0, 2)),
        *rng.sample(_OF_CALLBACKS, rng.randint(0, 2)),
    ]
    made = [one(rng.choice((0.1, 0.3, 0.6)), rng.getrandbits(31)) for one in chosen]
    if prompt:
        made = [one for one in made if not isinstance(one, Latency | Unlisted)]
    return sorted(made, key=lambda one: isinstance(one, Broken | Hang) and one.taken)
