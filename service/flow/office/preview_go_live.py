"""What going live would do, for the one who approves it: nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Protocol

from service.domain.calendars.calendar import DAY
from service.domain.go_live.go_live import find_hindrance, next_sending_days
from service.domain.go_live.preview import (
    SAMPLE_TEXTS,
    GoLivePreview,
    GroupInStep,
    PreviewGroup,
    add_up_cost,
    choose_samples,
    count_by_step,
    plan_contacts,
    plan_texts_by_day,
)
from service.domain.law.authority import Authority
from service.domain.lawbook.law import Law
from service.domain.messages.facts import gather_facts
from service.flow.office.go_live import GoLiveStore
from service.flow.ports import Clock, LawStore, TemplateLibrary

SAMPLE_HORIZON: Final = timedelta(days=120)
"""How far ahead texts to show are sought where the next days have too few."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The end of a real permit's number, and the masked phone its text would go to."""

    tail: str
    masked_phone: str


class GoLivePreviewStore(Protocol):
    """Counting whom a start would text."""

    async def permits_in_step(
        self,
        authority: str,
        rule_codes: Sequence[str],
        since: datetime,
        until: datetime,
    ) -> list[GroupInStep]:
        """Permits whose step is current at `since`, or falls due before `until`."""

    async def permits_past_steps(
        self, authority: str, rule_codes: Sequence[str], now: datetime
    ) -> list[PreviewGroup]:
        """Permits that had a step, have none now, and may not be past their end."""

    async def count_without_mobile(
        self, authority: str, rule_codes: Sequence[str], today: date
    ) -> int:
        """How many permits that run on have no phone that takes texts."""

    async def read_sample(self, permit_id: str) -> Sample:
        """What the text of a permit needs of it."""


@dataclass(frozen=True, slots=True)
class GoLivePreviewDeps:
    """What a look ahead needs of the outside."""

    law_store: LawStore
    go_live_store: GoLiveStore
    store: GoLivePreviewStore
    templates: TemplateLibrary
    clock: Clock


async def preview_go_live(
    authority: str,
    rule_codes: Sequence[str],
    catch_up_days: int,
    deps: GoLivePreviewDeps,
) -> GoLivePreview:
    """Say what going live with some types now would do; raises `UnknownError`.

    Types that cannot go live are named with the reason, and left out of the figures.
    """
    law, now = await deps.law_store.current_law(), deps.clock.now()
    words = await deps.templates.current(law.digest)
    told = GoLivePreview(law.sending_office(authority), now)
    chosen = await _startable_codes(authority, rule_codes, law, deps, told)
    working = law.calendar(told.office.calendar).certain_workdays
    days = next_sending_days(now, catch_up_days or 1, told.office, working)
    today, ends_at = (_midnight_after(at, told.office) for at in (now, days[-1]))
    rows = await deps.store.permits_in_step(authority, chosen, now, ends_at)
    caught = [row for row in rows if row.slot.due_at <= now]
    ahead = [row for row in rows if row.slot.due_at > now]
    due = [row for row in ahead if row.slot.due_at < today]
    told.current_by_step, told.due_today_by_step = (
        count_by_step(caught),
        count_by_step(due),
    )
    past = await deps.store.permits_past_steps(authority, chosen, now)
    caught += plan_contacts(past, law, told)
    caught.sort(key=lambda row: row.slot.until_at)

    def body(row: GroupInStep) -> str:
        return _body(row, row.group.sample_number_tail, law, words)

    told.catch_up_cost, told.due_today_cost = (
        add_up_cost(caught, body),
        add_up_cost(due, body),
    )
    told.texts_by_day = plan_texts_by_day(
        caught if catch_up_days else (), ahead, days, told.office
    )
    told.without_mobile = await deps.store.count_without_mobile(
        authority, chosen, now.date()
    )
    shown = choose_samples([*caught, *ahead])
    if len(shown) < SAMPLE_TEXTS:
        later = await deps.store.permits_in_step(
            authority, chosen, ends_at, ends_at + SAMPLE_HORIZON
        )
        following = [row for row in later if row.slot.due_at >= ends_at]
        shown = choose_samples([*caught, *ahead, *following])
    told.sample_texts = [await _text(row, law, words, deps) for row in shown]
    return told


async def _startable_codes(
    authority: str,
    rule_codes: Sequence[str],
    law: Law,
    deps: GoLivePreviewDeps,
    preview: GoLivePreview,
) -> list[str]:
    started = await deps.go_live_store.started_types(authority)
    chosen = list[str]()
    for code in rule_codes:
        live = code in started and started[code].state == "live"
        reason = find_hindrance(law.rule(code), law.lineage(authority))
        if live or reason:
            preview.refusals.append(f"{code}: {reason or 'live already'}")
        else:
            chosen.append(code)
    return chosen


async def _text(
    row: GroupInStep, law: Law, templates: TemplateLibrary, deps: GoLivePreviewDeps
) -> tuple[str, str]:
    sample = await deps.store.read_sample(row.group.sample_permit_id or "")
    return sample.masked_phone, _body(row, sample.tail, law, templates)


def _body(row: GroupInStep, tail: str, law: Law, templates: TemplateLibrary) -> str:
    crowd = row.group
    version, office = (
        law.current_version(crowd.series),
        law.sending_office(crowd.authority),
    )
    window = law.ladder(crowd.rule, version, crowd.authority, crowd.expires_on).window
    language = crowd.language or office.language
    rule = law.rule(crowd.rule)
    said = gather_facts(rule, version, window, office, tail, language)
    return templates.render_sms(row.slot.template, said)


def _midnight_after(at: datetime, office: Authority) -> datetime:
    return office.to_utc(at.astimezone(office.zone).date() + DAY, time(0))
