"""The fields that all faults share: their targets, how often, and for how long."""

import re
from dataclasses import dataclass
from random import Random
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=86_400)]

MOST = 1_000_000_000
"""Requests, or seconds: a sandbox never gets so many, nor runs for so long."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a fault may strike: a request, a message being accepted, or a callback.

    `in_flight` is the number of requests in flight, this one included.
    """

    kind: str
    phone: str = ""
    body: str = ""
    in_flight: int = 0


class Fault(BaseModel):
    """A fault strikes every target of its kinds, unless these fields restrict it.

    `phone` (E.164) and `body` (a regular expression, searched in the text) select
    targets. Of those, `every` takes each Nth, `share` a random part (repeatable by
    `seed`), and `times` the first N of the rest. `lasts` is in seconds.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        defer_build=True,  # keeps the start fast when no faults are used
    )

    fault: str
    phone: str | None = None
    body: re.Pattern[str] | None = None
    every: int = Field(1, ge=1, le=MOST)
    share: float = Field(1.0, gt=0, le=1)
    seed: int = Field(0, ge=-(2**63), le=2**63 - 1)
    times: int | None = Field(None, ge=1, le=MOST)
    lasts: Annotated[float, Field(gt=0, le=MOST)] | None = None

    def as_json(self) -> dict[str, object]:
        """Return the JSON that `PUT /_sandbox/faults` takes, without default values."""
        fields = self.model_dump(mode="json", exclude_defaults=True, exclude={"fault"})
        return {"fault": self.fault, **fields}

    def matches(self, target: Target) -> bool:
        """Whether this is one of its targets, before `every`, `share` and `times`."""
        return (
            target.kind in self.target_kinds()
            and self.phone in {None, target.phone}
            and (self.body is None or bool(self.body.search(target.body)))
        )

    def target_kinds(self) -> tuple[str, ...]:
        """Return the kinds of its targets, values of `Target.kind`."""
        raise NotImplementedError


def draw_seconds(rng: Random, seconds: float, upto: float | None) -> float:
    """Return `seconds`, or a random time from `seconds` to `upto` if that is set."""
    return seconds if upto is None else rng.uniform(seconds, upto)
