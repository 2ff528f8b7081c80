"""The plan of a claim: which due reminders end, wait, or go out in which texts.

Reads and writes nothing but templates: due reminders and counts come in, a plan goes
out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial

from service.domain.law.authority import Authority
from service.domain.law.rule import (
    Rule,
    Version,
    is_after_closing,
    is_correction,
)
from service.domain.lawbook.law import Law
from service.domain.messages.digest import MessagePart, bundle_parts, split_bundle
from service.domain.messages.facts import gather_facts
from service.domain.messages.segments import measure
from service.domain.reminders.eligibility import End, Hold, decide_sending, find_untruth
from service.domain.reminders.limits import (
    LimitBudget,
    Limits,
    Usage,
    apply_horizon,
)
from service.flow.ports import TemplateLibrary
from service.flow.sending.claim_rows import (
    ClaimPlan,
    Draft,
    DueReminder,
    WordedReminder,
)
from service.flow.sending.word_texts import TextWriter


class _SendingOffice:
    """The office that sends for an authority, at the instant of the claim."""

    def __init__(self, office: Authority, law: Law, now: datetime) -> None:
        self.office = office
        self.working_days = law.calendar(office.calendar).certain_workdays
        self.today = now.astimezone(office.zone).date()
        self.opens_at = cache(partial(office.next_sending_at, now, self.working_days))


@dataclass(frozen=True, slots=True)
class ClaimPlanner:
    """Plans claims by one state of the law and of the templates, at one instant.

    `asks_first`: its texts are not sent but asked about, so that no limit counts them.
    """

    law: Law
    templates: TemplateLibrary
    now: datetime
    asks_first: bool = False
    _offices: dict[str, _SendingOffice] = field(
        default_factory=dict, init=False, compare=False
    )
    _writer: TextWriter = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_writer", TextWriter(self.templates))

    def plan(
        self,
        due_reminders: Sequence[DueReminder],
        usage: Usage,
        limits: Limits,
        max_messages: int,
    ) -> ClaimPlan:
        """Decide on each reminder, put those to be sent into texts, apply the limits.

        The reminders come in the order in which their windows close. Where there are
        too many texts, the first `max_messages` are taken.
        """
        ends, holds = list[tuple[int, End]](), list[tuple[int, Hold]]()
        parts, worded = list[MessagePart](), dict[int, WordedReminder]()
        latest_of_permit = dict[str, WordedReminder]()
        for index, due in enumerate(due_reminders):
            earlier = latest_of_permit.get(due.permit_id)
            match self._decide(index, self._after(earlier, due)):
                case End() | Hold() if earlier is not None:
                    pass  # decided once the earlier text has an outcome
                case End() as end:
                    ends.append((index, end))
                case Hold() as hold:
                    holds.append((index, hold))
                case part, reminder:
                    parts.append(part)
                    latest_of_permit[due.permit_id] = worded[index] = reminder
        drafts = [
            self._make_draft(fitting, due_reminders, worded)
            for bundle in bundle_parts(parts)
            for fitting in split_bundle(bundle, self._writer.fits)
        ]
        if self.asks_first:
            return ClaimPlan(ends, holds, drafts[:max_messages], {}, frozenset())
        budget = LimitBudget(apply_horizon(usage, limits), self.now)
        taken, limited, busy = self._apply_limits(
            drafts, due_reminders, budget, max_messages
        )
        return ClaimPlan(ends, [*holds, *limited], taken, budget.sender_waits, busy)

    def _after(self, earlier: WordedReminder | None, due: DueReminder) -> DueReminder:
        """The reminder as it is after an earlier text of its permit in this plan."""
        if earlier is None:
            return due
        announced_on = earlier.announced_on or due.candidate.last_announced_on
        last_sent_at = None if is_correction(due.step) else self.now
        candidate = replace(
            due.candidate, last_sent_at=last_sent_at, last_announced_on=announced_on
        )
        return replace(due, candidate=candidate)

    def _decide(
        self, index: int, due: DueReminder
    ) -> End | Hold | tuple[MessagePart, WordedReminder]:
        sender, rule = self._sending_office(due.authority), self.law.rule(due.rule)
        verdict = decide_sending(
            due.candidate, self.now, sender.opens_at, rule.min_gap_days
        )
        if verdict:
            return verdict
        version = self._wording_version(due)
        expires_on = due.candidate.expires_on
        ladder = self.law.ladder(due.rule, version, due.authority, expires_on)
        window = ladder.window
        untruth = find_untruth(
            due.candidate,
            due.step,
            rule,
            version=version,
            later_steps=self.law.step_order(rule.code).later_than(
                due.step, version.key
            ),
            window=window,
            today=sender.today,
        )
        if untruth:
            return untruth
        assert due.recipient_id is not None  # noqa: S101 - `decide_sending` wants a phone
        language = due.language or sender.office.language
        facts = gather_facts(
            rule,
            version,
            window,
            sender.office,
            due.number_tail,
            language,
            today=sender.today,
            grace_ends_on=ladder.grace_ends.get(due.step),
        )
        part = MessagePart(
            index=index,
            template=due.template,
            office=sender.office.code,
            recipient=due.recipient_id,
            holder=due.holder_key,
            alone=_is_sent_alone(rule, version, due.step),
            facts=self._writer.without_unsaid_late(due.template, facts),
        )
        return part, WordedReminder(index, version.key, part.facts.closes_on)

    def _wording_version(self, due: DueReminder) -> Version:
        """The version that words a text; one sent again uses the version in force."""
        if due.candidate.accepted_before:
            return self.law.current_version(due.permit_series)
        return self.law.version(due.version)

    def _make_draft(
        self,
        bundle: list[MessagePart],
        due_reminders: Sequence[DueReminder],
        worded: dict[int, WordedReminder],
    ) -> Draft:
        bundled = [due_reminders[part.index] for part in bundle]
        office = self._sending_office(bundle[0].office).office
        language = bundle[0].facts.language
        template, body = self._writer.write(bundle)
        until_at = min(due.candidate.until_at for due in bundled)
        return Draft(
            reminders=tuple(worded[part.index] for part in bundle),
            office=office.code,
            template=template,
            template_version=self.templates.version_of(template, language),
            language=language,
            body=body,
            segments=measure(body).segments,
            valid_for=office.validity_seconds(self.now, until_at),
            sent_from=office.sent_from,
        )

    def _apply_limits(
        self,
        drafts: Sequence[Draft],
        due_reminders: Sequence[DueReminder],
        budget: LimitBudget,
        max_messages: int,
    ) -> tuple[list[Draft], list[tuple[int, Hold]], frozenset[str]]:
        """Take drafts in their order as long as the limits allow.

        Returns the drafts taken, the reminders that a limit holds, and the offices
        whose sender has no turn left in this claim.
        """
        taken, busy = list[Draft](), set[str]()
        holds = list[tuple[int, Hold]]()
        for draft in drafts:
            if len(taken) == max_messages:
                break
            sender = self._sending_office(draft.office)
            recipient = due_reminders[draft.reminders[0].index].recipient_id or ""
            match budget.take_text(
                sender.office, sender.working_days, recipient, draft.segments
            ):
                case Hold() as hold:
                    holds += [(worded.index, hold) for worded in draft.reminders]
                case None:
                    busy.add(draft.office)
                case delay:
                    taken.append(replace(draft, delay=delay) if delay else draft)
        return taken, holds, frozenset(busy)

    def _sending_office(self, authority: str) -> _SendingOffice:
        if authority not in self._offices:
            office = self.law.sending_office(authority)
            self._offices[authority] = _SendingOffice(office, self.law, self.now)
        return self._offices[authority]


def _is_sent_alone(rule: Rule, version: Version, step: str) -> bool:
    """Whether a text is never merged: a digest names only closing days to come."""
    return not rule.merges or is_correction(step) or is_after_closing(version, step)
