"""Faults of webhooks: of status callbacks, inbound texts, or both."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Literal, Self

from pydantic import Field, model_validator

from service.sandbox.callbacks.webhook import OutgoingWebhook
from service.sandbox.faults.fault import Fault, Seconds, draw_seconds


class CallbackFault(Fault):
    """A fault of the kinds of webhooks that `on` lists."""

    on: tuple[Literal["status", "inbound"], ...] = ("status",)

    def target_kinds(self) -> tuple[str, ...]:
        """Return `on`."""
        return self.on

    def change(
        self, webhook: OutgoingWebhook, rng: Random
    ) -> Sequence[OutgoingWebhook]:
        """Return the webhooks to post instead."""
        raise NotImplementedError


class DuplicatedCallbacks(CallbackFault):
    """Each webhook is posted `copies` times, one after the other."""

    fault: Literal["duplicated-callbacks"] = "duplicated-callbacks"
    copies: int = Field(2, ge=2, le=100)

    def change(self, webhook: OutgoingWebhook, _: Random) -> Sequence[OutgoingWebhook]:
        """Return that many copies."""
        return [webhook] * self.copies


class ShuffledCallbacks(CallbackFault):
    """Webhooks wait for the final status of their message, then go in random order.

    An inbound text is a single webhook, so it is not shuffled.
    """

    fault: Literal["shuffled-callbacks"] = "shuffled-callbacks"

    def change(
        self, webhook: OutgoingWebhook, rng: Random
    ) -> Sequence[OutgoingWebhook]:
        """Give the webhook a random rank."""
        return [replace(webhook, rank=rng.random())]


class LostCallbacks(CallbackFault):
    """Webhooks are never posted, not after a restart either."""

    fault: Literal["lost-callbacks"] = "lost-callbacks"

    def change(self, _: OutgoingWebhook, __: Random) -> Sequence[OutgoingWebhook]:
        """Post nothing."""
        return []


class LateCallbacks(CallbackFault):
    """Webhooks are late by `seconds` to `upto`, at random; a restart posts them."""

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
        """Lengthen the delay."""
        delay = webhook.delay + draw_seconds(rng, self.seconds, self.upto)
        return [replace(webhook, delay=delay)]


class CallbackFormat(CallbackFault):
    """Webhooks are JSON with `bodySHA256`, or signed with SHA-256."""

    fault: Literal["callback-format"] = "callback-format"
    content: Literal["form", "json"] = "form"
    algorithm: Literal["sha1", "sha256"] = "sha1"

    def change(self, webhook: OutgoingWebhook, _: Random) -> Sequence[OutgoingWebhook]:
        """Set the content type and the algorithm."""
        return [replace(webhook, content=self.content, algorithm=self.algorithm)]
