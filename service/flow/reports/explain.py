"""Why a permit is texted when it is: the law, the counting, the hours, the history."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Protocol

from service.domain.deadlines.ladder import LadderComputation
from service.domain.deadlines.slot import Slot
from service.domain.explain.dates import build_trace
from service.domain.explain.history import (
    ReminderHistory,
    build_history,
    describe_outcome,
)
from service.domain.explain.not_sent import PermitSituation, explain_unsent
from service.domain.explain.steps import explain_left_out
from service.domain.law.rule import Rule, Version
from service.domain.lawbook.law import Law
from service.domain.lawbook.version_choice import (
    ExplainRequest,
    Revision,
    choose_version,
)
from service.flow.permits.find import PermitView

ExplanationFields = Mapping[str, object]


class ExplainStore(Protocol):
    """Who installed a version, and what happened to a permit."""

    async def revisions(self, series: str) -> Sequence[Revision]:
        """Every version a series ever had, in the order they were installed."""

    async def reminder_histories(
        self, permit_id: str, now: datetime
    ) -> tuple[Sequence[ReminderHistory], PermitSituation]:
        """A permit's reminders as they fell due, and how it stands."""


async def explain_with_revisions(
    law: Law, asked: ExplainRequest, store: ExplainStore
) -> ExplanationFields:
    """Explain like `explain`, and say who installed the version when."""
    series = choose_version(law, asked).series
    return explain_dates(law, asked, await store.revisions(series))


async def explain_permit(
    law: Law,
    permit: PermitView,
    store: ExplainStore,
    now: datetime,
    version: str | None = None,
) -> ExplanationFields:
    """Explain a permit: its dates, what was sent when, and why nothing was.

    Under another `version` the dates are what they would be: what happened, happened,
    and no step of it has an outcome.
    """
    asked = ExplainRequest(
        rule=permit.rule,
        authority=permit.authority,
        expires_on=permit.expires_on,
        issued_on=permit.issued_on,
        registered_version=permit.version,
        version=version,
    )
    told, situation = await store.reminder_histories(permit.id, now)
    answer = dict(await explain_with_revisions(law, asked, store))
    if version is None:
        reckoned = _compute_ladder(law, asked, choose_version(law, asked))
        answer["steps"] = _step_outcomes(reckoned, told, situation)
    zone = law.sending_office(permit.authority).zone
    answer["history"] = [
        {
            "step": one.step,
            "expires_on": one.expires_on,
            "moves": [asdict(event) for event in build_history(one, zone)],
        }
        for one in told
    ]
    return answer


def explain_dates(
    law: Law, asked: ExplainRequest, revisions: Sequence[Revision] = ()
) -> ExplanationFields:
    """The public `explain` answer: dates, instants, and the reasoning line by line.

    Raises what `choose` raises, and `InvalidError` for a date outside the calendars.
    """
    rule, chosen = law.rule(asked.rule), choose_version(law, asked)
    reckoned = _compute_ladder(law, asked, chosen)
    answer = {
        "rule": rule.code,
        "version": chosen.key,
        "authority": asked.authority,
        "expires_on": asked.expires_on,
        **_date_fields(reckoned),
        "trace": list(build_trace(law, asked, reckoned, revisions)),
        "zone": reckoned.sender.zone.key,
        "reference": asdict(chosen.reference),
        "late_filing": chosen.late_filing,
    }
    if rule.never is not None:
        answer |= never_field(rule)
    if shadow := _shadow_version(law, asked):
        dates = _date_fields(_compute_ladder(law, asked, shadow))
        answer["shadow"] = {"version": shadow.key, **dates}
    return answer


def never_field(rule: Rule) -> ExplanationFields:
    """Why nobody is ever reminded of a permit type; nothing where somebody is."""
    return {"never": asdict(rule.never)} if rule.never else {}


def _compute_ladder(
    law: Law, asked: ExplainRequest, version: Version
) -> LadderComputation:
    return law.compute_ladder(asked.rule, version, asked.authority, asked.expires_on)


def _date_fields(computation: LadderComputation) -> dict[str, object]:
    return {
        "opens_on": computation.window.opens_on,
        "closes_on": computation.window.closes_on,
        "closes_on_lenient": computation.window.closes_on_lenient,
        "provisional": computation.window.provisional,
        "slots": [
            {"step": slot.step, "due_at": slot.due_at, "template": slot.template}
            for slot in computation.to_ladder().slots
        ],
    }


def _shadow_version(law: Law, asked: ExplainRequest) -> Version | None:
    """Find the version in the shadow that would stand in the one explained's place."""
    keys = [one.key for one in law.shadow_versions if one.rule == asked.rule]
    if not keys or asked.version is not None:
        return None
    found = law.with_shadow_versions(keys).version_for(
        asked.rule, asked.authority, asked.expires_on, asked.issued_on
    )
    return found if found.key in keys else None


def _step_outcomes(
    computation: LadderComputation,
    histories: Sequence[ReminderHistory],
    now: PermitSituation,
) -> list[dict[str, object]]:
    """What became of each step of the present expiry date, or why nothing did."""
    slots = {slot.step: slot for slot in computation.to_ladder().slots}
    mine = {
        one.step: one for one in histories if one.expires_on == computation.expires_on
    }
    return [
        _step_outcome(rung.step.name, computation, slots, mine.get(rung.step.name), now)
        for rung in computation.rungs
    ]


def _step_outcome(
    name: str,
    computation: LadderComputation,
    slots: Mapping[str, Slot],
    history: ReminderHistory | None,
    now: PermitSituation,
) -> dict[str, object]:
    slot, zone = slots.get(name), computation.sender.zone
    if history is not None:
        said = describe_outcome(history, now, zone)
    else:
        said = (
            explain_unsent(slot, now, zone)
            if slot
            else explain_left_out(name, computation)
        )
    return {"step": name, "due_at": slot.due_at if slot else None, "outcome": said}
