"""The status of an authority: its sending office, and the stages of its types."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from service.domain.go_live.go_live import GoLiveState, find_hindrance
from service.domain.law.authority import Authority
from service.domain.lawbook.law import Law
from service.flow.office.go_live import GoLiveDeps, StartedType


@dataclass(frozen=True, slots=True)
class TypeStatus:
    """A permit type in an authority; `hindrance` is why it cannot go live, if so."""

    rule: str
    state: GoLiveState
    started: StartedType | None
    hindrance: str | None


@dataclass(frozen=True, slots=True)
class OfficeStatus:
    """An authority with its sending office, its staff phones and its permit types.

    The types are those on its calendar, and any other that was started.
    """

    office: Authority
    sender: str
    staff_count: int
    types: tuple[TypeStatus, ...]


async def get_office_status(authority: str, deps: GoLiveDeps) -> OfficeStatus:
    """Get the status of an authority; raises `UnknownError`."""
    law = await deps.law_store.current_law()
    office = law.authority(authority)
    started = await deps.store.started_types(authority)
    return OfficeStatus(
        office=office,
        sender=law.sending_office(authority).code,
        staff_count=await deps.store.count_staff(law.lineage(authority)),
        types=tuple(_type_statuses(office, started, law)),
    )


def _type_statuses(
    office: Authority, started: Mapping[str, StartedType], law: Law
) -> Iterator[TypeStatus]:
    line = law.lineage(office.code)
    for code, rule in sorted(law.rules.items()):
        start = started.get(code)
        if start or rule.calendar == office.calendar:
            state: GoLiveState = start.state if start else "draft"
            yield TypeStatus(code, state, start, find_hindrance(rule, line))
