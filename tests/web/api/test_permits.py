from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from service.app import Installation

Ask = Callable[..., Awaitable[tuple[int, Any]]]
PassAt = Callable[[datetime], Awaitable[None]]

FOOD = "/v1/permits/cn-food-production-license"
PERMIT = f"{FOOD}/SC10199000000142"
OPERATOR = "/v1/permits/cn-special-equipment-operator-certificate"
IDENTITY = "990000199001010142"


async def states(ask: Ask) -> list[str]:
    """The states of the permit's reminders."""
    _, shown = await ask("GET", PERMIT)
    return [one["state"] for one in shown["reminders"]]


async def test_a_new_permit_is_created_and_shown_with_its_phones_masked(
    ask: Ask, fields: dict[str, Any]
) -> None:
    status, made = await ask("PUT", PERMIT, fields)
    assert status == 201
    assert made == {
        "authority": "990000",
        "rule": "cn-food-production-license",
        "number": "SC10199000000142",
        "holder": "临江甜点有限公司",
        "holder_code": "91990000MA00000142",
        "phones": [
            {
                "phone": "+1212***0142",
                "line": "mobile",
                "role": None,
                "is_texted": True,
            },
            {
                "phone": "+8610****5678",
                "line": "fixed",
                "role": None,
                "is_texted": False,
            },
        ],
        "language": None,
        "issued_on": None,
        "expires_on": "2024-12-31",
        "status": "active",
        "status_reason": None,
        "renewal_filed_on": None,
        "replaced": False,
        "district": None,
        "version": "cn-food-production-license@2020-03-01.1",
        "reminders": [],
        "renewals": [],
    }
    assert await ask("GET", PERMIT) == (200, made)


async def test_a_permit_shows_whose_phone_is_texted_and_is_found_by_its_district(
    ask: Ask, fields: dict[str, Any]
) -> None:
    phones = [
        {"phone": "010-12345678", "role": "representative"},
        {"phone": "+12125550142", "role": "agent"},
    ]
    _, made = await ask(
        "PUT", PERMIT, {**fields, "phones": phones, "district": "１１０１０１"}
    )
    assert made["district"] == "110101"
    assert [(one["role"], one["is_texted"]) for one in made["phones"]] == [
        ("representative", False),
        ("agent", True),
    ]
    for digits, found in {"11": 1, "1101": 1, "110101": 1, "12": 0}.items():
        _, page = await ask("GET", f"/v1/permits?district={digits}")
        assert len(page["items"]) == found
    assert (await ask("GET", "/v1/permits?district=1"))[0] == 422


@pytest.mark.parametrize(
    "wrong",
    [
        {"district": "Dongcheng"},
        {"district": 110101},
        {"phones": [{"phone": "+12125550142", "role": "cousin"}]},
        {"phones": [{"phone": "+12125550142"}]},
    ],
)
async def test_a_district_or_role_that_is_none_is_a_mistake(
    ask: Ask, fields: dict[str, Any], wrong: dict[str, Any]
) -> None:
    status, answer = await ask("PUT", PERMIT, {**fields, **wrong})
    assert status == 422
    (mistake,) = answer["errors"]
    assert mistake["field"] in wrong


async def test_putting_a_permit_again_changes_it_or_leaves_it(
    ask: Ask, fields: dict[str, Any]
) -> None:
    await ask("PUT", PERMIT, fields)
    status, same = await ask("PUT", PERMIT, fields)
    assert (status, same["expires_on"]) == (200, "2024-12-31")
    status, changed = await ask("PUT", PERMIT, fields | {"expires_on": "2029-12-31"})
    assert (status, changed["expires_on"]) == (200, "2029-12-31")


async def test_an_expiry_date_of_null_is_a_permit_without_an_end(
    ask: Ask, fields: dict[str, Any]
) -> None:
    status, made = await ask("PUT", PERMIT, fields | {"expires_on": None})
    assert (status, made["expires_on"]) == (201, None)
    assert await ask("GET", PERMIT) == (200, made)
    del fields["expires_on"]
    status, problem = await ask("PUT", PERMIT, fields)
    assert (status, "expires_on: found nothing" in problem["detail"]) == (422, True)


async def test_a_field_that_is_left_out_has_no_value(
    ask: Ask, fields: dict[str, Any]
) -> None:
    await ask("PUT", PERMIT, fields | {"renewal_filed_on": "2024-10-08"})
    _, stored = await ask("PUT", PERMIT, fields)
    assert stored["renewal_filed_on"] is None


@pytest.mark.parametrize(
    "repeated",
    [
        {"rule": "cn-food-production-license"},
        {"number": "ＳＣ１０１９９００００００１４２"},
        {"number": " SC10199000000142 ", "authority": "990000"},
        {"rule": "", "number": None},
    ],
)
async def test_the_body_may_repeat_the_address(
    ask: Ask, fields: dict[str, Any], repeated: dict[str, Any]
) -> None:
    address = f"{PERMIT}?authority=990000"
    status, _ = await ask("PUT", address, fields | repeated)
    assert status == 201


async def test_every_mistake_is_reported_at_once_and_nothing_is_stored(
    ask: Ask, fields: dict[str, Any]
) -> None:
    wrong = {
        "rule": "us-nyc-parking",
        "number": 142,
        "authority": "us-nyc",
        "expires_on": "31/12/2024",
        "colour": "red",
        "phones": [12125550142],
    }
    address = f"{PERMIT}?authority=990000"
    status, told = await ask("PUT", address, fields | wrong)
    assert status == 422
    assert {one["field"] for one in told["errors"]} == set(wrong)
    assert (await ask("GET", PERMIT))[0] == 404


async def test_a_permit_of_an_unknown_authority_is_a_mistake(
    ask: Ask, fields: dict[str, Any]
) -> None:
    status, told = await ask("PUT", PERMIT, fields | {"authority": "110000"})
    assert status == 422
    assert told["errors"][0]["field"] == "authority"
    assert "990000, us-nyc" in told["detail"]


async def test_an_expiry_before_the_law_was_in_force_is_a_mistake(
    ask: Ask, fields: dict[str, Any]
) -> None:
    status, told = await ask("PUT", PERMIT, fields | {"expires_on": "2005-08-31"})
    assert status == 422
    assert "the first is in force from 2005-09-01" in told["detail"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/permits/cn-kite-flying/1", "rule"),
        (f"{FOOD}/1?authority=110000", "authority"),
    ],
)
async def test_an_unknown_rule_or_authority_is_not_found(
    ask: Ask, fields: dict[str, Any], method: str, path: str, kind: str
) -> None:
    status, told = await ask(method, path, fields if method == "PUT" else None)
    assert status == 404
    assert f"unknown {kind}" in told["detail"]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_an_unknown_permit_is_not_found(ask: Ask, method: str) -> None:
    status, told = await ask(method, PERMIT)
    assert status == 404
    assert "unknown permit" in told["detail"]


async def test_a_withdrawn_permit_stays_on_record_and_can_be_put_back(
    ask: Ask, fields: dict[str, Any]
) -> None:
    await ask("PUT", PERMIT, fields)
    assert await ask("DELETE", PERMIT) == (204, None)
    assert (await ask("GET", PERMIT))[1]["status"] == "withdrawn"
    assert (await ask("PUT", PERMIT, fields))[1]["status"] == "active"


async def test_withdrawing_ends_the_reminder_that_was_due(
    ask: Ask, fields: dict[str, Any], pass_at: PassAt, installation: Installation
) -> None:
    await ask("PUT", PERMIT, fields)
    await installation.pause_store.pause(
        "all", "test", "a test", installation.clock.now()
    )
    await pass_at(datetime(2024, 9, 19, 1, 30, tzinfo=UTC))
    assert await states(ask) == ["due"]
    await ask("DELETE", PERMIT)
    assert await states(ask) == ["cancelled"]


async def test_a_number_may_hold_a_slash_and_chinese_characters(
    ask: Ask, fields: dict[str, Any]
) -> None:
    status, made = await ask("PUT", f"{FOOD}/%E4%BA%AC%2F%EF%BC%91-2", fields)
    assert (status, made["number"]) == (201, "京/1-2")
    assert (await ask("GET", f"{FOOD}/%E4%BA%AC%2F1-2"))[0] == 200


async def test_a_permit_is_found_by_its_identity_number_and_shown_masked(
    ask: Ask, fields: dict[str, Any]
) -> None:
    status, made = await ask("PUT", f"{OPERATOR}/{IDENTITY}", fields)
    assert status == 201
    assert IDENTITY not in str(made)
    assert made["number"].startswith("***")
    status, found = await ask("GET", f"{OPERATOR}/{IDENTITY}")
    assert (status, found) == (200, made)
    _, listed = await ask("GET", "/v1/permits")
    assert IDENTITY not in str(listed)


async def test_a_reminder_is_shown_with_its_outcome(
    ask: Ask, fields: dict[str, Any], pass_at: PassAt
) -> None:
    await ask("PUT", PERMIT, fields)
    await pass_at(datetime(2024, 9, 19, 1, 30, tzinfo=UTC))
    _, shown = await ask("GET", PERMIT)
    (reminder,) = shown["reminders"]
    assert reminder == {
        "step": "prepare",
        "expires_on": "2024-12-31",
        "due_at": "2024-09-19T01:30:00Z",
        "state": "sent",
        "reason": None,
        "hold_reason": None,
        "next_at": None,
        "sent_at": "2024-09-19T01:35:00Z",
    }


async def test_a_renewal_names_a_permit_of_the_same_holder_in_any_office(
    ask: Ask, fields: dict[str, Any]
) -> None:
    old, new = f"{FOOD}/SC0001", f"{FOOD}/SC0002"
    there = "?authority=us-nyc"
    assert (await ask("PUT", old, fields))[0] == 201
    renewal = fields | {"replaces": "SC0001", "expires_on": "2029-12-31"}
    others = renewal | {"holder_code": "91990000MA00000150"}
    status, problem = await ask("PUT", new + there, others)
    assert status == 422
    assert "SC0001 of 990000, of another holder" in problem["detail"]
    assert (await ask("PUT", new + there, renewal))[0] == 201
    _, stored = await ask("GET", old)
    assert stored["replaced"] is True


@pytest.mark.parametrize("changed", [{}, {"expires_on": "2029-12-31"}])
async def test_a_permit_of_a_register_stays_in_it(
    ask: Ask,
    fields: dict[str, Any],
    installation: Installation,
    changed: dict[str, Any],
) -> None:
    await ask("PUT", PERMIT, fields)
    async with installation.database.write() as connection:
        for statement in (
            "INSERT INTO registers (name, loaded_at) VALUES ('city', '2024-01-01')",
            "UPDATE permits SET register = 'city'",
        ):
            await connection.exec_driver_sql(statement)
    await ask("PUT", PERMIT, fields | changed)
    async with installation.database.read() as connection:
        found = await connection.exec_driver_sql("SELECT register FROM permits")
        assert found.scalars().all() == ["city"]
