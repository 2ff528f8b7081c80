"""Faults of the webhooks: of status callbacks, of what phones write, or of both."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Literal, Self

from pydantic import Field, model_validator

from service.sandbox.callbacks.webhook import Post
from service.sandbox.faults.fault import Fault, Seconds, drawn


class CallbackFault(Fault):
    """Strikes the webhooks that `on` lists, each by itself."""

    on: tuple[Literal["status", "inbound"], ...] = ("status",)

    def aimed_at(self) -> tuple[str, ...]:
        """List what `on` lists."""
        return self.on

    def change(self, post: Post, rng: Random) -> Sequence[Post]:
        """Return what is posted instead."""
        raise NotImplementedError


class DuplicatedCallbacks(CallbackFault):
    """Each comes `copies` times, one after the other."""

    fault: Literal["duplicated-callbacks"] = "duplicated-callbacks"
    copies: int = Field(2, ge=2, le=100)

    def change(self, post: Post, _: Random) -> Sequence[Post]:
        """Post it again and again."""
        return [post] * self.copies


class ShuffledCallbacks(CallbackFault):
    """They wait for the last status of their message, then come in any order.

    An inbound text is one webhook: there is nothing to shuffle.
    """

    fault: Literal["shuffled-callbacks"] = "shuffled-callbacks"

    def change(self, post: Post, rng: Random) -> Sequence[Post]:
        """Draw a rank for each."""
        return [replace(post, rank=rng.random())]


class LostCallbacks(CallbackFault):
    """They never come, not after a restart either."""

    fault: Literal["lost-callbacks"] = "lost-callbacks"

    def change(self, _: Post, __: Random) -> Sequence[Post]:
        """Post nothing."""
        return []


class LateCallbacks(CallbackFault):
    """They come `seconds` late, or at random up to `upto`; a restart hurries them."""

    fault: Literal["late-callbacks"] = "late-callbacks"
    seconds: Seconds
    upto: Seconds | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.upto is not None and self.upto < self.seconds:
            raise ValueError("upto should not be less than seconds")
        return self

    def change(self, post: Post, rng: Random) -> Sequence[Post]:
        """Add to its delay."""
        delay = post.delay + drawn(rng, self.seconds, self.upto)
        return [replace(post, delay=delay)]


class CallbackFormat(CallbackFault):
    """As JSON with `bodySHA256`, or signed with SHA-256, as Twilio does elsewhere."""

    fault: Literal["callback-format"] = "callback-format"
    content: Literal["form", "json"] = "form"
    algorithm: Literal["sha1", "sha256"] = "sha1"

    def change(self, post: Post, _: Random) -> Sequence[Post]:
        """Dress it differently."""
        return [replace(post, content=self.content, algorithm=self.algorithm)]
