"""What becomes of the reminders of a claim: ended, held, or told, by how many SMS.

Nothing is read or written here: what is due and what was counted come in, a plan goes
out. Only the words are looked up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache, partial

from service.domain.deadlines.window import Window
from service.domain.delivery.status import ReminderState
from service.domain.law.authority import Authority
from service.domain.law.rule import CONTACT_NOW, Rule, Version, is_correction
from service.domain.lawbook.law import Law
from service.domain.messages.digest import (
    DIGEST,
    DIGEST_ITEM,
    MessagePart,
    bundle_parts,
    digest_facts,
    digest_items,
    split_bundle,
)
from service.domain.messages.facts import gather_facts
from service.domain.messages.segments import measure
from service.domain.messages.validity import valid_for
from service.domain.reminders.eligibility import (
    End,
    Hold,
    decide_sending,
)
from service.domain.reminders.limits import (
    MAX_SEGMENTS,
    LimitBudget,
    Limits,
    Usage,
    apply_horizon,
)
from service.domain.reminders.reasons import (
    NO_CORRECTION_NEEDED,
    RULE_CHANGED,
    RULE_UNVERIFIED,
    WINDOW_CLOSED,
)
from service.flow.ports import TemplateLibrary
from service.flow.sending.claim_rows import (
    ClaimPlan,
    Draft,
    DueReminder,
    WordedReminder,
)


class _SendingOffice:
    """The office that texts for an authority, as it stands when a claim is planned."""

    def __init__(self, office: Authority, law: Law, now: datetime) -> None:
        self.office = office
        self.working_days = law.calendar(office.calendar).certain_workdays
        self.today = now.astimezone(office.zone).date()
        self.opens_at = cache(partial(office.next_sending_at, now, self.working_days))


@dataclass(frozen=True, slots=True)
class ClaimPlanner:
    """By which law and in which words a claim is planned, at which instant."""

    law: Law
    templates: TemplateLibrary
    now: datetime
    _offices: dict[str, _SendingOffice] = field(
        default_factory=dict, init=False, compare=False
    )

    def plan(
        self,
        due_reminders: Sequence[DueReminder],
        usage: Usage,
        limits: Limits,
        max_messages: int,
    ) -> ClaimPlan:
        """Decide on every reminder; of the SMS at most so many are taken.

        `dues` come in the order in which they close, and are taken in it.
        """
        ends, holds = list[tuple[int, End]](), list[tuple[int, Hold]]()
        tellings, told = list[MessagePart](), dict[int, WordedReminder]()
        last = dict[str, WordedReminder]()
        for at, due in enumerate(due_reminders):
            before = last.get(due.permit_id)
            match self._decide_or_word(
                at, _after_earlier_text(due, before, self.now) if before else due
            ):
                case End() | Hold() if before is not None:
                    pass  # it depends on what becomes of the text before it
                case End() as end:
                    ends.append((at, end))
                case Hold() as hold:
                    holds.append((at, hold))
                case telling, about:
                    tellings.append(telling)
                    last[due.permit_id] = told[at] = about
        drafts = [
            self._make_draft(bundle, due_reminders, told)
            for one in bundle_parts(tellings)
            for bundle in self._split_to_fit(one)
        ]
        purse = LimitBudget(apply_horizon(usage, limits), self.now)
        taken, capped, busy = self._apply_limits(
            drafts, due_reminders, purse, max_messages
        )
        return ClaimPlan(ends, [*holds, *capped], taken, purse.sender_waits, busy)

    def _decide_or_word(
        self, index: int, due: DueReminder
    ) -> End | Hold | tuple[MessagePart, WordedReminder]:
        law, services = self.law, self._sending_office(due.authority)
        office, rule = services.office, law.rule(due.rule)
        gap = rule.min_gap_days
        if verdict := decide_sending(due.candidate, self.now, services.opens_at, gap):
            return verdict
        version = self._wording_version(due)
        expires_on = due.candidate.expires_on
        window = law.ladder(due.rule, version, due.authority, expires_on).window
        if end := self._end_if_untrue(due, version, window, services.today):
            return end
        assert due.recipient_id is not None  # noqa: S101 - `decide` has asked for a line
        said = gather_facts(
            rule,
            version,
            window,
            office,
            due.number_tail,
            due.language or office.language,
        )
        telling = MessagePart(
            index=index,
            office=office.code,
            recipient=due.recipient_id,
            holder=due.holder_key,
            alone=_is_sent_alone(rule, due.step, version),
            facts=said,
        )
        told_on = None if window.provisional else window.closes_on
        return telling, WordedReminder(index, version.key, told_on)

    def _wording_version(self, due: DueReminder) -> Version:
        """What words it: a text sent again is worded by what holds now."""
        if due.candidate.accepted_before:
            return self.law.current_version(due.permit_series)
        return self.law.version(due.version)

    def _end_if_untrue(
        self, due: DueReminder, version: Version, window: Window, today: date
    ) -> End | None:
        """The end of a reminder whose text would not be true, or is of no use."""
        again = due.candidate.accepted_before
        ended = ReminderState.FAILED if again else None
        if (
            self.law.rule(due.rule).never is not None
            or version.reference.confidence == "unverified"
        ):
            return End(ended or ReminderState.SUPPRESSED, RULE_UNVERIFIED)
        if again and not _has_step(version, due.step):
            return End(ReminderState.FAILED, RULE_CHANGED)
        if window.closes_on < today and not _is_after_closing(version, due.step):
            return End(ended or ReminderState.MISSED, WINDOW_CLOSED)
        if is_correction(due.step) and not _was_announced_late(due, window):
            return End(ended or ReminderState.SUPERSEDED, NO_CORRECTION_NEEDED)
        return None

    def _split_to_fit(self, bundle: list[MessagePart]) -> Iterator[list[MessagePart]]:
        """Cut a bundle until each part fits into one SMS."""
        if (
            len(bundle) == 1
            or measure(self._digest_body(bundle)).segments <= MAX_SEGMENTS
        ):
            yield bundle
            return
        for half in split_bundle(bundle):
            yield from self._split_to_fit(half)

    def _digest_body(self, bundle: list[MessagePart]) -> str:
        today = self._sending_office(bundle[0].office).today
        items = [
            self.templates.render_sms(DIGEST_ITEM, one)
            for one in digest_items(bundle, today)
        ]
        return self.templates.render_sms(DIGEST, digest_facts(bundle, items))

    def _make_draft(
        self,
        bundle: list[MessagePart],
        due_reminders: Sequence[DueReminder],
        worded: dict[int, WordedReminder],
    ) -> Draft:
        mine = [due_reminders[one.index] for one in bundle]
        office = self._sending_office(bundle[0].office).office
        language = bundle[0].facts.language
        if len(bundle) == 1:
            template = mine[0].template
            body = self.templates.render_sms(template, bundle[0].facts)
        else:
            template, body = DIGEST, self._digest_body(bundle)
        until_at = min(one.candidate.until_at for one in mine)
        return Draft(
            reminders=tuple(worded[one.index] for one in bundle),
            office=office.code,
            template=template,
            template_version=self.templates.version_of(template, language),
            language=language,
            body=body,
            segments=measure(body).segments,
            valid_for=valid_for(self.now, office, until_at),
            sent_from=office.sent_from,
        )

    def _apply_limits(
        self,
        drafts: Sequence[Draft],
        due_reminders: Sequence[DueReminder],
        budget: LimitBudget,
        max_messages: int,
    ) -> tuple[list[Draft], list[tuple[int, Hold]], frozenset[str]]:
        """Take of the drafts what the limits allow, in their order.

        What is held by a cap, and the offices whose sender has no turn left.
        """
        taken, busy = list[Draft](), set[str]()
        holds = list[tuple[int, Hold]]()
        for draft in drafts:
            if len(taken) == max_messages:
                break
            services = self._sending_office(draft.office)
            recipient = due_reminders[draft.reminders[0].index].recipient_id or ""
            match budget.take_text(
                services.office, services.working_days, recipient, draft.segments
            ):
                case Hold() as hold:
                    holds += [(one.index, hold) for one in draft.reminders]
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


def _after_earlier_text(
    due: DueReminder, before: WordedReminder, now: datetime
) -> DueReminder:
    """The reminder, once another one of its permit goes out in the same claim."""
    told = before.announced_on or due.candidate.last_announced_on
    last = None if is_correction(due.step) else now
    known = replace(due.candidate, last_sent_at=last, last_announced_on=told)
    return replace(due, candidate=known)


def _is_after_closing(version: Version, step: str) -> bool:
    """Whether a step's text is not about a closing to come."""
    return step == CONTACT_NOW or any(
        one.after_closing and one.name == step for one in version.steps
    )


def _is_sent_alone(rule: Rule, step: str, version: Version) -> bool:
    """Whether it has an SMS of its own: a digest only tells of closings to come."""
    return not rule.merges or is_correction(step) or _is_after_closing(version, step)


def _has_step(version: Version, step: str) -> bool:
    return (
        is_correction(step)
        or step == CONTACT_NOW
        or any(one.name == step for one in version.steps)
    )


def _was_announced_late(due: DueReminder, window: Window) -> bool:
    told_on = due.candidate.last_announced_on
    return told_on is not None and told_on > window.closes_on
