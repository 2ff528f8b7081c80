"""Why a permit is texted when it is: the law, the counting, the hours, the history."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Protocol

from service.domain.deadlines.ladder import Reckoning
from service.domain.deadlines.slot import Slot
from service.domain.explain.dates import trace
from service.domain.explain.history import Told, outcome, story
from service.domain.explain.not_sent import Situation, silence
from service.domain.explain.steps import left_out
from service.domain.law.rule import Rule, Version
from service.domain.lawbook.law import Law
from service.domain.lawbook.version_choice import Asked, Revision, choose
from service.flow.rows import ShownPermit

Answer = Mapping[str, object]


class ExplainStore(Protocol):
    """Who installed a version, and what happened to a permit."""

    async def revisions(self, series: str) -> Sequence[Revision]:
        """Every version a series ever had, in the order they were installed."""

    async def history(
        self, permit_id: str, now: datetime
    ) -> tuple[Sequence[Told], Situation]:
        """A permit's reminders as they fell due, and how it stands."""


async def explain_installed(law: Law, asked: Asked, store: ExplainStore) -> Answer:
    """Explain like `explain`, and say who installed the version when."""
    series = choose(law, asked).series
    return explain(law, asked, await store.revisions(series))


async def explain_permit(
    law: Law,
    permit: ShownPermit,
    store: ExplainStore,
    now: datetime,
    version: str | None = None,
) -> Answer:
    """Explain a permit: its dates, what was sent when, and why nothing was.

    Under another `version` the dates are what they would be: what happened, happened,
    and no step of it has an outcome.
    """
    asked = Asked(
        rule=permit.rule,
        authority=permit.authority,
        expires_on=permit.expires_on,
        issued_on=permit.issued_on,
        falls_under=permit.version,
        version=version,
    )
    told, situation = await store.history(permit.id, now)
    answer = dict(await explain_installed(law, asked, store))
    if version is None:
        reckoned = _reckon(law, asked, choose(law, asked))
        answer["steps"] = _steps(reckoned, told, situation)
    zone = law.sender_of(permit.authority).zone
    answer["history"] = [
        {
            "step": one.step,
            "expires_on": one.expires_on,
            "moves": [asdict(event) for event in story(one, zone)],
        }
        for one in told
    ]
    return answer


def explain(law: Law, asked: Asked, revisions: Sequence[Revision] = ()) -> Answer:
    """The public `explain` answer: dates, instants, and the reasoning line by line.

    Raises what `choose` raises, and `InvalidError` for a date outside the calendars.
    """
    rule, chosen = law.rule(asked.rule), choose(law, asked)
    reckoned = _reckon(law, asked, chosen)
    answer = {
        "rule": rule.code,
        "version": chosen.key,
        "authority": asked.authority,
        "expires_on": asked.expires_on,
        **_dates(reckoned),
        "trace": list(trace(law, asked, reckoned, revisions)),
        "zone": reckoned.office.zone.key,
        "reference": asdict(chosen.reference),
        "late_filing": chosen.late_filing,
    }
    if rule.never is not None:
        answer |= never(rule)
    if shadow := _shadow(law, asked):
        dates = _dates(_reckon(law, asked, shadow))
        answer["shadow"] = {"version": shadow.key, **dates}
    return answer


def never(rule: Rule) -> Answer:
    """Why nobody is ever reminded of a permit type; nothing where somebody is."""
    return {"never": asdict(rule.never)} if rule.never else {}


def _reckon(law: Law, asked: Asked, version: Version) -> Reckoning:
    return law.reckon(asked.rule, version, asked.authority, asked.expires_on)


def _dates(it: Reckoning) -> dict[str, object]:
    return {
        "opens_on": it.window.opens_on,
        "closes_on": it.window.closes_on,
        "closes_on_lenient": it.window.closes_on_lenient,
        "provisional": it.window.provisional,
        "slots": [
            {"step": slot.step, "due_at": slot.due_at, "template": slot.template}
            for slot in it.ladder().slots
        ],
    }


def _shadow(law: Law, asked: Asked) -> Version | None:
    """Find the version in the shadow that would stand in the one explained's place."""
    keys = [one.key for one in law.shadows if one.rule == asked.rule]
    if not keys or asked.version is not None:
        return None
    found = law.as_if(keys).version_for(
        asked.rule, asked.authority, asked.expires_on, asked.issued_on
    )
    return found if found.key in keys else None


def _steps(
    it: Reckoning, told: Sequence[Told], now: Situation
) -> list[dict[str, object]]:
    """What became of each step of the present expiry date, or why nothing did."""
    slots = {slot.step: slot for slot in it.ladder().slots}
    mine = {one.step: one for one in told if one.expires_on == it.expires_on}
    return [
        _step(rung.step.name, it, slots, mine.get(rung.step.name), now)
        for rung in it.rungs
    ]


def _step(
    name: str,
    it: Reckoning,
    slots: Mapping[str, Slot],
    told: Told | None,
    now: Situation,
) -> dict[str, object]:
    slot, zone = slots.get(name), it.office.zone
    if told is not None:
        said = outcome(told, now, zone)
    else:
        said = silence(slot, now, zone) if slot else left_out(name, it)
    return {"step": name, "due_at": slot.due_at if slot else None, "outcome": said}
