"""Preview what going live would do, for the person who approves it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final, Protocol

from service.domain.calendars.calendar import DAY
from service.domain.go_live.go_live import (
    check_start,
    find_hindrance,
    next_sending_days,
)
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
from service.domain.messages.facts import gather_facts, render_briefly
from service.flow.office.go_live import GoLiveStore
from service.flow.ports import Clock, LawStore, TemplateLibrary

SAMPLE_HORIZON: Final = timedelta(days=120)
"""How far ahead sample texts are sought, where the next days have too few."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A real permit: the end of its number, and its masked phone."""

    tail: str
    masked_phone: str


class GoLivePreviewStore(Protocol):
    """Counts the permits that a start would text."""

    async def permits_in_step(
        self,
        authority: str,
        rule_codes: Sequence[str],
        since: datetime,
        until: datetime,
    ) -> list[GroupInStep]:
        """Groups whose step is current at `since`, or falls due before `until`."""

    async def permits_past_steps(
        self, authority: str, rule_codes: Sequence[str], now: datetime
    ) -> list[PreviewGroup]:
        """Groups whose steps are over and whose permits may still run."""

    async def count_without_mobile(
        self, authority: str, rule_codes: Sequence[str], today: date
    ) -> int:
        """Count permits not yet expired that have no phone that takes texts."""

    async def read_sample(self, permit_id: str) -> Sample:
        """Read what the sample text of a permit needs."""


@dataclass(frozen=True, slots=True)
class GoLivePreviewDeps:
    """The ports that a preview needs."""

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
    *,
    live_from: datetime | None = None,
) -> GoLivePreview:
    """Compute what going live with some types would do; writes nothing.

    The start is now, unless `live_from` is given. Types that cannot go live are named
    with the reason, and left out of the figures. Raises `UnknownError`, and
    `InvalidError` for a start that is not possible.
    """
    law, now = await deps.law_store.current_law(), deps.clock.now()
    if live_from is not None:
        check_start(live_from, now, law.sending_office(authority))
        now = live_from
    writer = _TextWriter(law, await deps.templates.current(law.digest), now)
    office = law.sending_office(authority)
    refusals = await _find_refusals(authority, rule_codes, law, deps)
    codes = [code for code in rule_codes if code not in refusals]
    working_days = law.calendar(office.calendar).certain_workdays
    days = next_sending_days(now, catch_up_days or 1, office, working_days)
    tomorrow, ends_at = (_midnight_after(at, office) for at in (now, days[-1]))
    rows = await deps.store.permits_in_step(authority, codes, now, ends_at)
    current = [row for row in rows if row.slot.due_at <= now]
    ahead = [row for row in rows if row.slot.due_at > now]
    due_today = [row for row in ahead if row.slot.due_at < tomorrow]
    past = await deps.store.permits_past_steps(authority, codes, now)
    contacts = plan_contacts(past, law, now)
    caught_up = sorted([*current, *contacts.rows], key=lambda row: row.slot.until_at)
    without_mobile = await deps.store.count_without_mobile(authority, codes, now.date())
    shown = choose_samples([*caught_up, *ahead])
    if len(shown) < SAMPLE_TEXTS:
        later = await deps.store.permits_in_step(
            authority, codes, ends_at, ends_at + SAMPLE_HORIZON
        )
        following = [row for row in later if row.slot.due_at >= ends_at]
        shown = choose_samples([*caught_up, *ahead, *following])
    return GoLivePreview(
        office=office,
        now=now,
        refusals=list(refusals.values()),
        current_by_step=count_by_step(current),
        due_today_by_step=count_by_step(due_today),
        catch_up_cost=add_up_cost(caught_up, writer.typical_text),
        due_today_cost=add_up_cost(due_today, writer.typical_text),
        texts_by_day=plan_texts_by_day(
            caught_up if catch_up_days else (), ahead, days, office
        ),
        contact_permits=contacts.texted,
        call_permits=contacts.to_call,
        without_mobile=without_mobile,
        sample_texts=[await _sample_text(row, writer, deps) for row in shown],
    )


async def _find_refusals(
    authority: str, rule_codes: Sequence[str], law: Law, deps: GoLivePreviewDeps
) -> dict[str, str]:
    """The reason of each type that cannot go live, by its code."""
    started = await deps.go_live_store.started_types(authority)
    found = dict[str, str]()
    for code in rule_codes:
        is_live = code in started and started[code].state == "live"
        reason = find_hindrance(law.rule(code), law.lineage(authority))
        if is_live or reason:
            found[code] = f"{code}: {reason or 'live already'}"
    return found


async def _sample_text(
    row: GroupInStep, writer: "_TextWriter", deps: GoLivePreviewDeps
) -> tuple[str, str]:
    sample = await deps.store.read_sample(row.group.sample_permit_id or "")
    return sample.masked_phone, writer.text(row, sample.tail)


@dataclass(frozen=True, slots=True)
class _TextWriter:
    law: Law
    templates: TemplateLibrary
    now: datetime

    def typical_text(self, row: GroupInStep) -> str:
        """The text of a row, with the number of one of its permits."""
        return self.text(row, row.group.sample_number_tail)

    def text(self, row: GroupInStep, tail: str) -> str:
        """The text about the permit of a row whose number ends with `tail`."""
        group, law = row.group, self.law
        version = law.current_version(group.series)
        office = law.sending_office(group.authority)
        ladder = law.ladder(group.rule, version, group.authority, group.expires_on)
        language = group.language or office.language
        sent_at = max(row.slot.due_at, self.now)
        facts = gather_facts(
            law.rule(group.rule),
            version,
            ladder.window,
            office,
            tail,
            language,
            today=sent_at.astimezone(office.zone).date(),
            grace_ends_on=ladder.grace_ends.get(row.slot.step),
        )
        return render_briefly(
            partial(self.templates.render_sms, row.slot.template), facts
        )


def _midnight_after(at: datetime, office: Authority) -> datetime:
    return office.to_utc(at.astimezone(office.zone).date() + DAY, time(0))
