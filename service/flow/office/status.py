"""How an authority stands: who sends for it, and what it reminds of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from service.domain.go_live.go_live import State, hindrance
from service.domain.law.authority import Authority
from service.domain.lawbook.law import Law
from service.flow.office.go_live import GoingLive
from service.flow.rows import Started


@dataclass(frozen=True, slots=True)
class Stage:
    """A permit type in an authority; `hindrance` is why it cannot go live."""

    rule: str
    state: State
    started: Started | None
    hindrance: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """An authority with its sender, its staff phones and the stages of its types.

    Those are the types counted on its calendar, and any that was started.
    """

    office: Authority
    sender: str
    staff: int
    stages: tuple[Stage, ...]


async def stand(authority: str, to: GoingLive) -> Standing:
    """Say how an authority stands; raises `UnknownError`."""
    law = await to.laws.law()
    office = law.authority(authority)
    started = await to.store.started(authority)
    return Standing(
        office=office,
        sender=law.sender_of(authority).code,
        staff=await to.store.staff_count(law.line(authority)),
        stages=tuple(_stages(office, started, law)),
    )


def _stages(
    office: Authority, started: Mapping[str, Started], law: Law
) -> Iterator[Stage]:
    line = law.line(office.code)
    for code, rule in sorted(law.rules.items()):
        start = started.get(code)
        if start or rule.calendar == office.calendar:
            state: State = start.state if start else "draft"
            yield Stage(code, state, start, hindrance(rule, line))
