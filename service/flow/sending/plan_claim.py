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
from service.domain.law.rule import CONTACT_NOW, Rule, Version, corrects
from service.domain.lawbook.law import Law
from service.domain.messages.digest import (
    DIGEST,
    ITEM,
    Telling,
    bundles,
    digest_of,
    halves,
    items_of,
)
from service.domain.messages.facts import facts
from service.domain.messages.segments import measure
from service.domain.messages.validity import valid_for
from service.domain.reminders.eligibility import End, Hold, decide, next_sending
from service.domain.reminders.limits import MOST_SEGMENTS, Purse, Spent
from service.flow.ports import Words
from service.flow.rows import Draft, Due, Planned, Told


class _Desk:
    """The office that texts for an authority, as it stands when a claim is planned."""

    def __init__(self, office: Authority, law: Law, now: datetime) -> None:
        self.office = office
        self.working = law.calendar(office.calendar).surely
        self.today = now.astimezone(office.zone).date()
        self.opens_at = cache(partial(next_sending, now, office, self.working))


@dataclass(frozen=True, slots=True)
class Planning:
    """By which law and in which words a claim is planned, at which instant."""

    law: Law
    words: Words
    now: datetime
    _desks: dict[str, _Desk] = field(default_factory=dict, init=False, compare=False)

    def plan(self, dues: Sequence[Due], spent: Spent, most: int) -> Planned:
        """Decide on every reminder; of the SMS at most so many are taken.

        `dues` come in the order in which they close, and are taken in it.
        """
        ends, holds = list[tuple[int, End]](), list[tuple[int, Hold]]()
        tellings, told = list[Telling](), dict[int, Told]()
        last = dict[str, Told]()
        for at, due in enumerate(dues):
            before = last.get(due.permit)
            match self._judged(at, _after(due, before, self.now) if before else due):
                case End() | Hold() if before is not None:
                    pass  # it depends on what becomes of the text before it
                case End() as end:
                    ends.append((at, end))
                case Hold() as hold:
                    holds.append((at, hold))
                case telling, about:
                    tellings.append(telling)
                    last[due.permit] = told[at] = about
        drafts = [
            self._draft(bundle, dues, told)
            for one in bundles(tellings)
            for bundle in self._fitting(one)
        ]
        purse = Purse(spent, self.now)
        taken, capped, busy = self._paid(drafts, dues, purse, most)
        return Planned(ends, [*holds, *capped], taken, purse.waits, busy)

    def _judged(self, at: int, due: Due) -> End | Hold | tuple[Telling, Told]:
        law, desk = self.law, self._desk(due.authority)
        office, rule = desk.office, law.rule(due.rule)
        gap = rule.min_gap_days
        if verdict := decide(due.candidate, self.now, desk.opens_at, gap):
            return verdict
        version = self._version(due)
        expires_on = due.candidate.expires_on
        window = law.ladder(due.rule, version, due.authority, expires_on).window
        if end := self._untrue(due, version, window, desk.today):
            return end
        assert due.recipient is not None  # noqa: S101 - `decide` has asked for a line
        said = facts(
            rule, version, window, office, due.number, due.language or office.language
        )
        telling = Telling(
            at=at,
            office=office.code,
            recipient=due.recipient,
            holder=due.holder,
            alone=_alone(rule, due.step, version),
            facts=said,
        )
        told_on = None if window.provisional else window.closes_on
        return telling, Told(at, version.key, told_on)

    def _version(self, due: Due) -> Version:
        """What words it: a text sent again is worded by what holds now."""
        if due.candidate.again:
            return self.law.standing(due.standing)
        return self.law.version(due.version)

    def _untrue(
        self, due: Due, version: Version, window: Window, today: date
    ) -> End | None:
        """The end of a reminder whose text would not be true, or is of no use."""
        again = due.candidate.again
        ended = ReminderState.FAILED if again else None
        if (
            self.law.rule(due.rule).never is not None
            or version.reference.confidence == "unverified"
        ):
            return End(ended or ReminderState.SUPPRESSED, "rule unverified")
        if again and not _has(version, due.step):
            return End(ReminderState.FAILED, "rule changed")
        if window.closes_on < today and not _tells_of_lateness(version, due.step):
            return End(ended or ReminderState.MISSED, "window closed")
        if corrects(due.step) and not _told_too_late(due, window):
            return End(ended or ReminderState.SUPERSEDED, "told date holds again")
        return None

    def _fitting(self, bundle: list[Telling]) -> Iterator[list[Telling]]:
        """Cut a bundle until each part fits into one SMS."""
        if len(bundle) == 1 or measure(self._body(bundle)).segments <= MOST_SEGMENTS:
            yield bundle
            return
        for half in halves(bundle):
            yield from self._fitting(half)

    def _body(self, bundle: list[Telling]) -> str:
        today = self._desk(bundle[0].office).today
        items = [self.words.render_sms(ITEM, one) for one in items_of(bundle, today)]
        return self.words.render_sms(DIGEST, digest_of(bundle, items))

    def _draft(
        self, bundle: list[Telling], dues: Sequence[Due], told: dict[int, Told]
    ) -> Draft:
        mine = [dues[one.at] for one in bundle]
        office = self._desk(bundle[0].office).office
        language = bundle[0].facts.language
        if len(bundle) == 1:
            template = mine[0].template
            body = self.words.render_sms(template, bundle[0].facts)
        else:
            template, body = DIGEST, self._body(bundle)
        until_at = min(one.candidate.until_at for one in mine)
        return Draft(
            about=tuple(told[one.at] for one in bundle),
            office=office.code,
            template=template,
            template_version=self.words.version_of(template, language),
            language=language,
            body=body,
            segments=measure(body).segments,
            valid_for=valid_for(self.now, office, until_at),
            sent_from=office.sent_from,
        )

    def _paid(
        self,
        drafts: Sequence[Draft],
        dues: Sequence[Due],
        purse: Purse,
        most: int,
    ) -> tuple[list[Draft], list[tuple[int, Hold]], frozenset[str]]:
        """Take of the drafts what the limits allow, in their order.

        What is held by a cap, and the offices whose sender has no turn left.
        """
        taken, busy = list[Draft](), set[str]()
        holds = list[tuple[int, Hold]]()
        for draft in drafts:
            if len(taken) == most:
                break
            desk = self._desk(draft.office)
            recipient = dues[draft.about[0].at].recipient or ""
            match purse.spend(desk.office, desk.working, recipient, draft.segments):
                case Hold() as hold:
                    holds += [(one.at, hold) for one in draft.about]
                case None:
                    busy.add(draft.office)
                case delay:
                    taken.append(replace(draft, delay=delay) if delay else draft)
        return taken, holds, frozenset(busy)

    def _desk(self, authority: str) -> _Desk:
        if authority not in self._desks:
            office = self.law.sender_of(authority)
            self._desks[authority] = _Desk(office, self.law, self.now)
        return self._desks[authority]


def _after(due: Due, before: Told, now: datetime) -> Due:
    """The reminder, once another one of its permit goes out in the same claim."""
    told = before.told_on or due.candidate.last_told_on
    last = None if corrects(due.step) else now
    known = replace(due.candidate, last_sent_at=last, last_told_on=told)
    return replace(due, candidate=known)


def _tells_of_lateness(version: Version, step: str) -> bool:
    """Whether a step's text is not about a closing to come."""
    return step == CONTACT_NOW or any(
        one.after_closing and one.name == step for one in version.steps
    )


def _alone(rule: Rule, step: str, version: Version) -> bool:
    """Whether it has an SMS of its own: a digest only tells of closings to come."""
    return not rule.merges or corrects(step) or _tells_of_lateness(version, step)


def _has(version: Version, step: str) -> bool:
    return (
        corrects(step)
        or step == CONTACT_NOW
        or any(one.name == step for one in version.steps)
    )


def _told_too_late(due: Due, window: Window) -> bool:
    told_on = due.candidate.last_told_on
    return told_on is not None and told_on > window.closes_on
