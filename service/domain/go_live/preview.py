"""What going live would do: whom it would text in which step, on which day."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from service.domain.deadlines.slot import Slot
from service.domain.go_live.go_live import late, spread
from service.domain.law.authority import Authority
from service.domain.law.rule import Language
from service.domain.lawbook.law import Law
from service.domain.messages.segments import measure

TEXTS: Final = 3
"""How many real texts are shown."""

Step = tuple[str, str]
"""(rule, step)."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Permits of one group and language, counted: active, no renewal filed.

    `textable` have a phone that takes texts and welcomes them; `sample` is the id of
    one of those, `tail` the end of a number among them.
    """

    rule: str
    series: str
    authority: str
    expires_on: date
    language: Language | None
    permits: int
    textable: int
    sample: str | None
    tail: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A crowd in a step, current or still to come."""

    crowd: Crowd
    slot: Slot

    @property
    def step(self) -> Step:
        """The rule and the step."""
        return self.crowd.rule, self.slot.step


@dataclass(frozen=True, slots=True)
class Cost:
    """Texts, and the segments they are billed as."""

    messages: int
    segments: int


@dataclass(slots=True)
class Foretold:
    """Whom a start at `now` would text, and what speaks against it.

    `refused` cannot go live. `current` and `today` count permits by step: past its
    instant, and falling due later today. `days` has, for each of the next sending
    days, the texts a catch-up puts there and those that fall due. Past closing are
    those a catch-up tells to `contact` the office, and the `calls` to be made. `texts`
    are real ones, each with the masked phone that would get it.
    """

    office: Authority
    now: datetime
    refused: list[str] = field(default_factory=list)
    current: Counter[Step] = field(default_factory=Counter)
    today: Counter[Step] = field(default_factory=Counter)
    caught_up: Cost = Cost(0, 0)
    due_today: Cost = Cost(0, 0)
    days: list[tuple[date, int, int]] = field(default_factory=list)
    contact: int = 0
    calls: int = 0
    without_mobile: int = 0
    texts: list[tuple[str, str]] = field(default_factory=list)


def by_step(rows: Iterable[Waiting]) -> Counter[Step]:
    """Count permits by step."""
    found = Counter[Step]()
    for row in rows:
        found[row.step] += row.crowd.permits
    return found


def contacted(past: Iterable[Crowd], law: Law, told: Foretold) -> Iterator[Waiting]:
    """Say who, past closing, is told to contact the office; count who must be called.

    A crowd past its end is neither.
    """
    for crowd in past:
        found = late(law, crowd.series, crowd.authority, crowd.expires_on, told.now)
        slot = found.contact_now(told.now) if found else None
        reached = crowd.textable if slot else 0
        told.contact += reached
        told.calls += crowd.permits - reached if found else 0
        if slot:
            yield Waiting(crowd, slot)


def cost(rows: Iterable[Waiting], body: Callable[[Waiting], str]) -> Cost:
    """Add up texts as `body` words them."""
    sized = [
        (row.crowd.textable, measure(body(row)).segments)
        for row in rows
        if row.crowd.textable
    ]
    return Cost(
        messages=sum(count for count, _ in sized),
        segments=sum(count * segments for count, segments in sized),
    )


def by_day(
    caught: Iterable[Waiting],
    ahead: Iterable[Waiting],
    days: Sequence[datetime],
    office: Authority,
) -> list[tuple[date, int, int]]:
    """Lay what is caught up with, and what falls due, on the next sending days."""

    def local(at: datetime) -> date:
        return at.astimezone(office.zone).date()

    due = Counter[date]()
    for row in ahead:
        due[local(row.slot.due_at)] += row.crowd.textable
    waiting = [(row.slot.until_at, row.crowd.textable) for row in caught]
    shares = [(local(at), count) for at, count in spread(waiting, days)]
    return [(day, count, due[day]) for day, count in shares]


def samples(rows: Iterable[Waiting]) -> list[Waiting]:
    """Choose whose texts to show: those of different templates first."""
    textable = [row for row in rows if row.crowd.sample]
    first = dict[str, Waiting]()
    for row in textable:
        first.setdefault(row.slot.template, row)
    others = [row for row in textable if row is not first[row.slot.template]]
    return [*first.values(), *others][:TEXTS]
