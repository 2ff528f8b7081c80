"""Faults of lists: a list that is answered well, and does not tell the truth."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from service.sandbox.faults.fault import Fault
from service.sandbox.messages.messages import Message

Prefix = Annotated[str, Field(pattern=r"^\+[0-9]{0,15}$")]


class ListFault(Fault):
    """A fault of lists: of the messages to numbers that begin with `prefix`.

    A fetch by SID and the log still tell the truth.
    """

    prefix: Prefix = "+"

    def target_kinds(self) -> tuple[str, ...]:
        """Return the kind `list` only."""
        return ("list",)

    def change(self, messages: Iterable[Message]) -> list[Message]:
        """Return the messages to list instead, before the filters of the request."""
        changed = (
            self.change_one(one) if one.to.startswith(self.prefix) else one
            for one in messages
        )
        return [one for one in changed if one is not None]

    def change_one(self, message: Message) -> Message | None:
        """Return what lists show of one message; None for nothing."""
        raise NotImplementedError


class HiddenMessages(ListFault):
    """Lists leave out messages to numbers that begin with `prefix`: a country."""

    fault: Literal["hidden-messages"] = "hidden-messages"

    def change_one(self, _: Message) -> Message | None:
        """Show nothing."""
        return None


class RewrittenNumbers(ListFault):
    """Lists show, and find, such numbers with `instead` in place of their `prefix`."""

    fault: Literal["rewritten-numbers"] = "rewritten-numbers"
    instead: str = Field("", max_length=16)

    def change_one(self, message: Message) -> Message | None:
        """Show the message under another number."""
        return replace(message, to=self.instead + message.to[len(self.prefix) :])
