"""What going live would do: who would be texted in which step, on which day."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from service.domain.deadlines.slot import Slot
from service.domain.go_live.go_live import find_late_group, spread_catch_up
from service.domain.law.authority import Authority
from service.domain.law.rule import Language
from service.domain.lawbook.law import Law
from service.domain.messages.segments import measure

SAMPLE_TEXTS: Final = 3
"""Texts of real permits that a preview shows."""

RuleStep = tuple[str, str]
"""(rule, step)."""


@dataclass(frozen=True, slots=True)
class PreviewGroup:
    """Permits that the law dates alike, in one language: active, no renewal filed.

    `textable` counts those whose phone takes texts and has not opted out.
    `sample_permit_id` names one of them, `sample_number_tail` is the end of a number.
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
    """A group in a step that is current or still to come."""

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


@dataclass(frozen=True, slots=True)
class ContactPlan:
    """What happens to permits past their closing and not past their end.

    `rows` are the groups that a catch-up tells to contact the office. `texted` counts
    their permits with a phone for that; `to_call` counts all others, to be called.
    """

    rows: list[GroupInStep]
    texted: int
    to_call: int


@dataclass(frozen=True, slots=True)
class GoLivePreview:
    """Whom a start at `now` would text, and what prevents it.

    `refusals` says why a type cannot go live. `current_by_step` counts permits whose
    step began before now, `due_today_by_step` those whose step falls due later today.
    `texts_by_day` has, for each of the next sending days, the texts that a catch-up
    puts there and those that fall due. Of the permits past closing, `contact_permits`
    would get a text to contact the office and `call_permits` must be called.
    `sample_texts` are real texts, each with the masked phone that would get it.
    """

    office: Authority
    now: datetime
    refusals: Sequence[str]
    current_by_step: Counter[RuleStep]
    due_today_by_step: Counter[RuleStep]
    catch_up_cost: Cost
    due_today_cost: Cost
    texts_by_day: Sequence[tuple[date, int, int]]
    contact_permits: int
    call_permits: int
    without_mobile: int
    sample_texts: Sequence[tuple[str, str]]


def count_by_step(rows: Iterable[GroupInStep]) -> Counter[RuleStep]:
    """Count permits by rule and step."""
    found = Counter[RuleStep]()
    for row in rows:
        found[row.rule_step] += row.group.permits
    return found


def plan_contacts(
    groups: Iterable[PreviewGroup], law: Law, now: datetime
) -> ContactPlan:
    """Divide permits past closing into those to text and those to call.

    Groups past their end are in neither.
    """
    rows, texted, to_call = list[GroupInStep](), 0, 0
    for group in groups:
        late = find_late_group(
            law, group.series, group.authority, group.expires_on, now
        )
        if late is None:
            continue
        slot = late.contact_slot(now)
        reached = group.textable if slot else 0
        texted += reached
        to_call += group.permits - reached
        if slot:
            rows.append(GroupInStep(group, slot))
    return ContactPlan(rows, texted, to_call)


def add_up_cost(
    rows: Iterable[GroupInStep], body: Callable[[GroupInStep], str]
) -> Cost:
    """Add up the texts of all textable permits; `body` words the text of a row."""
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
    """Count, for each sending day, the texts of the catch-up and those falling due.

    `days` are the instants at which the office starts texting on its next days.
    """

    def local(at: datetime) -> date:
        return at.astimezone(office.zone).date()

    due = Counter[date]()
    for row in ahead:
        due[local(row.slot.due_at)] += row.group.textable
    waiting = [(row.slot.until_at, row.group.textable) for row in caught_up]
    shares = [(local(at), count) for at, count in spread_catch_up(waiting, days)]
    return [(day, count, due[day]) for day, count in shares]


def choose_samples(rows: Iterable[GroupInStep]) -> list[GroupInStep]:
    """Choose the rows whose texts are shown: those of different templates first."""
    textable = [row for row in rows if row.group.sample_permit_id]
    first = dict[str, GroupInStep]()
    for row in textable:
        first.setdefault(row.slot.template, row)
    others = [row for row in textable if row is not first[row.slot.template]]
    return [*first.values(), *others][:SAMPLE_TEXTS]
