"""Faults of the webhooks: of status callbacks, of what phones write, or of both."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Literal, Self

from pydantic import Field, model_validator

from service.sandbox.callbacks.webhook import OutgoingWebhook
from service.sandbox.faults.fault import Fault, Seconds, draw_seconds


class CallbackFault(Fault):
    """Strikes the webhooks that `on` lists, each by itself."""

    on: tuple[Literal["status", "inbound"], ...] = ("status",)

    def target_kinds(self) -> tuple[str, ...]:
        """List what `on` lists."""
        return self.on

    def change(
        self, webhook: OutgoingWebhook, rng: Random
    ) -> Sequence[OutgoingWebhook]:
        """Return what is posted instead."""
        raise NotImplementedError


class DuplicatedCallbacks(CallbackFault):
    """Each comes `copies` times, one after the other."""

    fault: Literal["duplicated-callbacks"] = "duplicated-callbacks"
    copies: int = Field(2, ge=2, le=100)

    def change(self, webhook: OutgoingWebhook, _: Random) -> Sequence[OutgoingWebhook]:
        """Post it again and again."""
        return [webhook] * self.copies


class ShuffledCallbacks(CallbackFault):
    """They wait for the last status of their message, then come in any order.

    An inbound text is one webhook: there is nothing to shuffle.
    """

    fault: Literal["shuffled-callbacks"] = "shuffled-callbacks"

    def change(
        self, webhook: OutgoingWebhook, rng: Random
    ) -> Sequence[OutgoingWebhook]:
        """Draw a rank for each."""
        return [replace(webhook, rank=rng.random())]


class LostCallbacks(CallbackFault):
    """They never come, not after a restart either."""

    fault: Literal["lost-callbacks"] = "lost-callbacks"

    def change(self, _: OutgoingWebhook, __: Random) -> Sequence[OutgoingWebhook]:
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

    def change(
        self, webhook: OutgoingWebhook, rng: Random
    ) -> Sequence[OutgoingWebhook]:
        """Add to its delay."""
        delay = webhook.delay + draw_seconds(rng, self.seconds, self.upto)
        return [replace(webhook, delay=delay)]


class CallbackFormat(CallbackFault):
    """As JSON with `bodySHA256`, or signed with SHA-256, as Twilio does elsewhere."""

    fault: Literal["callback-format"] = "callback-format"
    content: Literal["form", "json"] = "form"
    algorithm: Literal["sha1", "sha256"] = "sha1"

    def change(self, webhook: OutgoingWebhook, _: Random) -> Sequence[OutgoingWebhook]:
        """Dress it differently."""
        return [replace(webhook, content=self.content, algorithm=self.algorithm)]
