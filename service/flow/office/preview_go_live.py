"""What going live would do, for the one who approves it: nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Protocol

from service.domain.calendars.calendar import DAY
from service.domain.go_live.go_live import hindrance, sending_days
from service.domain.go_live.preview import (
    TEXTS,
    Crowd,
    Foretold,
    Waiting,
    by_day,
    by_step,
    contacted,
    cost,
    samples,
)
from service.domain.law.authority import Authority
from service.domain.lawbook.law import Law
from service.domain.messages.facts import facts
from service.flow.ports import Clock, GoLiveStore, LawStore, Words

AHEAD: Final = timedelta(days=120)
"""How far ahead texts to show are sought where the next days have too few."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The end of a real permit's number, and the masked phone its text would go to."""

    tail: str
    phone: str


class ForetellStore(Protocol):
    """Counting whom a start would text."""

    async def in_step(
        self, authority: str, codes: Sequence[str], since: datetime, until: datetime
    ) -> list[Waiting]:
        """Permits whose step is current at `since`, or falls due before `until`."""

    async def past_steps(
        self, authority: str, codes: Sequence[str], now: datetime
    ) -> list[Crowd]:
        """Permits that had a step, have none now, and may not be past their end."""

    async def without_mobile(
        self, authority: str, codes: Sequence[str], today: date
    ) -> int:
        """How many permits that run on have no phone that takes texts."""

    async def sample(self, permit: str) -> Sample:
        """What the text of a permit needs of it."""


@dataclass(frozen=True, slots=True)
class Foretelling:
    """What a look ahead needs of the outside."""

    laws: LawStore
    starts: GoLiveStore
    store: ForetellStore
    words: Words
    clock: Clock


async def foretell(
    authority: str, codes: Sequence[str], catch_up_days: int, to: Foretelling
) -> Foretold:
    """Say what going live with some types now would do; raises `UnknownError`.

    Types that cannot go live are named with the reason, and left out of the figures.
    """
    law, now = await to.laws.law(), to.clock.now()
    words = await to.words.current(law.digest)
    told = Foretold(law.sender_of(authority), now)
    chosen = await _may_start(authority, codes, law, to, told)
    working = law.calendar(told.office.calendar).surely
    days = sending_days(now, catch_up_days or 1, told.office, working)
    today, ends_at = (_midnight_after(at, told.office) for at in (now, days[-1]))
    rows = await to.store.in_step(authority, chosen, now, ends_at)
    caught = [row for row in rows if row.slot.due_at <= now]
    ahead = [row for row in rows if row.slot.due_at > now]
    due = [row for row in ahead if row.slot.due_at < today]
    told.current, told.today = by_step(caught), by_step(due)
    past = await to.store.past_steps(authority, chosen, now)
    caught += contacted(past, law, told)
    caught.sort(key=lambda row: row.slot.until_at)

    def body(row: Waiting) -> str:
        return _body(row, row.crowd.tail, law, words)

    told.caught_up, told.due_today = cost(caught, body), cost(due, body)
    told.days = by_day(caught if catch_up_days else (), ahead, days, told.office)
    told.without_mobile = await to.store.without_mobile(authority, chosen, now.date())
    shown = samples([*caught, *ahead])
    if len(shown) < TEXTS:
        later = await to.store.in_step(authority, chosen, ends_at, ends_at + AHEAD)
        following = [row for row in later if row.slot.due_at >= ends_at]
        shown = samples([*caught, *ahead, *following])
    told.texts = [await _text(row, law, words, to) for row in shown]
    return told


async def _may_start(
    authority: str, codes: Sequence[str], law: Law, to: Foretelling, told: Foretold
) -> list[str]:
    started = await to.starts.started(authority)
    chosen = list[str]()
    for code in codes:
        live = code in started and started[code].state == "live"
        reason = hindrance(law.rule(code), law.line(authority))
        if live or reason:
            told.refused.append(f"{code}: {reason or 'live already'}")
        else:
            chosen.append(code)
    return chosen


async def _text(
    row: Waiting, law: Law, words: Words, to: Foretelling
) -> tuple[str, str]:
    sample = await to.store.sample(row.crowd.sample or "")
    return sample.phone, _body(row, sample.tail, law, words)


def _body(row: Waiting, tail: str, law: Law, words: Words) -> str:
    crowd = row.crowd
    version, office = law.standing(crowd.series), law.sender_of(crowd.authority)
    window = law.ladder(crowd.rule, version, crowd.authority, crowd.expires_on).window
    language = crowd.language or office.language
    rule = law.rule(crowd.rule)
    said = facts(rule, version, window, office, tail, language)
    return words.render_sms(row.slot.template, said)


def _midnight_after(at: datetime, office: Authority) -> datetime:
    return office.instant(at.astimezone(office.zone).date() + DAY, time(0))
