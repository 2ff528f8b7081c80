"""Draft, trial, live: which holders a start texts, and which it never texts."""

from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from service.adapters.store.go_live.preview import SqlGoLivePreviewStore
from service.adapters.store.reports.call_list import SqlCallListStore
from service.domain.errors import ConflictError, InvalidError, UnknownError
from service.domain.go_live.preview import GoLivePreview
from service.domain.law.period import Period
from service.domain.law.rule import LateFiling
from service.domain.law_change.edits import AuthoritiesEdit, RulesEdit
from service.domain.reports.call_list import CallListEntry
from service.flow.office.go_live import (
    add_staff,
    go_live,
    remove_staff,
    start_trial,
    take_back,
)
from service.flow.office.preview_go_live import GoLivePreviewDeps, preview_go_live
from service.flow.office.status import get_office_status
from service.flow.reports.call_list import list_calls
from tests.flow.law_change.test_change import closing
from tests.flow.ledger import (
    CLOSED,
    EXPIRES,
    FOOD,
    LANDLINE,
    LAST_CALL,
    OFFICE,
    PHONE_1,
    PHONE_2,
    PREPARE,
    START,
    Ledger,
    permit,
)
from tests.flow.reports.explanations import explanation

SHOP = "cn-food-business-license"
"""A type whose law accepts late filing; that of food production is silent."""

COUNTY = "990101"
STAFF = "+12125550177"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SECOND = timedelta(seconds=1)

AUTUMN = datetime(2024, 10, 14, 2, tzinfo=UTC)
"""Ten on a Monday in Linjiang: food production licences are in their first step."""

LATE = datetime(2024, 12, 16, 2, tzinfo=UTC)
"""A Monday on which both types are past closing."""


@pytest.fixture
async def office(draft: Ledger) -> Ledger:
    """A draft with a staff number."""
    await staff(draft, STAFF)
    return draft


async def staff(ledger: Ledger, phone: str, authority: str = OFFICE) -> None:
    await add_staff(authority, phone, "Li Lei", ledger.going_live, by="test")


async def trial(ledger: Ledger, *codes: str) -> int:
    return await start_trial(OFFICE, codes, ledger.going_live, by="test")


async def preview(ledger: Ledger, *codes: str, catch_up: int = 0) -> GoLivePreview:
    to = GoLivePreviewDeps(
        law_store=ledger.office,
        go_live_store=ledger.going_live.store,
        store=SqlGoLivePreviewStore(ledger.database),
        templates=ledger.sending.templates,
        clock=ledger.clock,
    )
    return await preview_go_live(OFFICE, codes, catch_up, to)


async def call_list(ledger: Ledger) -> list[CallListEntry]:
    reader = SqlCallListStore(ledger.database)
    return await list_calls([OFFICE], ledger.office, reader, ledger.clock)


def posted(ledger: Ledger) -> list[str]:
    """The phones texted so far, in order."""
    return [one.phone for one in ledger.provider.posted]


def all_rows(ledger: Ledger) -> list[list[dict[str, object]]]:
    """Every row of every table."""
    tables = ledger.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    return [ledger.rows(f"SELECT * FROM {table['name']}") for table in tables]  # noqa: S608 - names of tables


async def test_a_trial_texts_staff_only(office: Ledger) -> None:
    assert await trial(office, FOOD) == 1
    await office.register(permit(), permit("SC-0002", phones=(STAFF,)))
    assert await office.expand(PREPARE - HOUR) == 0
    assert await office.send_at(PREPARE) == 1
    assert posted(office) == [STAFF]
    assert await office.send_at(PREPARE + DAY) == 0
    assert office.reminders() == {}
    assert office.rows("SELECT * FROM slots WHERE expanded_at IS NOT NULL") == []
    assert await office.audit() == []


async def test_a_trial_begun_in_the_middle_of_a_step_texts_staff_at_once(
    office: Ledger,
) -> None:
    await office.register(permit("SC-0002", phones=(STAFF,)))
    office.clock.move_to(AUTUMN)
    await trial(office, FOOD)
    assert await office.send_at(AUTUMN) == 1
    assert await office.send_at(LAST_CALL) == 1
    assert office.reminders("SC-0002") == {
        "prepare": ("sent", None),
        "last-call": ("sent", None),
    }
    assert await office.audit() == []


async def test_the_staff_of_an_authority_above_may_be_texted_too(
    office: Ledger,
) -> None:
    law = await office.office.current_law()
    county = replace(law.authority(OFFICE), code=COUNTY, parent=OFFICE, sends=False)
    await office.change(AuthoritiesEdit([county]))
    await staff(office, PHONE_2, COUNTY)
    await start_trial(COUNTY, [FOOD], office.going_live, by="test")
    await office.register(
        permit("SC-0001", authority=COUNTY, phones=(STAFF,)),
        permit("SC-0002", authority=COUNTY, phones=(PHONE_2,)),
        permit("SC-0003", phones=(STAFF,)),
        permit("SC-0004", authority=COUNTY),
    )
    assert await office.send_at(PREPARE) == 2
    assert sorted(posted(office)) == sorted([STAFF, PHONE_2])
    assert await office.going_live.store.count_staff([OFFICE]) == 1
    assert await office.going_live.store.count_staff([COUNTY, OFFICE]) == 2


async def test_a_trial_never_texts_a_holder_even_beside_staff(office: Ledger) -> None:
    await trial(office, FOOD)
    await office.register(permit(phones=(PHONE_1, STAFF)))
    assert await office.send_at(PREPARE) == 0
    [row] = office.rows("SELECT * FROM reminders")
    assert (row["state"], row["hold_reason"]) == ("due", "trial: not a staff number")
    assert row["next_at"] == f"{PREPARE + HOUR:%Y-%m-%d %H:%M:%S.%f}"


async def test_a_removed_staff_phone_is_not_texted(office: Ledger) -> None:
    await trial(office, FOOD)
    await office.register(permit(phones=(STAFF,)))
    await office.expand(PREPARE)
    await remove_staff(OFFICE, STAFF, office.going_live, by="test")
    assert await office.send() == 0
    [row] = office.rows("SELECT * FROM reminders")
    assert row["hold_reason"] == "trial: not a staff number"
    await staff(office, STAFF)
    assert await office.send_at(PREPARE + HOUR) == 1


async def test_a_change_of_the_law_counts_what_a_trial_sent_and_what_it_holds(
    office: Ledger,
) -> None:
    await trial(office, FOOD)
    await office.register(
        permit(phones=(PHONE_1, STAFF)), permit("SC-0002", phones=(STAFF,))
    )
    assert await office.send_at(AUTUMN) == 1
    rule = (await office.office.current_law()).rule(FOOD)
    closes = Period.parse("40 working days before expiry")
    versions = tuple(replace(one, closes=closes) for one in rule.versions)
    found = (
        await office.change(RulesEdit([replace(rule, versions=versions)]))
    ).plan.impact
    assert (found.redated, found.corrected) == (1, 1)
    assert await office.audit() == []
    assert await office.send_at(AUTUMN + DAY) == 1, "the correction"
    await office.go_live(FOOD, catch_up_days=1)
    assert await office.send_at(AUTUMN + DAY) == 1, "what was held"
    assert await office.audit() == []


async def test_a_holder_texted_in_a_trial_is_not_texted_again_when_it_goes_live(
    office: Ledger,
) -> None:
    await trial(office, FOOD)
    await office.register(permit(), permit("SC-0002", phones=(STAFF,)))
    assert await office.send_at(AUTUMN) == 1
    await office.go_live(FOOD)
    assert await office.send_at(AUTUMN + DAY) == 0
    assert office.reminders() == {"prepare": ("missed", "before start")}
    assert office.reminders("SC-0002") == {"prepare": ("sent", None)}
    assert await office.send_at(LAST_CALL) == 2
    assert await office.audit() == []


async def test_steps_due_since_a_later_start_are_sent_to_everybody_once(
    office: Ledger,
) -> None:
    await trial(office, FOOD)
    await office.register(permit(), permit("SC-0002", phones=(STAFF,)))
    await office.go_live(FOOD, live_from=PREPARE - HOUR)
    assert await office.send_at(PREPARE) == 2
    assert sorted(posted(office)) == sorted([PHONE_1, STAFF])
    assert await office.audit() == []


@pytest.mark.parametrize("catch_up", [0, 3])
async def test_reminders_left_due_by_a_trial_are_treated_like_all_others(
    office: Ledger, catch_up: int
) -> None:
    await trial(office, FOOD)
    await office.register(permit(phones=(PHONE_1, STAFF)), permit("SC-0002"))
    await office.send_at(AUTUMN)
    await office.go_live(FOOD, catch_up_days=catch_up)
    sent = [await office.send_at(AUTUMN + day * DAY) for day in range(4)]
    assert sum(sent) == (2 if catch_up else 0)
    assert office.reminders() == office.reminders("SC-0002")
    assert await office.audit() == []


async def test_a_catch_up_after_a_trial_loses_and_doubles_nobody(
    office: Ledger,
) -> None:
    await trial(office, FOOD)
    await office.register(permit(), permit("SC-0002", phones=(STAFF,)))
    assert await office.send_at(AUTUMN) == 1
    assert await office.go_live(FOOD, catch_up_days=2) == 1
    for day in range(5):
        await office.send_at(AUTUMN + day * DAY)
    assert Counter(posted(office)) == {STAFF: 1, PHONE_1: 1}
    assert await office.audit() == []


async def test_a_catch_up_is_spread_evenly_what_closes_soonest_first(
    draft: Ledger,
) -> None:
    dates = [EXPIRES + day * DAY for day in range(10)]
    await draft.register(
        *(permit(f"SC-{at:04}", expires_on=day) for at, day in enumerate(dates)),
        permit("SC-0010", phones=()),
        permit("SC-0011", phones=(LANDLINE,)),
        permit("SC-0012", renewal_filed_on=date(2024, 9, 1)),
    )
    draft.clock.move_to(AUTUMN)
    assert await draft.go_live(FOOD, catch_up_days=5) == 10
    assert [await draft.send_at(AUTUMN + day * DAY) for day in range(6)] == [
        *(2, 2, 2, 2, 2),
        0,
    ]
    tails = [one.body.split("尾号")[1][:4] for one in draft.provider.posted]
    assert tails == [f"{at:04}" for at in range(10)]
    assert draft.reminders("SC-0011")["prepare"] == ("suppressed", "no mobile number")
    assert draft.reminders("SC-0012")["prepare"] == ("cancelled", "renewal filed")
    assert await draft.audit() == []


async def test_a_permit_registered_late_is_caught_up_with_too(draft: Ledger) -> None:
    draft.clock.move_to(AUTUMN)
    await draft.go_live(FOOD, catch_up_days=5)
    await draft.register(permit())
    assert await draft.send_at(AUTUMN) == 1
    await draft.register(permit("SC-0002", phones=(PHONE_2,)))
    assert await draft.send() == 1
    assert await draft.audit() == []


async def test_a_step_that_was_over_before_a_catch_up_stays_missed(
    draft: Ledger,
) -> None:
    await draft.register(permit())
    draft.clock.move_to(LAST_CALL + HOUR)
    assert await draft.go_live(FOOD, catch_up_days=1) == 1
    assert await draft.send_at(LAST_CALL + HOUR) == 1
    assert draft.reminders() == {
        "prepare": ("missed", "before start"),
        "last-call": ("sent", None),
    }
    assert await draft.audit() == []


async def test_past_closing_holders_contact_the_office_only_if_it_may_still_accept(
    draft: Ledger,
) -> None:
    await draft.register(
        permit("SC-0001"),
        permit("JY-0001", rule=SHOP),
        permit("JY-0002", rule=SHOP, expires_on=date(2024, 12, 15)),
        permit("JY-0003", rule=SHOP, renewal_filed_on=date(2024, 9, 1)),
    )
    draft.clock.move_to(LATE)
    assert await draft.go_live(FOOD, SHOP, catch_up_days=3) == 1
    for day in range(4):
        await draft.send_at(LATE + day * DAY)
    [message] = draft.provider.posted
    assert (message.template, "尾号0001" in message.body) == ("contact-now", True)
    found = draft.reminders("JY-0001")
    assert found["contact-now"] == ("sent", None)
    history = (await explanation(draft, number="JY-0001"))["history"]
    assert "as the last day" not in str(history), "the text names no closing"
    assert {state for state, _ in draft.reminders().values()} == {"missed"}
    assert "contact-now" not in draft.reminders("JY-0002")
    assert await draft.audit() == []


async def test_without_a_catch_up_nobody_past_closing_is_texted(draft: Ledger) -> None:
    await draft.register(permit("JY-0001", rule=SHOP))
    draft.clock.move_to(LATE)
    assert await draft.go_live(SHOP) == 0
    assert await draft.send_at(LATE + DAY) == 0
    [one] = await call_list(draft)
    assert one.why == "not texted since closing"


async def late_filing(ledger: Ledger, accepted: LateFiling | None) -> None:
    """Set the late filing of food production."""
    rule = (await ledger.office.current_law()).rule(FOOD)
    versions = tuple(replace(one, late_filing=accepted) for one in rule.versions)
    await ledger.change(RulesEdit([replace(rule, versions=versions)]))


@pytest.mark.parametrize(
    ("accepted", "why"),
    [
        ("refused", ["late filing is refused"]),
        (None, ["the law is silent on late filing"]),
        ("accepted", []),
    ],
)
async def test_a_holder_past_closing_is_called_unless_a_text_may_help(
    draft: Ledger, accepted: LateFiling | None, why: list[str]
) -> None:
    await late_filing(draft, accepted)
    await draft.register(
        permit(),
        permit("SC-0002", renewal_filed_on=date(2024, 9, 1)),
        permit("SC-0003", status="withdrawn"),
        permit("SC-0004", replaces="SC-0005", expires_on=date(2029, 12, 31)),
        permit("SC-0005"),
    )
    draft.clock.move_to(LATE)
    assert await call_list(draft) == [], "nobody is live"
    await draft.go_live(FOOD, catch_up_days=1)
    assert [one.why for one in await call_list(draft)] == why
    draft.clock.move_to(datetime(2025, 1, 1, 2, tzinfo=UTC))
    assert await call_list(draft) == [], "all has expired"


@pytest.mark.parametrize(
    ("phones", "why"),
    [
        ((), "no phone number"),
        ((LANDLINE,), "no mobile number"),
        ((PHONE_2,), "opted out"),
    ],
)
async def test_a_holder_who_cannot_be_texted_is_called_in_the_month_before_closing(
    ledger: Ledger, phones: tuple[str, ...], why: str
) -> None:
    await ledger.register(permit(phones=phones), permit("SC-0003"))
    await ledger.hear("STOP", PHONE_2)
    ledger.clock.move_to(CLOSED - 32 * DAY)
    assert await call_list(ledger) == []
    ledger.clock.move_to(CLOSED - 30 * DAY)
    [one] = await call_list(ledger)
    assert (one.number, one.why, one.closes_on) == (
        "SC-0001",
        why,
        date(2024, 11, 18),
    )
    assert all(phone[-4:] in one.phones for phone in phones)
    assert not any(phone in one.phones for phone in phones)


async def test_a_phone_nobody_answers_is_called(ledger: Ledger) -> None:
    await ledger.register(permit())
    ledger.tamper("UPDATE recipients SET unreachable_at = '2024-09-02'")
    ledger.clock.move_to(LAST_CALL)
    [one] = await call_list(ledger)
    assert one.why == "unreachable"


async def test_a_preview_writes_nothing_and_is_what_then_happens(
    office: Ledger,
) -> None:
    dates = [EXPIRES + day * DAY for day in range(7)]
    await office.register(
        *(permit(f"SC-{at:04}", expires_on=day) for at, day in enumerate(dates)),
        permit("SC-0007", phones=()),
        permit("SC-0008", renewal_filed_on=date(2024, 9, 1)),
        permit("SC-0009", phones=(STAFF,)),
    )
    office.clock.move_to(AUTUMN)
    await trial(office, FOOD)
    assert await office.send_at(AUTUMN) == 1
    before = all_rows(office)
    found = await preview(office, FOOD, catch_up=3)
    assert all_rows(office) == before
    assert found.current_by_step == {(FOOD, "prepare"): 8}
    assert found.catch_up_cost.messages == 7
    assert found.catch_up_cost.segments == 14
    assert found.without_mobile == 1
    assert [caught for _, caught, _ in found.texts_by_day] == [3, 2, 2]
    await office.go_live(FOOD, catch_up_days=3)
    assert [await office.send_at(AUTUMN + day * DAY) for day in range(3)] == [3, 2, 2]
    texts = [one.body for one in office.provider.posted]
    assert {text for _, text in found.sample_texts} <= {*texts}
    shown = {f"+1212***01{at:02}" for at in range(7)}
    assert {phone for phone, _ in found.sample_texts} <= shown
    assert len(found.sample_texts) == 3


async def test_a_preview_counts_permits_due_today_and_in_the_next_days(
    draft: Ledger,
) -> None:
    await draft.register(permit(), permit("SC-0002", expires_on=EXPIRES + DAY))
    draft.clock.move_to(PREPARE - HOUR)
    found = await preview(draft, FOOD, catch_up=2)
    assert (found.current_by_step, found.due_today_by_step) == (
        {},
        {(FOOD, "prepare"): 1},
    )
    assert found.due_today_cost.messages == 1
    assert found.texts_by_day == [(date(2024, 9, 19), 0, 1), (date(2024, 9, 20), 0, 1)]
    assert [text[:10] for _, text in found.sample_texts] == 3 * ["【临江省市场监管局】"]


async def test_a_preview_leaves_out_whom_a_trial_told_a_later_step(
    office: Ledger,
) -> None:
    await trial(office, FOOD)
    await office.register(permit(phones=(STAFF,)))
    assert await office.send_at(LAST_CALL) == 1
    await office.register(permit("SC-0002"))
    await office.change(await closing(office, "20 working days before expiry"))
    office.clock.move_to(LAST_CALL + 4 * DAY)
    found = await preview(office, FOOD)
    assert found.current_by_step == {(FOOD, "prepare"): 1}


async def test_a_preview_divides_late_permits_into_texted_and_called(
    draft: Ledger,
) -> None:
    await draft.register(
        permit("SC-0001"),
        permit("JY-0001", rule=SHOP),
        permit("JY-0002", rule=SHOP, phones=(LANDLINE,)),
    )
    draft.clock.move_to(LATE)
    found = await preview(draft, FOOD, SHOP)
    assert (found.contact_permits, found.call_permits) == (1, 2)
    await draft.go_live(FOOD, SHOP, catch_up_days=1)
    assert await draft.send_at(LATE) == 1
    assert len(await call_list(draft)) == 2


async def test_a_preview_names_the_types_that_cannot_go_live(ledger: Ledger) -> None:
    rule = (await ledger.office.current_law()).rule(SHOP)
    unread = replace(rule.versions[0].reference, confidence="unverified")
    version = replace(rule.versions[0], reference=unread)
    await ledger.change(RulesEdit([replace(rule, versions=(version,))]))
    found = await preview(ledger, FOOD, SHOP)
    assert found.refusals[0] == f"{FOOD}: live already"
    assert f"{SHOP}: nobody has read the source of" in found.refusals[1]
    with pytest.raises(ConflictError, match="nobody has read the source of"):
        await ledger.go_live(SHOP)
    with pytest.raises(ConflictError, match="nobody has read the source of"):
        await trial(ledger, SHOP)


@pytest.mark.parametrize("name", ["", "  ", "x" * 81])
async def test_a_start_needs_the_name_of_who_approved_it(
    draft: Ledger, name: str
) -> None:
    to = draft.going_live
    with pytest.raises(InvalidError, match=r"approved-by: found .*, expected a person"):
        await go_live(OFFICE, [FOOD], to, approved_by=name, by="test")
    assert draft.rows("SELECT * FROM golives") == []


async def test_who_approved_and_who_typed_it_are_both_on_record(draft: Ledger) -> None:
    to = draft.going_live
    await go_live(
        OFFICE, [FOOD], to, approved_by=" Director Wang ", by="li", catch_up_days=2
    )
    [golive] = draft.rows("SELECT * FROM golives")
    assert (golive["approved_by"], golive["catch_up_days"]) == ("Director Wang", 2)
    [action] = draft.rows("SELECT * FROM actions WHERE what = 'go live'")
    assert action["by"] == "li"
    assert '"approved by": "Director Wang"' in action["detail"]


async def test_a_start_cannot_be_repeated(ledger: Ledger) -> None:
    with pytest.raises(ConflictError, match="already live"):
        await ledger.go_live(FOOD)
    with pytest.raises(ConflictError, match="already live"):
        await trial(ledger, FOOD, SHOP)
    assert (await ledger.going_live.store.started_types(OFFICE)).keys() == {
        FOOD,
        "cn-special-equipment-operator-certificate",
    }


async def test_a_catch_up_and_the_end_of_a_trial_happen_now(
    draft: Ledger,
) -> None:
    with pytest.raises(ConflictError, match="a catch-up texts from now on"):
        await draft.go_live(FOOD, live_from=START + HOUR, catch_up_days=1)
    await trial(draft, FOOD)
    with pytest.raises(ConflictError, match="was on trial until now"):
        await draft.go_live(FOOD, live_from=START - HOUR)
    await draft.go_live(FOOD, live_from=START + HOUR)


@pytest.mark.parametrize(
    ("start", "is_possible"),
    [
        (START - 8 * HOUR - SECOND, False),
        (START - 8 * HOUR, True),
        (START + 366 * DAY, True),
        (START + 366 * DAY + SECOND, False),
    ],
    ids=["yesterday", "midnight in Shanghai", "in a year", "later than in a year"],
)
async def test_a_start_lies_between_today_and_a_year_ahead(
    draft: Ledger, start: datetime, *, is_possible: bool
) -> None:
    with nullcontext() if is_possible else pytest.raises(InvalidError, match="from:"):
        await draft.go_live(FOOD, live_from=start)
    assert len(draft.rows("SELECT * FROM golives")) == is_possible


async def test_a_first_import_after_a_start_floods_nobody(draft: Ledger) -> None:
    draft.clock.move_to(PREPARE + 30 * DAY)
    midnight = PREPARE + 30 * DAY - 9.5 * HOUR
    await draft.go_live(FOOD, live_from=midnight)
    await draft.register(*(permit(f"SC-{at}") for at in range(1, 30)))
    assert await draft.send_at(PREPARE + 30 * DAY + HOUR) == 0


async def test_a_start_that_is_taken_back_leaves_a_draft(draft: Ledger) -> None:
    await draft.go_live(FOOD, live_from=START + DAY)
    await draft.register(permit())
    await take_back(OFFICE, [FOOD], draft.going_live, by="li")
    assert await draft.send_at(PREPARE) == 0
    assert draft.rows("SELECT * FROM golives") == []
    [action] = draft.rows("SELECT * FROM actions WHERE what = 'take back'")
    assert action["by"] == "li"
    await draft.go_live(FOOD, catch_up_days=1)
    assert await draft.send() == 1
    with pytest.raises(ConflictError, match="no start of it lies ahead"):
        await take_back(OFFICE, [FOOD], draft.going_live, by="li")
    with pytest.raises(UnknownError):
        await take_back(OFFICE, ["cn-tea"], draft.going_live, by="li")


async def test_only_phones_that_take_texts_are_staff(draft: Ledger) -> None:
    with pytest.raises(InvalidError, match=r"\(fixed\), expected a mobile number"):
        await staff(draft, LANDLINE)
    with pytest.raises(UnknownError):
        await staff(draft, STAFF, "110000")
    with pytest.raises(ConflictError, match="no staff number of this authority"):
        await remove_staff(OFFICE, STAFF, draft.going_live, by="test")
    await staff(draft, STAFF)
    await staff(draft, STAFF)
    assert len(draft.rows("SELECT * FROM staff")) == 1
    assert STAFF not in str(all_rows(draft))


async def test_the_status_shows_every_state_of_a_type(ledger: Ledger) -> None:
    await trial(ledger, SHOP)
    found = await get_office_status(OFFICE, ledger.going_live)
    states = {stage.rule: stage.state for stage in found.types}
    assert states == {
        FOOD: "live",
        SHOP: "trial",
        "cn-special-equipment-operator-certificate": "live",
        "cn-industrial-product-production-license": "draft",
    }
    assert (found.sender, found.staff_count) == (OFFICE, 0)
