"""A newer release of the holidays, with permits dated by an older one."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from service.adapters.calendars.holidays import calendars, calendars_known_until, china
from service.adapters.store.law.law_store import SqlLawStore
from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.calendars.calendar import Calendar
from service.domain.calendars.office_year import CalendarYear, overlay_years
from service.domain.errors import ConflictError
from service.domain.law.period import Period
from service.domain.law_change.edits import CalendarYearsEdit, HolidaysEdit, RulesEdit
from service.flow.law_change.change import ChangeResult
from service.flow.law_change.refresh_holidays import refresh_holidays
from tests.flow.ledger import FOOD, PREPARE, Ledger, permit

NEXT_YEAR = date(2025, 6, 30)
"""Its thirty working days include Labour Day of 2025, which is published late."""

EXTRA = date(2024, 12, 2)
"""A working day between the closing and `EXPIRES`."""


def calendars_with(**others: Calendar) -> Mapping[str, Calendar]:
    """Every published calendar; some as in another release."""
    return {**calendars(), **others}


def own_days(year: int, *off: date, **changed: Any) -> CalendarYear:  # noqa: ANN401 - fields
    """Days off of the office itself."""
    return replace(
        CalendarYear("CN", year, dict.fromkeys(off, "own"), frozenset(), False, "通知"),  # noqa: FBT003 - not published
        **changed,
    )


def with_office(
    ledger: Ledger, words: JinjaTemplateLibrary, published: Mapping[str, Calendar]
) -> Ledger:
    """The same ledger, opened by another release."""
    office = SqlLawStore(ledger.database, published, words.step_templates())
    registration = replace(ledger.registration, law_store=office)
    sending = replace(ledger.sending, law_store=office)
    return replace(ledger, office=office, registration=registration, sending=sending)


async def refreshed_by(
    ledger: Ledger, words: JinjaTemplateLibrary, **others: Calendar
) -> Ledger:
    """The ledger, refreshed by a release that has these calendars."""
    one = with_office(ledger, words, calendars_with(**others))
    await one.change(HolidaysEdit(calendars()))
    return one


async def refresh(ledger: Ledger) -> ChangeResult | None:
    return await refresh_holidays(
        ledger.change_store, ledger.clock, calendars_known_until, by="test"
    )


def refreshes(ledger: Ledger) -> list[str]:
    """The refreshes by the test that the action log has."""
    rows = ledger.rows(
        "SELECT detail FROM actions WHERE what = 'calendars refresh' AND by = 'test'"
    )
    return [row["detail"] for row in rows]


@pytest.fixture
async def old_release(draft: Ledger, words: JinjaTemplateLibrary) -> Ledger:
    """An office with a release whose last notice is that of 2024."""
    return await refreshed_by(draft, words, CN=china(2024))


async def test_a_release_with_another_year_makes_its_closings_exact(
    old_release: Ledger, draft: Ledger
) -> None:
    await old_release.register(permit(expires_on=NEXT_YEAR), permit("SC-0002"))
    before = draft.rows("SELECT * FROM slots WHERE expires_on = ?", str(NEXT_YEAR))
    done = await refresh(draft)
    assert done
    assert (done.plan.impact.permits, done.plan.impact.exact) == (1, 1)
    after = draft.rows("SELECT * FROM slots WHERE expires_on = ?", str(NEXT_YEAR))
    assert [row["due_at"] for row in before] < [row["due_at"] for row in after]
    assert await draft.audit() == []
    [detail] = refreshes(draft)
    assert '"permits": 1' in detail


async def test_calendars_that_say_the_same_change_nothing(draft: Ledger) -> None:
    await draft.register(permit())
    assert await refresh(draft) is None
    assert refreshes(draft) == []


async def test_a_release_is_taken_over_once(old_release: Ledger, draft: Ledger) -> None:
    await old_release.register(permit(expires_on=NEXT_YEAR))
    assert await refresh(draft)
    assert await refresh(draft) is None
    assert len(refreshes(draft)) == 1


async def test_a_changed_rule_does_not_hide_that_the_calendars_changed(
    old_release: Ledger, draft: Ledger
) -> None:
    await old_release.register(permit(expires_on=NEXT_YEAR))
    rule = (await draft.office.current_law()).rule(
        "cn-industrial-product-production-license"
    )
    closes = Period.parse("61 calendar days before expiry")
    versions = [replace(one, closes=closes) for one in rule.versions]
    await draft.change(RulesEdit([replace(rule, versions=tuple(versions))]))
    assert await refresh(draft)
    assert await draft.audit() == []


async def test_a_permit_announced_too_late_a_day_is_corrected(
    ledger: Ledger, words: JinjaTemplateLibrary
) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1
    proclaimed = overlay_years(calendars()["CN"], [own_days(2024, EXTRA)])
    newer = with_office(ledger, words, calendars_with(CN=proclaimed))
    done = await refresh(newer)
    assert done
    assert done.plan.impact.earlier.permits == 1
    assert done.plan.impact.corrected == 1
    assert newer.reminders()["correction-1"] == ("due", None)
    assert await newer.audit() == []


async def test_own_days_that_contradict_a_notice_are_flagged_and_kept(
    old_release: Ledger, draft: Ledger
) -> None:
    monday = date(2025, 6, 2)
    await old_release.change(
        CalendarYearsEdit([own_days(2025, worked=frozenset({monday}))])
    )
    await refresh(draft)
    [detail] = refreshes(draft)
    assert json.loads(detail)["objections"] == [
        "2025-06-02: worked, says 通知; off, says CN (Dragon Boat Festival)"
    ]
    assert json.loads(detail)["reason"] == "the holidays say otherwise"
    assert monday in (await draft.office.current_law()).calendar("CN").certain_workdays


@pytest.mark.parametrize("until", [{}, {"CN": None}, {"GB": None}])
def test_an_unknown_former_release_counts_as_today_s(
    until: Mapping[str, date | None],
) -> None:
    assert calendars_known_until(until) == calendars()


def test_a_former_release_knew_china_up_to_its_last_notice() -> None:
    known = calendars_known_until({"CN": date(2024, 12, 31), "US": None})
    assert known == calendars_with(CN=china(2024))


async def test_a_year_published_before_the_one_before_it_is_never_taken(
    old_release: Ledger,
) -> None:
    gap = own_days(2026, date(2026, 1, 1), published=True)
    with pytest.raises(ConflictError, match="2026 is published here but 2025 is not"):
        await old_release.change(CalendarYearsEdit([gap]), force="no matter")
    assert (await old_release.office.current_law()).office_years == ()


async def test_a_step_dropped_by_force_is_no_objection_to_a_later_change(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1
    rule = (await ledger.office.current_law()).rule(FOOD)
    newest = max(rule.versions, key=lambda one: one.in_force_from)
    last = replace(newest, steps=newest.steps[1:], new_term="expiry")
    await ledger.change(RulesEdit([replace(rule, versions=(last,))]), force="no need")
    done = await ledger.change(
        CalendarYearsEdit([own_days(2024, EXTRA)]), force="a proclamation"
    )
    assert done.plan.impact.permits == 1
    assert done.plan.objections == (
        "2024-12-02: off, says 通知; worked, says CN (a Monday)",
    )
