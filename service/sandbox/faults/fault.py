"""What all faults share: what they strike, how often, and for how long."""

import re
from dataclasses import dataclass
from random import Random
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=86_400)]


@dataclass(frozen=True, slots=True)
class Target:
    """What may be struck: a request, a message that is being taken, or a callback.

    `inside` is how many requests are in flight, this one included.
    """

    kind: str
    phone: str = ""
    body: str = ""
    in_flight: int = 0


class Fault(BaseModel):
    """Strikes all it is aimed at, unless these fields say less.

    `phone` (E.164) and `body` (a regular expression found in the text) aim. Of what
    they leave, `every` takes each Nth, `share` a part at random (the same with the
    same `seed`), `times` the first N of those. `lasts` ends it after so many seconds.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        defer_build=True,  # a sandbox without faults starts as fast as ever
    )

    fault: str
    phone: str | None = None
    body: re.Pattern[str] | None = None
    every: int = Field(1, ge=1)
    share: float = Field(1.0, gt=0, le=1)
    seed: int = 0
    times: int | None = Field(None, ge=1)
    lasts: Annotated[float, Field(gt=0)] | None = None

    def as_json(self) -> dict[str, object]:
        """Tell it as `PUT /_sandbox/faults` takes it, without what is by default."""
        told = self.model_dump(mode="json", exclude_defaults=True, exclude={"fault"})
        return {"fault": self.fault, **told}

    def matches(self, target: Target) -> bool:
        """Whether it is aimed at this target at all."""
        return (
            target.kind in self.target_kinds()
            and self.phone in {None, target.phone}
            and (self.body is None or bool(self.body.search(target.body)))
        )

    def target_kinds(self) -> tuple[str, ...]:
        """List the kinds of targets."""
        raise NotImplementedError


def draw_seconds(rng: Random, seconds: float, upto: float | None) -> float:
    """Take `seconds`, or any time between the two when there is an `upto`."""
    return seconds if upto is None else rng.uniform(seconds, upto)
