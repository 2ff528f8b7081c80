"""What going live would do: whom it would text in which step, on which day."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from service.domain.deadlines.slot import Slot
from service.domain.go_live.go_live import find_late_group, spread_catch_up
from service.domain.law.authority import Authority
from service.domain.law.rule import Language
from service.domain.lawbook.law import Law
from service.domain.messages.segments import measure

SAMPLE_TEXTS: Final = 3
"""How many real texts are shown."""

RuleStep = tuple[str, str]
"""(rule, step)."""


@dataclass(frozen=True, slots=True)
class PreviewGroup:
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
    sample_permit_id: str | None
    sample_number_tail: str


@dataclass(frozen=True, slots=True)
class GroupInStep:
    """A crowd in a step, current or still to come."""

    group: PreviewGroup
    slot: Slot

    @property
    def rule_step(self) -> RuleStep:
        """The rule and the step."""
        return self.group.rule, self.slot.step


@dataclass(frozen=True, slots=True)
class Cost:
    """Texts, and the segments they are billed as."""

    messages: int
    segments: int


@dataclass(slots=True)
class GoLivePreview:
    """Whom a start at `now` would text, and what speaks against it.

    `refused` cannot go live. `current` and `today` count permits by step: past its
    instant, and falling due later today. `days` has, for each of the next sending
    days, the texts a catch-up puts there and those that fall due. Past closing are
    those a catch-up tells to `contact` the office, and the `calls` to be made. `texts`
    are real ones, each with the masked phone that would get it.
    """

    office: Authority
    now: datetime
    refusals: list[str] = field(default_factory=list)
    current_by_step: Counter[RuleStep] = field(default_factory=Counter)
    due_today_by_step: Counter[RuleStep] = field(default_factory=Counter)
    catch_up_cost: Cost = Cost(0, 0)
    due_today_cost: Cost = Cost(0, 0)
    texts_by_day: list[tuple[date, int, int]] = field(default_factory=list)
    contact_permits: int = 0
    call_permits: int = 0
    without_mobile: int = 0
    sample_texts: list[tuple[str, str]] = field(default_factory=list)


def count_by_step(rows: Iterable[GroupInStep]) -> Counter[RuleStep]:
    """Count permits by step."""
    found = Counter[RuleStep]()
    for row in rows:
        found[row.rule_step] += row.group.permits
    return found


def plan_contacts(
    groups: Iterable[PreviewGroup], law: Law, preview: GoLivePreview
) -> Iterator[GroupInStep]:
    """Say who, past closing, is told to contact the office; count who must be called.

    A crowd past its end is neither.
    """
    for crowd in groups:
        found = find_late_group(
            law, crowd.series, crowd.authority, crowd.expires_on, preview.now
        )
        slot = found.contact_slot(preview.now) if found else None
        reached = crowd.textable if slot else 0
        preview.contact_permits += reached
        preview.call_permits += crowd.permits - reached if found else 0
        if slot:
            yield GroupInStep(crowd, slot)


def add_up_cost(
    rows: Iterable[GroupInStep], body: Callable[[GroupInStep], str]
) -> Cost:
    """Add up texts as `body` words them."""
    sized = [
        (row.group.textable, measure(body(row)).segments)
        for row in rows
        if row.group.textable
    ]
    return Cost(
        messages=sum(count for count, _ in sized),
        segments=sum(count * segments for count, segments in sized),
    )


def plan_texts_by_day(
    caught_up: Iterable[GroupInStep],
    ahead: Iterable[GroupInStep],
    days: Sequence[datetime],
    office: Authority,
) -> list[tuple[date, int, int]]:
    """Lay what is caught up with, and what falls due, on the next sending days."""

    def local(at: datetime) -> date:
        return at.astimezone(office.zone).date()

    due = Counter[date]()
    for row in ahead:
        due[local(row.slot.due_at)] += row.group.textable
    waiting = [(row.slot.until_at, row.group.textable) for row in caught_up]
    shares = [(local(at), count) for at, count in spread_catch_up(waiting, days)]
    return [(day, count, due[day]) for day, count in shares]


def choose_samples(rows: Iterable[GroupInStep]) -> list[GroupInStep]:
    """Choose whose texts to show: those of different templates first."""
    textable = [row for row in rows if row.group.sample_permit_id]
    first = dict[str, GroupInStep]()
    for row in textable:
        first.setdefault(row.slot.template, row)
    others = [row for row in textable if row is not first[row.slot.template]]
    return [*first.values(), *others][:SAMPLE_TEXTS]
