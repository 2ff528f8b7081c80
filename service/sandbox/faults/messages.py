"""Faults of accepted messages: chosen and logged when the message is accepted."""

from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from service.sandbox.faults.fault import Fault, Seconds

_FIRST_STATUSES = frozenset({"accepted", "scheduled", "queued"})


class MessageFault(Fault):
    """A fault of messages that were accepted."""

    def target_kinds(self) -> tuple[str, ...]:
        """Return the kind `message` only."""
        return ("message",)

    def event_fields(self) -> dict[str, object]:
        """Return the fields that it adds to the `created` event of the log."""
        raise NotImplementedError


class Ending(MessageFault):
    """The message passes through the statuses of `path` after `queued`.

    This overrides the delivery that its number chooses. Any word may be a status:
    `read`, `partially_delivered`, an unknown one. `code` is the error code of
    `undelivered` and `failed`.
    """

    fault: Literal["ending"] = "ending"
    path: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z_-]*$")], ...] = Field(
        min_length=1
    )
    code: int | None = Field(None, ge=10_000, le=99_999)

    @model_validator(mode="after")
    def _check_path(self) -> Self:
        counts = Counter(self.path)
        if repeated := [
            one for one in counts if counts[one] > 1 or one in _FIRST_STATUSES
        ]:
            raise ValueError(f"path should not repeat or begin again: {repeated}")
        return self

    def event_fields(self) -> dict[str, object]:
        """Return the whole path, which a restart needs."""
        return {"ending": {"path": ["queued", *self.path], "code": self.code}}


class StuckQueue(MessageFault):
    """The message stays `queued` for `seconds`, or until its ValidityPeriod ends."""

    fault: Literal["stuck-queue"] = "stuck-queue"
    seconds: Seconds

    def event_fields(self) -> dict[str, object]:
        """Return the seconds in the queue, counted from acceptance or SendAt."""
        return {"stuck": self.seconds}


class Unlisted(MessageFault):
    """The message appears in lists `seconds` late; a fetch by SID finds it at once."""

    fault: Literal["unlisted"] = "unlisted"
    seconds: Seconds

    def event_fields(self) -> dict[str, object]:
        """Return the seconds until it is listed, counted from its acceptance."""
        return {"unlisted": self.seconds}
