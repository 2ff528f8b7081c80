"""The public JSON answers that explain a permit's dates and what was sent."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

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
    find_version,
)
from service.flow.permits.find import PermitView

ExplanationFields = Mapping[str, object]


class ExplainStore(Protocol):
    """Reads the revisions of a series and the history of a permit."""

    async def revisions(self, series: str) -> Sequence[Revision]:
        """Every version of a series, in the order of their installation."""

    async def permit_history(
        self, permit_id: str, now: datetime
    ) -> tuple[Sequence[ReminderHistory], PermitSituation]:
        """A permit's reminders in the order of their due_at, and its situation."""


async def explain_with_revisions(
    law: Law, request: ExplainRequest, store: ExplainStore
) -> ExplanationFields:
    """Explain like `explain_dates`, and say who installed the version when."""
    series = choose_version(law, request).series
    return explain_dates(law, request, await store.revisions(series))


async def explain_permit(
    law: Law,
    permit: PermitView,
    store: ExplainStore,
    now: datetime,
    version: str | None = None,
) -> ExplanationFields:
    """Explain a registered permit: its dates, what was sent, and why nothing was.

    With another `version` the dates are those that it would give. The history stays
    what happened, and the steps have no outcomes. Raises `InvalidError` for a permit
    without an expiry date.
    """
    request = ExplainRequest(
        rule=permit.rule,
        authority=permit.authority,
        expires_on=permit.expiry(),
        issued_on=permit.issued_on,
        registered_version=permit.version,
        version=version,
    )
    reminders, situation = await store.permit_history(permit.id, now)
    answer = dict(await explain_with_revisions(law, request, store))
    if version is None:
        computation = _compute_ladder(law, request, choose_version(law, request))
        answer["steps"] = _step_outcomes(computation, reminders, situation)
    zone = law.sending_office(permit.authority).zone
    return {**answer, "history": _history_fields(reminders, zone)}


async def explain_permit_without_expiry(
    law: Law,
    permit: PermitView,
    store: ExplainStore,
    now: datetime,
    version: str | None = None,
) -> ExplanationFields:
    """Explain a permit that nothing reminds of: no dates, but all that was sent.

    A `version` gives it no dates either. Raises `UnknownError` for an unknown one, and
    `InvalidError` for one of another rule.
    """
    if version is not None:
        find_version(law, law.rule(permit.rule), version)
    reminders, _ = await store.permit_history(permit.id, now)
    zone = law.sending_office(permit.authority).zone
    return {
        "rule": permit.rule,
        "authority": permit.authority,
        "expires_on": None,
        "trace": ["never reminds: nothing reminds of a permit without an expiry date"],
        "zone": zone.key,
        "history": _history_fields(reminders, zone),
    }


def _history_fields(
    reminders: Sequence[ReminderHistory], zone: ZoneInfo
) -> list[ExplanationFields]:
    return [
        {
            "step": reminder.step,
            "expires_on": reminder.expires_on,
            "moves": [asdict(entry) for entry in build_history(reminder, zone)],
        }
        for reminder in reminders
    ]


def explain_dates(
    law: Law, request: ExplainRequest, revisions: Sequence[Revision] = ()
) -> ExplanationFields:
    """The public `explain` answer: dates, instants, and the explanation line by line.

    Raises what `choose_version` raises, and `InvalidError` for a date outside the
    calendars.
    """
    rule, version = law.rule(request.rule), choose_version(law, request)
    computation = _compute_ladder(law, request, version)
    answer = {
        "rule": rule.code,
        "version": version.key,
        "authority": request.authority,
        "expires_on": request.expires_on,
        **_date_fields(computation),
        "trace": list(build_trace(law, request, computation, revisions)),
        "zone": computation.sender.zone.key,
        "reference": asdict(version.reference),
        "late_filing": version.late_filing,
        **never_field(rule),
    }
    if shadow := _shadow_version(law, request):
        dates = _date_fields(_compute_ladder(law, request, shadow))
        answer["shadow"] = {"version": shadow.key, **dates}
    return answer


def never_field(rule: Rule) -> ExplanationFields:
    """The field "never" of a type that never reminds; empty for all others."""
    return {"never": asdict(rule.never)} if rule.never else {}


def _compute_ladder(
    law: Law, request: ExplainRequest, version: Version
) -> LadderComputation:
    return law.compute_ladder(
        request.rule, version, request.authority, request.expires_on
    )


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


def _shadow_version(law: Law, request: ExplainRequest) -> Version | None:
    """The shadow version that would govern these dates if it were in force."""
    keys = [one.key for one in law.shadow_versions if one.rule == request.rule]
    if not keys or request.version is not None:
        return None
    found = law.with_shadow_versions(keys).version_for(
        request.rule, request.authority, request.expires_on, request.issued_on
    )
    return found if found.key in keys else None


def _step_outcomes(
    computation: LadderComputation,
    reminders: Sequence[ReminderHistory],
    situation: PermitSituation,
) -> list[dict[str, object]]:
    """What happened in each step of the present expiry date, or why nothing did."""
    slots = {slot.step: slot for slot in computation.to_ladder().slots}
    by_step = {
        reminder.step: reminder
        for reminder in reminders
        if reminder.expires_on == computation.expires_on
    }
    names = [rung.step.name for rung in computation.rungs]
    return [
        _step_outcome(name, computation, slots, by_step.get(name), situation)
        for name in names
    ]


def _step_outcome(
    name: str,
    computation: LadderComputation,
    slots: Mapping[str, Slot],
    reminder: ReminderHistory | None,
    situation: PermitSituation,
) -> dict[str, object]:
    slot, zone = slots.get(name), computation.sender.zone
    if reminder is not None:
        outcome = describe_outcome(reminder, situation, zone)
    elif slot is not None:
        outcome = explain_unsent(slot, situation, zone)
    else:
        outcome = explain_left_out(name, computation)
    return {"step": name, "due_at": slot.due_at if slot else None, "outcome": outcome}
