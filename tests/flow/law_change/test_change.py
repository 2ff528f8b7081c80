"""A change of the law under permits that are registered, due, and texted."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.domain.delivery.outcome import Outcome, RefusalKind, Unknown
from service.domain.delivery.status import MessageState
from service.domain.errors import ConflictError
from service.domain.law.period import Period
from service.domain.law.rule import BilingualText, Rule, Step
from service.domain.law_change.edits import AuthoritiesEdit, RevertEdit, RulesEdit
from service.domain.lawbook.law import Law
from service.flow.permits.register import register
from service.flow.sending.post import Poster
from service.flow.sending.provider import Outgoing
from service.flow.sending.send import MAX_CLAIMED
from tests.flow.fakes import FakeProvider
from tests.flow.ledger import (
    EXPIRES,
    FOOD,
    LANDLINE,
    LAST_CALL,
    LIBRARY,
    OFFICE,
    PATIENCE,
    PREPARE,
    START,
    Ledger,
    permit,
    word,
)

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)

SERIES = f"{FOOD}@2020-03-01"

EVERYTHING = (
    "SELECT * FROM slots",
    "SELECT * FROM reminders",
    "SELECT * FROM permits",
    "SELECT * FROM versions",
    "SELECT * FROM rules",
    "SELECT * FROM facts",
    "SELECT * FROM actions",
)


async def standing(ledger: Ledger) -> Rule:
    """The installed rule of food production."""
    return (await ledger.office.current_law()).rule(FOOD)


async def changed(ledger: Ledger, **fields: object) -> Rule:
    """That rule with other fields in its newest version."""
    rule = await standing(ledger)
    newest = max(rule.versions, key=lambda one: one.in_force_from)
    rest = [one for one in rule.versions if one is not newest]
    return replace(rule, versions=(*rest, replace(newest, **fields)))  # type: ignore[arg-type] # fields


async def closing(ledger: Ledger, period: str) -> RulesEdit:
    """Let the window close at another time."""
    return RulesEdit([await changed(ledger, closes=Period.parse(period))])


async def stepping(ledger: Ledger, *steps: Step) -> RulesEdit:
    """Let the ladder have other steps."""
    return RulesEdit([await changed(ledger, steps=steps)])


def step(name: str, at: str, template: str = "renewal-prepare", **more: object) -> Step:
    return Step(name, Period.parse(at), template, **more)  # type: ignore[arg-type] # fields


def dated(ledger: Ledger) -> dict[str, str]:
    """The due_at of each slot of the permit's group, by step."""
    rows = ledger.rows("SELECT * FROM slots WHERE expires_on = ?", str(EXPIRES))
    return {row["step"]: row["due_at"][:16] for row in rows}


async def test_applying_the_same_rule_again_changes_nothing(ledger: Ledger) -> None:
    await ledger.register(permit())
    before = ledger.rows("SELECT * FROM slots")
    done = await ledger.change(RulesEdit([await standing(ledger)]))
    assert (done.installed_versions, done.plan.impact.permits) == ((), 0)
    assert ledger.rows("SELECT * FROM slots") == before


async def test_a_changed_rule_is_the_next_revision_and_redates_its_permits(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    done = await ledger.change(await closing(ledger, "60 working days before expiry"))
    assert done.installed_versions == (f"{SERIES}.2",)
    assert done.plan.impact.permits == 1
    assert done.plan.impact.earlier.permits == 1
    assert dated(ledger)["last-call"] == "2024-09-25 01:30"
    assert await ledger.audit() == []


async def test_a_change_applies_what_was_previewed(ledger: Ledger) -> None:
    await ledger.register(permit(), permit("SC-0002"))
    await ledger.send_at(PREPARE)
    edit = await closing(ledger, "60 working days before expiry")
    before = [ledger.rows(query) for query in EVERYTHING]
    seen = await ledger.preview(edit)
    assert [ledger.rows(query) for query in EVERYTHING] == before
    done = await ledger.change(edit)
    assert seen.plan.impact == done.plan.impact


async def test_reminders_held_during_a_change_get_the_new_dates(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.expand(LAST_CALL)
    done = await ledger.change(await closing(ledger, "20 working days before expiry"))
    assert done.plan.impact.redated == 1
    [due] = ledger.rows("SELECT * FROM reminders WHERE state = 'due'")
    assert (due["step"], due["next_at"][:10]) == ("last-call", "2024-11-25")
    assert due["version_id"] == f"{SERIES}.2"
    assert await ledger.audit() == []
    assert await ledger.send() == 0
    assert await ledger.send_at(LAST_CALL + 14 * DAY) == 1
    assert await ledger.audit() == []


async def test_a_change_applied_and_reverted_texts_nobody_twice(
    ledger: Ledger,
) -> None:
    await ledger.register(*[permit(f"SC-{number:04}") for number in range(1, 41)])
    await ledger.expand(PREPARE)
    assert await ledger.send() == 40
    await ledger.change(await closing(ledger, "60 working days before expiry"))
    assert await ledger.audit() == []
    await ledger.send_at(PREPARE + DAY)
    await ledger.change(RevertEdit(FOOD))
    assert dated(ledger)["last-call"] == f"{LAST_CALL:%Y-%m-%d %H:%M}"
    assert await ledger.audit() == []
    await ledger.send_at(LAST_CALL)
    texted = ledger.rows(
        "SELECT permit_id, step, count(*) AS n FROM message_reminders GROUP BY 1, 2"
    )
    assert {row["n"] for row in texted} == {1}
    assert await ledger.audit() == []


async def test_a_step_that_is_late_by_a_change_is_texted_although_it_predates_the_start(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    ledger.clock.move_to(START + 4.1 * DAY)
    done = await ledger.change(await closing(ledger, "60 working days before expiry"))
    assert done.plan.impact.late == {"prepare": 1}
    assert await ledger.send_at(START + 4.1 * DAY) == 1
    assert ledger.reminders() == {"prepare": ("sent", None)}
    assert await ledger.audit() == []


async def test_a_permit_announced_a_later_day_is_corrected_at_once(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    await ledger.change(await closing(ledger, "31 working days before expiry"))
    assert await ledger.send_at(PREPARE + SECOND) == 1
    assert ledger.reminders()["correction-1"] == ("sent", None)
    assert "更正" in ledger.provider.posted[-1].body
    assert await ledger.audit() == []
    await ledger.change(await closing(ledger, "32 working days before expiry"))
    await ledger.change(await closing(ledger, "33 working days before expiry"))
    assert await ledger.send_at(PREPARE + DAY) == 1
    assert ledger.reminders()["correction-2"] == ("sent", None)
    assert await ledger.audit() == []


async def test_a_correction_that_is_no_longer_needed_is_not_sent(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    await ledger.change(await closing(ledger, "31 working days before expiry"))
    await ledger.change(RevertEdit(FOOD))
    assert await ledger.send_at(PREPARE + SECOND) == 0
    assert ledger.reminders()["correction-1"] == (
        "superseded",
        "told date holds again",
    )
    assert await ledger.audit() == []


async def test_a_permit_announced_an_earlier_day_is_not_corrected(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    done = await ledger.change(await closing(ledger, "29 working days before expiry"))
    assert done.plan.impact.corrected == 0
    assert await ledger.send_at(PREPARE + DAY) == 0


async def test_dropping_a_step_already_texted_is_refused(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    edit = await stepping(ledger, step("late-call", "3 days before closing"))
    with pytest.raises(ConflictError, match=r'replaces = "prepare"'):
        await ledger.change(edit)
    assert ledger.rows("SELECT * FROM versions WHERE id = ?", f"{SERIES}.2") == []
    await ledger.change(edit, force="the clause was repealed")
    [action] = ledger.rows("SELECT * FROM actions WHERE what = 'rules apply'")[-1:]
    assert "the clause was repealed" in action["detail"]


async def test_a_new_step_that_would_text_again_at_once_is_refused(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    ledger.clock.move_to(PREPARE + 5 * DAY)
    rule = (await standing(ledger)).versions[-1]
    second = step("second", "57 days before closing")
    edit = await stepping(ledger, rule.steps[0], second, *rule.steps[1:])
    with pytest.raises(ConflictError, match="texted again at once in the new step"):
        await ledger.change(edit)


async def test_a_holder_texted_in_a_step_is_not_texted_in_its_replacement(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    ledger.clock.move_to(PREPARE + DAY)
    await ledger.register(permit("SC-0002"))
    renamed = step("prepare-early", "60 days before closing", replaces=("prepare",))
    last = (await standing(ledger)).versions[-1].steps[-1]
    edit = await stepping(ledger, renamed, last)
    await ledger.change(edit)
    assert await ledger.send_at(PREPARE + 4 * DAY) == 1
    assert "prepare-early" not in ledger.reminders("SC-0001")
    assert await ledger.audit() == []


async def test_due_reminders_of_a_dropped_step_are_superseded(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    last = (await standing(ledger)).versions[-1].steps[-1]
    early = step("prepare-2", "50 days before closing")
    await ledger.change(await stepping(ledger, early, last))
    assert ledger.reminders() == {"prepare": ("superseded", "rule changed")}
    await ledger.send_at(PREPARE + 11 * DAY)
    assert ledger.reminders()["prepare-2"] == ("sent", None)
    assert await ledger.audit() == []


async def test_a_version_from_a_later_day_takes_over_its_permits_only(
    ledger: Ledger,
) -> None:
    await ledger.register(permit(), permit("SC-0002", expires_on=date(2025, 6, 30)))
    rule = await standing(ledger)
    newest = rule.versions[-1]
    later = replace(
        newest,
        in_force_from=date(2025, 1, 1),
        closes=Period.parse("40 working days before expiry"),
    )
    done = await ledger.change(
        RulesEdit([replace(rule, versions=(*rule.versions, later))])
    )
    assert done.plan.impact.permits == 1
    series = ledger.rows("SELECT series FROM permits ORDER BY shown_number")
    assert [row["series"] for row in series] == [SERIES, f"{FOOD}@2025-01-01"]
    assert await ledger.audit() == []
    await ledger.change(RevertEdit(FOOD))
    series = ledger.rows("SELECT series FROM permits ORDER BY shown_number")
    assert [row["series"] for row in series] == [SERIES, SERIES]
    assert await ledger.audit() == []


async def test_a_send_pass_follows_a_law_that_changes_meanwhile(ledger: Ledger) -> None:
    many = [permit(f"SC-{at:04}") for at in range(1, MAX_CLAIMED + 2)]
    await ledger.register(*many)
    await ledger.expand(PREPARE)
    edit = await closing(ledger, "31 working days before expiry")

    class Meddling(FakeProvider):
        """Lets the law change while the first claim is being POSTed."""

        async def send(self, message: Outgoing) -> Outcome:
            """Accept the message; the first time, change the law before."""
            if not self.posted:
                await ledger.change(edit)
            return await super().send(message)

    provider = Meddling()
    sent = await replace(
        ledger, sending=replace(ledger.sending, poster=Poster(provider, ledger.vault))
    ).send()
    named = ["11月18日" in one.body for one in provider.posted]
    corrected = named.count(True)
    assert 0 < corrected <= MAX_CLAIMED, "no more than were claimed before the change"
    last = {one.phone: one.body for one in provider.posted}
    assert not any("11月18日" in body for body in last.values())
    assert sent == len(many) + corrected
    assert await ledger.audit() == []


async def test_an_import_follows_a_law_that_changes_meanwhile(
    ledger: Ledger,
) -> None:
    edit = await closing(ledger, "31 working days before expiry")

    class Meddling:
        """Reads the law, which then changes before anything is stored."""

        async def current_law(self) -> Law:
            """Return the law; the first time, change it afterwards."""
            before = await ledger.office.current_law()
            await ledger.change(edit)
            return before

    to = replace(ledger.registration, law_store=Meddling())
    await register([permit()], LIBRARY, to, skip_idle=False)
    [slot] = ledger.rows("SELECT DISTINCT version_id FROM slots")
    assert slot["version_id"] == f"{SERIES}.2"
    assert await ledger.audit() == []


async def test_reverting_a_version_reverts_the_words_of_its_type(
    ledger: Ledger,
) -> None:
    for _ in range(2):
        rule = await changed(ledger, closes=Period.parse("2 months before expiry"))
        named = BilingualText("食品生产证", "Food Permit")
        await ledger.change(RulesEdit([replace(rule, certificate=named)]))
        assert (await standing(ledger)).certificate == named
        await ledger.change(RevertEdit(FOOD))
        assert (await standing(ledger)).certificate.zh == "食品生产许可证"


async def test_registered_numbers_stay_as_personal_as_they_are(ledger: Ledger) -> None:
    await ledger.register(permit())
    personal = replace(await standing(ledger), number_is_personal=True)
    with pytest.raises(ConflictError, match="number_is_personal cannot change"):
        await ledger.change(RulesEdit([personal]))


async def test_words_and_versions_changed_separately_revert_separately(
    ledger: Ledger,
) -> None:
    worded = replace(
        await standing(ledger), certificate=BilingualText("食品生产证", "Permit")
    )
    await ledger.change(RulesEdit([worded]))
    await ledger.change(await closing(ledger, "2 months before expiry"))
    done = await ledger.change(RevertEdit(FOOD))
    assert done.retired_versions == (f"{SERIES}.2",)
    assert (await standing(ledger)).certificate.en == "Permit"
    done = await ledger.change(RevertEdit(FOOD))
    assert done.retired_versions == ()
    assert (await standing(ledger)).certificate.zh == "食品生产许可证"


async def test_reminding_only_after_closing_is_refused_before_anybody_is_registered(
    ledger: Ledger,
) -> None:
    late = step("late", "2 days before expiry", after_closing=True)
    with pytest.raises(ConflictError, match="reminds only after closing"):
        await ledger.change(await stepping(ledger, late))


async def test_the_first_version_cannot_be_reverted(
    ledger: Ledger,
) -> None:
    with pytest.raises(ConflictError, match="no former version"):
        await ledger.change(RevertEdit(FOOD))


async def test_an_unmoved_step_stays_as_it_was_when_the_last_step_moves(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    ledger.clock.move_to(LAST_CALL + DAY)
    await ledger.change(
        RulesEdit([await last_call_ends(ledger, "1 days before closing")])
    )
    await ledger.send_at(LAST_CALL + DAY)
    assert ledger.reminders() == {
        "prepare": ("missed", "overtaken"),
        "last-call": ("sent", None),
    }
    rows = ledger.rows("SELECT step, redated_at, closes_at FROM slots ORDER BY due_at")
    assert [row["redated_at"] is None for row in rows] == [True, False]
    assert {row["closes_at"] for row in rows} == {"2024-11-17 16:00:00.000000"}
    assert await ledger.audit() == []


async def last_call_ends(ledger: Ledger, until: str) -> Rule:
    """The rule with another end of its last step, otherwise unchanged."""
    rule = (await ledger.office.current_law()).rule(FOOD)
    *rest, newest = sorted(rule.versions, key=lambda one: one.in_force_from)
    steps = [
        replace(one, until=Period.parse(until)) if one.name == "last-call" else one
        for one in newest.steps
    ]
    return replace(rule, versions=(*rest, replace(newest, steps=tuple(steps))))


async def test_an_office_may_not_use_words_forbidden_in_texts(
    ledger: Ledger,
) -> None:
    office = (await ledger.office.current_law()).authority(OFFICE)
    place = BilingualText(zh="市民中心，缴费窗口", en="ｗｗｗ.example.gov")
    edit = AuthoritiesEdit([replace(office, apply_at=place)])
    named = (
        "990000: apply_at.zh: found '缴费', expected nothing about payment: a reminder "
        "asks for no money; 990000: apply_at.en: found 'www.', expected no link"
    )
    assert "; ".join((await ledger.preview(edit)).plan.objections) == named
    with pytest.raises(ConflictError, match=r"found 'www\.'"):
        await ledger.change(edit)
    await ledger.change(edit, force="the mayor wants it")
    assert (await ledger.office.current_law()).authority(OFFICE).apply_at == place


async def test_a_shadow_is_computed_and_never_sends(ledger: Ledger) -> None:
    await ledger.register(permit())
    edit = await closing(ledger, "60 working days before expiry")
    before = dated(ledger)
    done = await ledger.change(replace(edit, shadow=True))
    assert done.plan.impact.earlier.permits == 1
    assert dated(ledger) == before
    law = await ledger.office.current_law()
    assert [one.key for one in law.shadow_versions] == [f"{SERIES}.2"]
    assert law.current_version(SERIES).revision == 1
    done = await ledger.change(edit)
    assert (done.installed_versions, done.retired_versions) == (
        (f"{SERIES}.3",),
        (f"{SERIES}.2",),
    )
    assert await ledger.audit() == []


async def test_other_sending_hours_move_future_slots(ledger: Ledger) -> None:
    await ledger.register(permit())
    office = (await ledger.office.current_law()).authority(OFFICE)
    later = replace(office, sends_from=office.sends_from.replace(hour=11))
    done = await ledger.change(AuthoritiesEdit([later]))
    assert done.plan.impact.permits == 1
    assert dated(ledger)["prepare"].endswith("03:30")
    assert await ledger.audit() == []


async def test_permits_that_would_fall_under_no_version_stop_a_change(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    ended = await changed(ledger, in_force_until=date(2024, 6, 30))
    with pytest.raises(ConflictError, match="1 permits would fall under no version"):
        await ledger.change(RulesEdit([ended]))


async def test_a_reminder_under_way_returns_to_the_new_dates(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(LAST_CALL)
    ledger.provider.script = [Unknown("timeout")]
    await ledger.send()
    assert ledger.states() == ["uncertain"]
    await ledger.change(await closing(ledger, "20 working days before expiry"))
    for _ in range(3):
        await asyncio.sleep(PATIENCE.total_seconds())
        await ledger.settle()
    [due] = ledger.rows("SELECT * FROM reminders WHERE state = 'due'")
    assert due["version_id"] == f"{SERIES}.2"
    assert await ledger.audit() == []


async def test_a_reminder_under_way_in_a_dropped_step_is_superseded(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    ledger.provider.script = [Unknown("timeout")]
    await ledger.send()
    last = (await standing(ledger)).versions[-1].steps[-1]
    await ledger.change(await stepping(ledger, last), force="one text is enough")
    for _ in range(3):
        await asyncio.sleep(PATIENCE.total_seconds())
        await ledger.settle()
    assert ledger.reminders() == {"prepare": ("superseded", "rule changed")}
    assert await ledger.audit() == []


async def test_who_was_texted_in_a_later_step_gets_no_earlier_one(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(LAST_CALL) == 1
    ledger.clock.move_to(LAST_CALL + timedelta(hours=1))
    await ledger.register(permit("SC-0002"))
    edit = await closing(ledger, "20 working days before expiry")
    assert (await ledger.preview(edit)).plan.impact.late == {"prepare": 1}
    await ledger.change(edit)
    assert await ledger.send_at(LAST_CALL + 4 * DAY) == 1
    assert ledger.reminders("SC-0001") == {
        "prepare": ("missed", "overtaken"),
        "last-call": ("sent", None),
    }
    assert ledger.reminders("SC-0002")["prepare"] == ("sent", None)
    assert await ledger.audit() == []


async def test_a_preview_counts_only_holders_who_can_be_texted(ledger: Ledger) -> None:
    changed: list[dict[str, Any]] = [
        {},
        {"phones": ()},
        {"phones": (LANDLINE,)},
        {"renewal_filed_on": date(2024, 9, 1)},
    ]
    await ledger.register(
        *[permit(f"SC-000{at}", **fields) for at, fields in enumerate(changed, start=1)]
    )
    edit = await closing(ledger, "31 working days before expiry")
    weeks = (await ledger.preview(edit)).plan.impact.weeks()
    assert [(before, after) for _, before, after in weeks if before or after] == [
        (1, 1),
        (0, 1),
        (1, 0),
    ]
    ledger.clock.move_to(START + 4.1 * DAY)
    done = await ledger.change(await closing(ledger, "60 working days before expiry"))
    assert done.plan.impact.late == {"prepare": 1}
    assert await ledger.send_at(START + 4.1 * DAY) == 1


async def test_the_weeks_of_a_preview_are_those_of_the_office(ledger: Ledger) -> None:
    await ledger.register(permit())
    monday_there = datetime(2024, 9, 15, 12, 30, tzinfo=UTC)
    ledger.clock.move_to(monday_there)
    office = (await ledger.office.current_law()).authority(OFFICE)
    moved = replace(office, zone=ZoneInfo("Pacific/Auckland"))
    weeks = (await ledger.preview(AuthoritiesEdit([moved]))).plan.impact.weeks()
    assert weeks[0][0] == date(2024, 9, 16)
    assert [week for week in weeks if any(week[1:])] == [
        (date(2024, 9, 16), 1, 1),
        (date(2024, 11, 11), 1, 1),
    ]


async def test_an_audit_finds_an_earlier_step_texted_after_a_later_one(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    await ledger.send_at(LAST_CALL)
    assert await ledger.audit() == []
    ledger.tamper(
        "UPDATE reminder_events SET id = id + 100 WHERE step = 'prepare'",
    )
    assert [line.partition(":")[0] for line in await ledger.audit()] == [
        "reminder texted after a later step"
    ]


async def test_a_step_that_is_gone_stays_later_than_those_it_followed(
    ledger: Ledger,
) -> None:
    first, last = (await standing(ledger)).versions[-1].steps
    middle = step("middle", "30 days before closing")
    await ledger.change(await stepping(ledger, first, middle, last))
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE + 35 * DAY) == 1
    assert ledger.reminders()["middle"] == ("sent", None)
    await ledger.change(RevertEdit(FOOD), force="one text less")
    assert await ledger.send_at(PREPARE + 40 * DAY) == 0
    assert await ledger.send_at(LAST_CALL) == 1
    assert await ledger.audit() == []


async def test_a_text_is_not_sent_again_after_a_later_step(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    fault = word(MessageState.UNDELIVERED, kind=RefusalKind.RETRY_LATER, code="30003")
    await ledger.receive(fault)
    assert ledger.reminders()["prepare"][0] == "retrying"
    await ledger.change(await closing(ledger, "66 working days before expiry"))
    assert await ledger.send_at(PREPARE + SECOND) == 0
    assert await ledger.send_at(PREPARE + 4 * DAY) == 1
    assert await ledger.send_at(PREPARE + 8 * DAY) == 0
    assert ledger.reminders() == {
        "prepare": ("failed", "later step sent"),
        "last-call": ("sent", None),
    }
    assert await ledger.audit() == []
