from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from service.domain.errors import InvalidError
from service.domain.permits.permit import Permit, PermitStatus
from service.domain.permits.permit_fields import permit_from
from service.domain.permits.phone import ContactRole
from service.domain.permits.row_permit import Withdrawal
from service.flow.permits.encryption import NUMBER_COLUMN, number_key
from service.flow.permits.register import RegisterSource
from tests.flow.ledger import (
    FOOD,
    INDUSTRY,
    LANDLINE,
    LAST_CALL,
    OFFICE,
    OPERATOR,
    PHONE_1,
    PHONE_2,
    PREPARE,
    START,
    Ledger,
    permit,
)

CITY = RegisterSource("city")
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
IDENTITY = "110101199003070134"
EARLIER, LATER = date(2024, 12, 27), date(2029, 12, 31)


async def test_a_permit_is_registered_then_unchanged_then_changed(
    ledger: Ledger,
) -> None:
    assert await ledger.register(permit()) == ["registered"]
    assert await ledger.register(permit()) == ["unchanged"]
    assert await ledger.register(permit(holder="Another")) == ["changed"]
    [row] = ledger.rows("SELECT * FROM permits")
    assert row["holder"] == "Another"


@pytest.mark.parametrize(
    "change",
    [
        {"holder": "Another"},
        {"holder_code": "91110000000000000X"},
        {"language": "en"},
        {"issued_on": date(2020, 1, 1)},
        {"expires_on": EARLIER},
        {"status": PermitStatus.SUSPENDED},
        {"renewal_filed_on": date(2024, 9, 1)},
        {"replaces": "SC-0000"},
        {"district": "110101"},
        {"phone_roles": (ContactRole.AGENT,)},
        {"phones": ()},
        {"phones": (PHONE_2,)},
        {"phones": (PHONE_1, PHONE_2)},
    ],
    ids=str,
)
async def test_a_change_of_any_field_of_a_register_is_a_change_of_the_permit(
    ledger: Ledger, change: dict[str, Any]
) -> None:
    await ledger.register(permit())
    assert await ledger.register(permit(**change)) == ["changed"]
    assert await ledger.register(permit(**change)) == ["unchanged"]


async def test_a_district_that_is_no_code_is_left_empty(ledger: Ledger) -> None:
    assert await ledger.register(permit(district="Dongcheng")) == ["registered"]
    assert await ledger.register(permit()) == ["unchanged"]
    [row] = ledger.rows("SELECT district FROM permits")
    assert row["district"] is None


async def test_an_unchanged_permit_is_not_written_again(ledger: Ledger) -> None:
    await ledger.register(permit())
    before = ledger.rows("SELECT * FROM permits")
    ledger.clock.move_to(START + DAY)
    await ledger.register(permit())
    assert ledger.rows("SELECT * FROM permits") == before


async def test_two_registrations_of_one_permit_are_one_row(ledger: Ledger) -> None:
    outcomes = await ledger.register(
        permit(), permit("SC-0002"), permit(holder="Another"), permit(holder="Another")
    )
    assert outcomes == ["registered", "registered", "changed", "unchanged"]
    assert len(ledger.rows("SELECT * FROM permits")) == 2


async def test_the_same_number_of_another_type_is_another_permit(
    ledger: Ledger,
) -> None:
    await ledger.register(permit(), permit(rule="cn-food-business-license"))
    assert len(ledger.rows("SELECT * FROM permits")) == 2


async def test_one_phone_of_many_permits_is_one_recipient(ledger: Ledger) -> None:
    await ledger.register(
        permit(phones=("+1 212 555 0101",)), permit("SC-0002", phones=(PHONE_1,))
    )
    assert len(ledger.rows("SELECT * FROM recipients")) == 1


async def test_a_phone_is_found_by_its_digest_and_decrypted_with_the_key(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    [row] = ledger.rows(
        "SELECT * FROM recipients WHERE digest = ?", ledger.phone_of(PHONE_1)
    )
    assert ledger.vault.decrypt(row["phone"], "recipients.phone") == PHONE_1
    assert row["masked"] == "+1212***0101"


async def test_no_phone_and_no_identity_number_lies_plain_on_the_disk(
    ledger: Ledger,
) -> None:
    if ledger.database.is_postgres:
        pytest.skip("its files are the server's")
    replaced = "110101199003070110"
    operator = permit(
        IDENTITY, rule=OPERATOR, holder="王", phones=(PHONE_2,), replaces=replaced
    )
    await ledger.register(permit(), operator)
    await ledger.send_at(PREPARE)
    await ledger.hear("STOP", PHONE_2)
    beside = ledger.file.parent.glob(f"{ledger.file.name}*")
    files = {file.name: file.read_bytes() for file in beside}
    assert any(name.endswith("-wal") for name in files), "the log is read as well"
    for name, whole in files.items():
        for secret in (PHONE_1, PHONE_2, IDENTITY, replaced):
            national = secret.removeprefix("+1")
            assert national.encode() not in whole, (name, secret)


async def test_an_identity_number_is_shown_masked_and_found_again_by_its_digest(
    ledger: Ledger,
) -> None:
    operator = permit(IDENTITY, rule=OPERATOR)
    assert await ledger.register(operator) == ["registered"]
    assert await ledger.register(operator) == ["unchanged"]
    rule = (await ledger.office.current_law()).rule(OPERATOR)
    [row] = ledger.rows("SELECT * FROM permits")
    assert row["number_key"] == number_key(IDENTITY, rule, ledger.vault)
    assert row["shown_number"] == "***0134"
    assert ledger.vault.decrypt(row["number"], NUMBER_COLUMN) == IDENTITY


async def test_a_renewal_cancels_the_due_reminder(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    await ledger.register(permit(expires_on=LATER))
    assert ledger.reminders() == {"prepare": ("cancelled", "renewed")}
    assert await ledger.send() == 0
    assert await ledger.audit() == []


async def test_a_filed_renewal_cancels_the_reminder_and_taking_it_back_reopens_it(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    await ledger.register(permit(renewal_filed_on=date(2024, 9, 18)))
    assert ledger.reminders() == {"prepare": ("cancelled", "renewal filed")}
    await ledger.register(permit())
    assert ledger.reminders() == {"prepare": ("due", "reopened")}
    assert await ledger.send() == 1
    assert await ledger.audit() == []


async def test_a_renewal_filed_before_the_step_ends_it_with_that_reason(
    ledger: Ledger,
) -> None:
    await ledger.register(permit(renewal_filed_on=date(2024, 9, 1)))
    assert await ledger.send_at(PREPARE) == 0
    assert ledger.reminders() == {"prepare": ("cancelled", "renewal filed")}


@pytest.mark.parametrize("right", [EARLIER, date(2025, 1, 31)])
async def test_a_corrected_date_cancels_the_reminder_for_the_wrong_one(
    ledger: Ledger, right: date
) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    await ledger.register(permit(expires_on=right))
    assert ledger.reminders() == {"prepare": ("cancelled", "expiry corrected")}


async def test_a_holder_whose_text_named_too_late_a_day_gets_a_correction_at_once(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1
    ledger.clock.move_to(PREPARE + timedelta(hours=1))
    await ledger.register(permit(expires_on=EARLIER))
    assert await ledger.send_at(PREPARE + timedelta(hours=1)) == 1
    first, second = ledger.provider.posted
    assert first.body != second.body
    assert await ledger.audit() == []


async def test_a_date_moved_later_is_announced_no_sooner_than_three_days_after(
    ledger: Ledger,
) -> None:
    await ledger.register(permit(expires_on=EARLIER))
    first = ledger.rows("SELECT due_at FROM slots ORDER BY due_at")[0]["due_at"]
    start = PREPARE.fromisoformat(f"{first}+00:00")
    assert await ledger.send_at(start) == 1
    later = max(start, PREPARE)
    ledger.clock.move_to(later)
    await ledger.register(permit())
    assert await ledger.send_at(later) == 0
    [row] = ledger.rows("SELECT * FROM reminders WHERE state = 'due'")
    assert row["hold_reason"] == "texted within 3 days"
    assert await ledger.send_at(start + 5 * DAY) == 1


async def test_a_withdrawal_ends_a_current_reminder_and_taking_it_back_reopens_it(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    assert await ledger.withdraw(permit())
    assert ledger.reminders() == {"prepare": ("cancelled", "permit withdrawn")}
    ledger.clock.move_to(LAST_CALL - SECOND)
    assert await ledger.register(permit()) == ["changed"]
    assert ledger.reminders() == {"prepare": ("due", "reopened")}
    assert await ledger.audit() == []


async def test_a_step_that_is_over_is_not_reopened(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    await ledger.withdraw(permit())
    await ledger.expand(LAST_CALL)
    assert await ledger.register(permit()) == ["changed"]
    assert ledger.reminders() == {
        "prepare": ("cancelled", "permit withdrawn"),
        "last-call": ("due", None),
    }


async def test_a_reminder_once_sent_is_not_sent_again_when_a_withdrawal_is_taken_back(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1
    await ledger.withdraw(permit())
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE + 10 * DAY) == 0
    assert ledger.reminders() == {"prepare": ("sent", None)}


async def test_withdrawing_an_unknown_permit_says_so(ledger: Ledger) -> None:
    assert not await ledger.withdraw(permit())


@pytest.mark.parametrize(
    ("phones", "reason"),
    [((), "no phone number"), ((LANDLINE,), "no mobile number"), (("n/a",), None)],
)
async def test_a_fixed_line_suppresses_the_reminder_and_a_mobile_phone_reopens_it(
    ledger: Ledger, phones: tuple[str, ...], reason: str | None
) -> None:
    await ledger.register(permit(phones=phones))
    assert await ledger.send_at(PREPARE) == 0
    told = ("suppressed", reason or "no mobile number")
    assert ledger.reminders() == {"prepare": told}
    await ledger.register(permit(phones=(*phones, PHONE_2)))
    assert ledger.reminders() == {"prepare": ("due", "reopened")}
    assert await ledger.send() == 1
    assert ledger.provider.posted[0].phone == PHONE_2
    assert await ledger.audit() == []


async def test_the_first_mobile_in_order_of_preference_is_texted(
    ledger: Ledger,
) -> None:
    await ledger.register(permit(phones=(LANDLINE, PHONE_2, PHONE_1)))
    await ledger.send_at(PREPARE)
    assert ledger.provider.posted[0].phone == PHONE_2


async def test_an_expiry_date_that_changes_and_changes_back_is_reminded_of_once(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    await ledger.register(permit(expires_on=LATER))
    await ledger.register(permit())
    assert ledger.reminders() == {"prepare": ("due", "reopened")}
    assert await ledger.send() == 1
    await ledger.register(permit(expires_on=LATER))
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE + 5 * DAY) == 0
    moves = ledger.rows("SELECT state FROM reminder_events ORDER BY id")
    assert [move["state"] for move in moves] == ["cancelled", "due", "sending", "sent"]
    assert await ledger.audit() == []


async def test_a_late_arrival_gets_the_current_step_only(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.expand(LAST_CALL)
    await ledger.register(permit("SC-0002"))
    assert ledger.reminders("SC-0002") == {"last-call": ("due", None)}
    assert await ledger.audit() == []


async def test_a_permit_that_renews_another_ends_its_reminders(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    await ledger.register(permit("SC-0002", replaces="SC-0001", expires_on=LATER))
    assert ledger.reminders() == {"prepare": ("cancelled", "renewed")}
    await ledger.expand(LAST_CALL)
    assert "last-call" not in ledger.reminders()
    assert await ledger.register(permit()) == ["unchanged"]
    assert await ledger.audit() == []


async def test_an_unknown_rule_refuses_only_its_permit(ledger: Ledger) -> None:
    refused: InvalidError | str
    first, refused, last = await ledger.register(
        permit(), permit("SC-0002", rule="cn-dog-license"), permit("SC-0003")
    )
    assert (first, last) == ("registered", "registered")
    assert isinstance(refused, InvalidError)
    [mistake] = refused.mistakes
    assert (mistake.field, mistake.found) == ("rule", "cn-dog-license")


@pytest.mark.parametrize(
    "wrong",
    [
        {"authority": "123456"},
        {"expires_on": date(1975, 1, 1)},
        {"expires_on": date(1999, 1, 1)},
        {"expires_on": date(2150, 1, 1)},
        {"expires_on": date.max},
    ],
    ids=str,
)
async def test_a_date_that_the_law_cannot_place_refuses_only_its_permit(
    ledger: Ledger, wrong: dict[str, Any]
) -> None:
    [field] = wrong
    refused, good = await ledger.register(permit("SC-0002", **wrong), permit())
    assert good == "registered"
    assert isinstance(refused, InvalidError)
    assert [mistake.field for mistake in refused.mistakes] == [field]


@pytest.mark.parametrize(
    ("one", "left_out"),
    [
        (permit(status=PermitStatus.WITHDRAWN), "inactive"),
        (permit(status=PermitStatus.SUSPENDED), "inactive"),
        (permit(expires_on=date(2024, 8, 31)), "expired"),
        (permit(expires_on=date(2024, 9, 1)), "registered"),
    ],
)
async def test_an_import_leaves_out_unknown_permits_for_which_nothing_would_be_sent(
    ledger: Ledger, one: Permit, left_out: str
) -> None:
    assert await ledger.register(one, leave_out_idle=True) == [left_out]
    left = left_out != "registered"
    assert bool(ledger.rows("SELECT * FROM permits")) != left
    assert bool(ledger.rows("SELECT * FROM recipients")) != left, "nor is its phone"


async def test_an_import_stores_the_withdrawal_of_a_known_permit(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    withdrawn = permit(status=PermitStatus.WITHDRAWN)
    assert await ledger.register(withdrawn, leave_out_idle=True) == ["changed"]
    assert ledger.reminders() == {"prepare": ("cancelled", "permit withdrawn")}


async def test_each_import_makes_its_register_fresh(ledger: Ledger) -> None:
    old = RegisterSource("office", max_age_days=7)
    await ledger.register(permit(), source=old)
    ledger.clock.move_to(PREPARE)
    await ledger.register(permit(), source=old)
    assert await ledger.send_at(PREPARE) == 1


async def test_more_permits_than_a_chunk_keep_their_order(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.flow.permits.register.CHUNK", 2)
    permits = [permit(f"SC-{at}") for at in range(7)]
    permits[3] = replace(permits[3], rule="cn-dog-license")
    outcomes = await ledger.register(*permits)
    assert [isinstance(one, InvalidError) for one in outcomes] == [
        at == 3 for at in range(7)
    ]
    assert len(ledger.rows("SELECT * FROM permits")) == 6


@pytest.mark.parametrize("newer_first", [True, False])
async def test_a_renewal_under_another_number_ends_the_old_reminders_in_either_order(
    ledger: Ledger, *, newer_first: bool
) -> None:
    old, new = permit(), permit("SC-0002", replaces="SC-0001", expires_on=LATER)
    for one in (new, old) if newer_first else (old, new):
        await ledger.register(one)
    await ledger.send_at(PREPARE)
    assert ledger.provider.posted == []
    assert await ledger.audit() == []


ELSEWHERE: dict[str, Any] = {"authority": "us-nyc"}
OTHER_TYPE: dict[str, Any] = {"rule": INDUSTRY}


@pytest.mark.parametrize("newer_first", [False, True])
@pytest.mark.parametrize("place", [ELSEWHERE, OTHER_TYPE], ids=["office", "type"])
async def test_a_renewal_ends_the_old_reminders_wherever_the_old_permit_is(
    ledger: Ledger, place: dict[str, Any], *, newer_first: bool
) -> None:
    old = permit(holder_code="91510000000000000X")
    new = replace(old, number="N-2", replaces="SC-0001", expires_on=LATER, **place)
    for one in (new, old) if newer_first else (old, new):
        assert await ledger.register(one) == ["registered"]
    await ledger.send_at(PREPARE)
    assert ledger.provider.posted == []
    assert await ledger.audit() == []


async def test_a_renewal_of_another_holders_permit_is_refused_and_named(
    ledger: Ledger,
) -> None:
    new = permit("N-2", replaces="SC-0001", expires_on=LATER, **ELSEWHERE)
    first, refused = await ledger.register(permit(), new)
    assert first == "registered"
    assert isinstance(refused, InvalidError)
    assert refused.in_one_line == (
        "permit of cn-food-production-license: replaces: found "
        f"{FOOD} SC-0001 of {OFFICE}, of another holder, expected a permit of the same "
        "holder, or nothing"
    )
    assert await ledger.send_at(PREPARE) == 1


async def test_registers_whose_names_look_like_phones_have_ages_of_their_own(
    ledger: Ledger,
) -> None:
    old = RegisterSource("2026113009.csv", max_age_days=1)
    new = RegisterSource("2026123009.csv", max_age_days=90)
    await ledger.register(permit(), source=old)
    await ledger.register(permit("SC-0002"), source=new)
    await ledger.send_at(PREPARE)
    held = ledger.rows(
        "SELECT 1 FROM reminders WHERE hold_reason = 'register is stale'"
    )
    assert len(held) == 1


async def test_a_phone_in_a_holders_name_tells_holders_apart(ledger: Ledger) -> None:
    names = ("212-555-0142 Taxi LLC", "212-777-0142 Taxi LLC")
    place = {"authority": "us-nyc", "rule": FOOD, "expires_on": LATER.isoformat()}
    new = [
        permit_from(
            {**place, "number": f"N-{n}", "holder": name, "replaces": "SC-0001"},
            "permit",
            default_authority=None,
        )
        for n, name in enumerate(names)
    ]
    await ledger.register(permit(holder=names[0]))  # as an older release stored it
    renewed, refused = await ledger.register(*new)
    assert renewed == "registered"
    assert isinstance(refused, InvalidError)
    assert await ledger.send_at(PREPARE) == 0


async def test_of_two_permits_with_a_number_a_renewal_ends_the_one_of_its_office(
    ledger: Ledger,
) -> None:
    there = permit(**ELSEWHERE)
    new = permit("N-2", holder=there.holder, replaces="SC-0001", expires_on=LATER)
    await ledger.register(there, new)
    marked = "SELECT authority FROM permits WHERE replaced"
    assert ledger.rows(marked) == [{"authority": "us-nyc"}]
    await ledger.register(permit(phones=(PHONE_2,)))
    assert ledger.rows(marked) == [{"authority": OFFICE}]


async def test_a_renewal_taken_back_leaves_the_old_permit_as_it_was(
    ledger: Ledger,
) -> None:
    new = permit("SC-0002", replaces="SC-0001", expires_on=LATER)
    await ledger.register(permit(), new)
    await ledger.expand(PREPARE)
    await ledger.register(replace(new, replaces=None))
    assert await ledger.send() == 1
    assert ledger.reminders() == {"prepare": ("sent", None)}
    assert await ledger.audit() == []


async def test_a_withdrawn_renewal_gives_the_old_permit_its_reminder_back(
    ledger: Ledger,
) -> None:
    newer = permit("SC-0002", replaces="SC-0001", expires_on=LATER)
    await ledger.register(permit(), newer)
    await ledger.expand(PREPARE)
    await ledger.withdraw(newer)
    assert await ledger.send() == 1
    assert ledger.reminders() == {"prepare": ("sent", None)}
    assert await ledger.audit() == []


async def test_of_two_permits_that_name_each_other_one_is_still_reminded(
    ledger: Ledger,
) -> None:
    await ledger.register(
        permit(replaces="SC-0002"), permit("SC-0002", replaces="SC-0001")
    )
    assert await ledger.send_at(PREPARE) == 1


async def test_a_permit_belongs_to_the_register_that_listed_it_last(
    ledger: Ledger,
) -> None:
    await ledger.register(permit(), source=RegisterSource("old", max_age_days=3))
    ledger.clock.move_to(PREPARE)
    await ledger.register(permit(), source=RegisterSource("new", max_age_days=3))
    assert await ledger.send_at(PREPARE) == 1


async def test_an_import_without_one_good_row_does_not_make_its_register_fresh(
    ledger: Ledger,
) -> None:
    await ledger.register(permit(rule="cn-unknown"), source=RegisterSource("broken", 3))
    assert ledger.rows("SELECT * FROM registers WHERE name = 'broken'") == []


async def test_a_number_with_an_extension_is_another_phone(ledger: Ledger) -> None:
    phones = (f"{PHONE_1} ext. 12", PHONE_1)
    await ledger.register(permit(phones=phones[:1]), permit("SC-0002", phones=phones))
    lines = ledger.rows("SELECT masked, line FROM recipients ORDER BY line")
    assert [one["line"] for one in lines] == ["fixed", "mobile"]
    assert {one["masked"] for one in lines} == {"+1212***0101"}
    await ledger.send_at(PREPARE)
    assert [one.phone for one in ledger.provider.posted] == [PHONE_1]


async def test_a_phone_once_read_wrongly_is_read_again(ledger: Ledger) -> None:
    await ledger.register(permit())
    ledger.tamper("UPDATE recipients SET line = 'fixed'")
    assert await ledger.register(permit()) == ["unchanged"]
    [row] = ledger.rows("SELECT line FROM recipients")
    assert row["line"] == "mobile"


async def test_a_file_of_withdrawals_alone_keeps_its_register_fresh(
    ledger: Ledger,
) -> None:
    await ledger.register(permit(), source=CITY)
    ledger.clock.move_to(START + DAY)
    known, unknown = (
        Withdrawal(authority=OFFICE, rule=FOOD, number=number)
        for number in ("SC-0001", "SC-0009")
    )
    [outcome] = await ledger.register(source=CITY, withdrawals=[known])
    ledger.clock.move_to(START + 2 * DAY)
    await ledger.register(source=CITY, withdrawals=[unknown])
    [row] = ledger.rows("SELECT name, loaded_at FROM registers")
    assert (outcome, row["name"]) == ("changed", CITY.name)
    assert row["loaded_at"].startswith("2024-09-02"), "nothing is known of the other"
