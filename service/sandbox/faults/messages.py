"""Faults of a message that is taken: they are decided, and logged, with its taking."""

from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from service.sandbox.faults.fault import Fault, Seconds

_FIRST_STATUSES = frozenset({"accepted", "scheduled", "queued"})


class MessageFault(Fault):
    """Strikes messages that nobody refused."""

    def target_kinds(self) -> tuple[str, ...]:
        """Strike nothing else."""
        return ("message",)

    def event_fields(self) -> dict[str, object]:
        """What the `created` line says of it."""
        raise NotImplementedError


class Ending(MessageFault):
    """The statuses it passes through after `queued`, whatever its number says.

    Any word will do as a status: `read`, `partially_delivered`, one nobody knows.
    `code` is the error told with `undelivered` and `failed`.
    """

    fault: Literal["ending"] = "ending"
    path: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z_-]*$")], ...] = Field(
        min_length=1
    )
    code: int | None = Field(None, ge=10_000, le=99_999)

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        counts = Counter(self.path)
        if wrong := [
            one for one in counts if counts[one] > 1 or one in _FIRST_STATUSES
        ]:
            raise ValueError(f"path should not repeat or begin again: {wrong}")
        return self

    def event_fields(self) -> dict[str, object]:
        """The whole path, so that a restart knows it."""
        return {"ending": {"path": ["queued", *self.path], "code": self.code}}


class StuckQueue(MessageFault):
    """It stays `queued` for so many seconds, or until its ValidityPeriod runs out."""

    fault: Literal["stuck-queue"] = "stuck-queue"
    seconds: Seconds

    def event_fields(self) -> dict[str, object]:
        """For how long it cannot leave, counted from its taking or its SendAt."""
        return {"stuck": self.seconds}


class Unlisted(MessageFault):
    """It shows in lists so many seconds late; asked for by its SID, it is there."""

    fault: Literal["unlisted"] = "unlisted"
    seconds: Seconds

    def event_fields(self) -> dict[str, object]:
        """From when on it is listed, counted from its taking."""
        return {"unlisted": self.seconds}
