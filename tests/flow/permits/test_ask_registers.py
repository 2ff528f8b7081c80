"""A register is asked about a permit just before the permit is texted."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from service.domain.reminders.reasons import (
    NOT_IN_REGISTER,
    REGISTER_FAILED,
    REGISTER_NOT_ASKED,
)
from service.flow.permits import ask_registers as module
from service.flow.permits.ask_registers import ask_registers
from tests.flow.ledger import LAST_CALL, OPERATOR, PREPARE, Ledger, permit
from tests.flow.permits.lookups import (
    CITY,
    CityRegister,
    ask,
    asking,
    city_database,
    city_register,
    city_source,
    held_by,
    record,
    send_and_ask,
)
from tests.flow.sending.guarded_days import pass_at

IDENTITY = "110101199003070118"

QUERY = "SELECT * FROM licences WHERE licence = :number"


@pytest.fixture
async def city() -> AsyncIterator[CityRegister]:
    async with city_register() as register:
        yield register


async def due(
    ledger: Ledger, city: CityRegister, *numbers: str, **keys: object
) -> None:
    """Permits of the city that are due, and that its register is asked about."""
    source = city_source(url=city.url, **keys)
    await ledger.register(*map(permit, numbers), source=source)
    await ledger.expand(PREPARE)


async def test_a_permit_that_the_register_confirms_is_texted(
    ledger: Ledger, city: CityRegister
) -> None:
    city.answers["SC-0001"] = record()
    await due(ledger, city, "SC-0001")
    assert await ledger.send() == 0
    assert held_by(ledger) == [REGISTER_NOT_ASKED]
    assert await ask(ledger) == 1
    assert held_by(ledger) == [None]
    assert await ledger.send() == 1
    assert city.asked == ["SC-0001"]
    assert await ledger.audit() == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"expires": "2029-12-31"}, "renewed"),
        ({"filed": "2024-09-18"}, "renewal filed"),
        ({"state": "void"}, "permit withdrawn"),
        ({"state": "void", "expires": "?"}, "permit withdrawn"),
        ({"expires": "长期"}, "renewed"),
    ],
)
async def test_who_renewed_yesterday_is_not_texted_today(
    ledger: Ledger, city: CityRegister, change: dict[str, str], reason: str
) -> None:
    city.answers["SC-0001"] = record(**change)
    await due(ledger, city, "SC-0001")
    assert await send_and_ask(ledger) == 0
    [ended] = ledger.rows("SELECT state, reason FROM reminders")
    assert (ended["state"], ended["reason"]) == ("cancelled", reason)
    assert ledger.provider.posted == []
    assert await ledger.audit() == []


async def test_a_new_phone_of_the_register_is_the_one_that_is_texted(
    ledger: Ledger, city: CityRegister
) -> None:
    city.answers["SC-0001"] = record(phone="+12125550177")
    await due(ledger, city, "SC-0001")
    assert await send_and_ask(ledger) == 1
    assert [one.phone for one in ledger.provider.posted] == ["+12125550177"]


async def test_a_permit_that_the_register_lacks_is_held_and_not_withdrawn(
    ledger: Ledger, city: CityRegister
) -> None:
    await due(ledger, city, "SC-0001")
    assert await send_and_ask(ledger) == 0
    assert held_by(ledger) == [NOT_IN_REGISTER]
    assert ledger.rows("SELECT status FROM permits") == [{"status": "active"}]
    city.answers["SC-0001"] = record()
    ledger.clock.move_to(PREPARE + timedelta(hours=1))
    assert await send_and_ask(ledger) == 1


async def test_a_row_that_the_mapping_skips_counts_as_not_found(
    ledger: Ledger, city: CityRegister
) -> None:
    city.answers["SC-0001"] = record(state="draft")
    await due(ledger, city, "SC-0001")
    assert await send_and_ask(ledger) == 0
    assert held_by(ledger) == [NOT_IN_REGISTER]


HOSTILE = {
    "an error": web.Response(status=500),
    "a redirect": web.Response(
        status=302, headers={"Location": "http://127.0.0.1:9/permits/SC-0001"}
    ),
    "10 MB": web.Response(text='"' + "x" * 10_000_000 + '"'),
    "no JSON": web.Response(text="<html>"),
    "a compressed answer": web.Response(
        body=b"\x1f\x8b\x08\x00", headers={"Content-Encoding": "gzip"}
    ),
    "a text": web.json_response("SC-0001"),
    "several rows": web.json_response([record(), record()]),
    "another permit": web.json_response(record("SC-0002")),
    "a day that is none": web.json_response(record(expires="+12125550123")),
    "an object for a day": web.json_response(record(expires={"day": 1})),
    "no name": web.json_response({"licence": "SC-0001"}),
    "a status nobody knows": web.json_response(record(state="+12125550123")),
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_an_unusable_answer_holds_the_text_with_one_line_that_names_nobody(
    ledger: Ledger, city: CityRegister, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    city.answers["SC-0001"] = HOSTILE[what]
    await due(ledger, city, "SC-0001")
    with caplog.at_level(logging.INFO):
        assert await send_and_ask(ledger) == 0
    assert held_by(ledger) == [REGISTER_FAILED]
    [line] = [one.getMessage() for one in caplog.records if one.name == module.__name__]
    assert line.startswith("register city-register: 1 of 1 look-ups failed: ")
    assert "SC-0001" not in line
    assert "Holder" not in line
    assert "5550123" not in line


async def test_a_register_without_the_encryption_it_promises_is_a_failure(
    ledger: Ledger, city: CityRegister, caplog: pytest.LogCaptureFixture
) -> None:
    city.url = city.url.replace("http:", "https:")
    await due(ledger, city, "SC-0001")
    assert await send_and_ask(ledger) == 0
    assert held_by(ledger) == [REGISTER_FAILED]
    assert "1 of 1 look-ups failed: ClientConnector" in caplog.text


async def test_a_pass_cuts_off_what_takes_too_long_and_the_next_one_asks_it(
    ledger: Ledger, city: CityRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.hangs.add("SC-0001")
    city.answers["SC-0001"] = record()
    await due(ledger, city, "SC-0001")
    await ledger.send()
    with monkeypatch.context() as later:
        late = module.LONGEST_ASKING + 1
        later.setattr(module, "monotonic_now", lambda: late if city.asked else 0.0)
        assert await ask(ledger) == 0
    assert held_by(ledger) == [REGISTER_NOT_ASKED]
    city.released.set()
    assert await send_and_ask(ledger) == 1


async def test_a_failure_lets_the_text_pass_where_the_office_chose_so(
    ledger: Ledger, city: CityRegister, caplog: pytest.LogCaptureFixture
) -> None:
    city.answers["SC-0001"] = city.answers["SC-0002"] = web.Response(status=503)
    await due(ledger, city, "SC-0001", "SC-0002", on_failure="pass")
    assert await send_and_ask(ledger) == 2
    [counted] = ledger.rows("SELECT found, not_found, failed FROM lookups")
    assert counted == {"found": 0, "not_found": 0, "failed": 2}
    lines = [one for one in caplog.records if one.name == module.__name__]
    assert len(lines) == 1


async def test_a_register_that_fails_is_asked_again_and_its_texts_go_out(
    ledger: Ledger, city: CityRegister
) -> None:
    city.answers["SC-0001"] = web.Response(status=503)
    await due(ledger, city, "SC-0001", fresh_minutes=600)
    assert await send_and_ask(ledger) == 0
    city.answers["SC-0001"] = record()
    ledger.clock.move_to(PREPARE + timedelta(minutes=9))
    assert await send_and_ask(ledger) == 0
    ledger.clock.move_to(PREPARE + timedelta(minutes=10))
    assert await send_and_ask(ledger) == 1


async def test_each_cause_is_logged_once_until_all_is_well_again(
    ledger: Ledger, city: CityRegister, caplog: pytest.LogCaptureFixture
) -> None:
    city.answers["SC-0001"] = web.Response(status=503)
    await due(ledger, city, "SC-0001")
    deps = asking(ledger)
    with caplog.at_level(logging.INFO):
        for minutes in (0, 10, 20):
            ledger.clock.move_to(PREPARE + timedelta(minutes=minutes))
            await send_and_ask(ledger, deps)
        city.answers["SC-0001"] = record()
        ledger.clock.move_to(PREPARE + timedelta(minutes=30))
        await send_and_ask(ledger, deps)
    assert [
        one.getMessage() for one in caplog.records if one.name == module.__name__
    ] == [
        "register city-register: 1 of 1 look-ups failed: status 503",
        "register city-register: look-ups succeed again",
    ]


async def test_an_answer_counts_for_its_minutes_and_no_longer(
    ledger: Ledger, city: CityRegister
) -> None:
    city.answers["SC-0001"] = record()
    await due(ledger, city, "SC-0001", fresh_minutes=60)
    await ledger.send()
    await ask(ledger)
    ledger.clock.move_to(PREPARE + timedelta(minutes=60))
    assert await ledger.send() == 0
    assert await ask(ledger) == 1
    ledger.clock.move_to(PREPARE + timedelta(minutes=119))
    assert await send_and_ask(ledger) == 1
    assert city.asked == ["SC-0001"] * 2


async def test_the_next_step_is_asked_about_anew(
    ledger: Ledger, city: CityRegister
) -> None:
    city.answers["SC-0001"] = record()
    await due(ledger, city, "SC-0001")
    assert await send_and_ask(ledger) == 1
    city.answers["SC-0001"] = record(expires="2029-12-31")
    await ledger.expand(LAST_CALL)
    assert await send_and_ask(ledger) == 0
    assert city.asked == ["SC-0001"] * 2


async def test_other_registers_are_not_asked_and_wait_for_nobody(
    ledger: Ledger, city: CityRegister
) -> None:
    await due(ledger, city, "SC-0001")
    await ledger.register(permit("SC-0002"))
    await ledger.expand(PREPARE)
    assert await ledger.send() == 1
    assert ledger.rows("SELECT permit_id FROM lookup_answers WHERE asked_at > ''") == []


async def test_nobody_is_asked_about_before_sending_hours(
    ledger: Ledger, city: CityRegister
) -> None:
    await due(ledger, city, "SC-0001")
    await ledger.expand(PREPARE + timedelta(hours=12))
    assert await send_and_ask(ledger) == 0
    assert held_by(ledger) == ["outside sending hours"]
    assert city.asked == []


@pytest.mark.parametrize("change", [{}, {"state": "void", "expires": "?"}])
async def test_being_asked_does_not_make_a_register_fresh(
    ledger: Ledger, city: CityRegister, change: dict[str, str]
) -> None:
    loaded = "SELECT r.*, mapping FROM registers r JOIN lookups ON register = name"
    city.answers["SC-0001"] = record(**change)
    await due(ledger, city, "SC-0001")
    before = ledger.rows(loaded)
    await send_and_ask(ledger)
    assert ledger.rows(loaded) == before != []


async def test_a_register_that_is_no_longer_asked_holds_nothing(
    ledger: Ledger, city: CityRegister
) -> None:
    await due(ledger, city, "SC-0001")
    assert await ledger.send() == 0
    await ledger.register(permit("SC-0002", phones=()), source=CITY)
    assert await ask(ledger) == 0
    ledger.clock.move_to(PREPARE + timedelta(hours=1))
    assert await ledger.send() == 1


async def test_a_register_that_hangs_is_given_up_after_three_questions(
    ledger: Ledger, city: CityRegister
) -> None:
    numbers = [f"SC-{one:04}" for one in range(1, 11)]
    city.hangs.update(numbers)
    await due(ledger, city, *numbers, timeout=0.05, at_once=1)
    assert await send_and_ask(ledger) == 0
    assert len(city.asked) == 3
    assert held_by(ledger) == [REGISTER_FAILED] * 10


async def test_no_more_questions_are_under_way_than_the_office_chose(
    ledger: Ledger, city: CityRegister
) -> None:
    numbers = [f"SC-{one:04}" for one in range(1, 21)]
    city.answers.update({one: record(one) for one in numbers})
    await due(ledger, city, *numbers, at_once=3)
    await ledger.send()
    assert await ask(ledger) == 20
    assert city.most_at_once == 3


async def test_a_stop_cuts_questions_off_and_the_next_process_asks_them(
    ledger: Ledger, city: CityRegister
) -> None:
    city.hangs.add("SC-0001")
    city.answers["SC-0001"] = record()
    await due(ledger, city, "SC-0001")
    await ledger.send()
    assert await ask_registers(asking(ledger), lambda: bool(city.asked)) == 0
    assert held_by(ledger) == [REGISTER_NOT_ASKED]
    city.released.set()
    assert await send_and_ask(ledger) == 1


async def test_a_process_killed_after_asking_loses_nothing(
    ledger: Ledger, city: CityRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.answers["SC-0001"] = record(expires="2029-12-31")
    city.answers["SC-0002"] = record("SC-0002", phone="+12125550102")
    await due(ledger, city, "SC-0001", "SC-0002")
    await ledger.send()
    killed = asking(ledger)

    async def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(killed.store, "record", die)
    with pytest.raises(KeyboardInterrupt):
        await ask(ledger, killed)
    assert await ask(ledger) == 0
    ledger.tamper("UPDATE lookup_answers SET taken_until = '2000-01-01 00:00:00'")
    assert await send_and_ask(ledger) == 1
    assert [one.phone for one in ledger.provider.posted] == ["+12125550102"]
    assert await ledger.audit() == []


async def test_one_tick_asks_and_sends(ledger: Ledger, city: CityRegister) -> None:
    city.answers["SC-0001"] = record()
    city.answers["SC-0002"] = record("SC-0002", filed="2024-09-18")
    await due(ledger, city, "SC-0001", "SC-0002")
    assert await pass_at(ledger, PREPARE) == 1
    assert sorted(city.asked) == ["SC-0001", "SC-0002"]


async def test_two_workers_ask_each_question_once(
    ledger: Ledger, city: CityRegister
) -> None:
    numbers = [f"SC-{one:04}" for one in range(1, 11)]
    city.answers.update({one: record(one) for one in numbers})
    await due(ledger, city, *numbers)
    await ledger.send()
    first = await asking(ledger).store.take(6)
    assert len(first[0].questions) == 6
    assert await ask(ledger) == 4
    assert len(city.asked) == 4


async def test_a_permit_is_found_in_a_database(ledger: Ledger, tmp_path: Path) -> None:
    file = city_database(tmp_path, record(), record("SC-0002", expires="2029-12-31"))
    await ledger.register(
        *map(permit, ("SC-0001", "SC-0002", "SC-0003")),
        source=city_source(query=QUERY, database_env="CITY_DATABASE"),
    )
    await ledger.expand(PREPARE)
    deps = asking(ledger, CITY_DATABASE=f"sqlite:///{file}")
    assert await send_and_ask(ledger, deps) == 1
    rows = ledger.rows("SELECT state FROM reminders ORDER BY permit_id")
    assert [row["state"] for row in rows] == ["sent", "cancelled", "due"]
    assert held_by(ledger) == [NOT_IN_REGISTER]


FOREVER = (
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
    "SELECT x FROM n WHERE x < 0 AND :number > ''"
)


@pytest.mark.parametrize(
    ("query", "address", "cause"),
    [
        (FOREVER, "sqlite:///{}", "no answer within 0.05 seconds"),
        (QUERY, "sqlite:///{}.missing", "OperationalError"),
        (QUERY.replace("licence =", "no ="), "sqlite:///{}", "OperationalError"),
        ("SELECT 1 AS licence, :number AS x", "sqlite:///{}", "without name, expires"),
        ("SELECT x'00' AS licence, :number AS x", "sqlite:///{}", "bytes"),
        (QUERY, "nowhere://{}", "CITY_DATABASE: NoSuchModuleError"),
        (QUERY, "", "CITY_DATABASE: ArgumentError"),
    ],
)
async def test_a_database_that_cannot_answer_holds_the_text(
    ledger: Ledger,
    tmp_path: Path,
    *,
    query: str,
    address: str,
    cause: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    file = city_database(tmp_path, record())
    timeout = 0.05 if query == FOREVER else 5
    source = city_source(query=query, database_env="CITY_DATABASE", timeout=timeout)
    await ledger.register(permit("SC-0001"), source=source)
    await ledger.expand(PREPARE)
    deps = asking(ledger, CITY_DATABASE=address.format(file))
    assert await send_and_ask(ledger, deps) == 0
    assert held_by(ledger) == [REGISTER_FAILED]
    [line] = [one.getMessage() for one in caplog.records if one.name == module.__name__]
    assert cause in line
    assert "SC-0001" not in line


async def test_a_register_gets_the_token_that_its_variable_holds(
    ledger: Ledger, city: CityRegister, caplog: pytest.LogCaptureFixture
) -> None:
    city.answers["SC-0001"] = record()
    await due(ledger, city, "SC-0001", token_env="CITY_TOKEN")  # noqa: S106 - a name
    assert await send_and_ask(ledger) == 0
    assert "CITY_TOKEN: set it" in caplog.text
    ledger.clock.move_to(PREPARE + timedelta(minutes=10))
    deps = asking(ledger, CITY_TOKEN="secret")  # noqa: S106 - nobody's
    assert await send_and_ask(ledger, deps) == 1
    assert city.tokens == ["Bearer secret"]


async def test_a_number_that_is_personal_is_stored_encrypted_and_asked_in_full(
    ledger: Ledger, city: CityRegister, caplog: pytest.LogCaptureFixture
) -> None:
    operators = datetime(2024, 9, 24, 2, tzinfo=UTC)
    city.answers[IDENTITY] = web.Response(status=503)
    source = city_source(OPERATOR, url=city.url)
    await ledger.register(permit(IDENTITY, rule=OPERATOR), source=source)
    await ledger.expand(operators)
    assert await send_and_ask(ledger) == 0
    assert held_by(ledger) == [REGISTER_FAILED]
    city.answers[IDENTITY] = record(IDENTITY)
    ledger.clock.move_to(operators + timedelta(minutes=10))
    assert await send_and_ask(ledger) == 1
    assert city.asked == [IDENTITY] * 2
    assert IDENTITY not in caplog.text


async def test_a_number_with_brackets_is_asked_in_full_width_as_well(
    ledger: Ledger, city: CityRegister
) -> None:
    number, written = "川(2024)001号", "川（2024）001号"
    city.answers[written] = record(written, name=f"Holder of {number}")
    await due(ledger, city, number)
    assert await send_and_ask(ledger) == 1
    assert city.asked == [number, written]


@pytest.mark.parametrize("number", ["A/1", "A 1", "A?1", "../A", "食1号", "A%2F1"])
async def test_a_number_reaches_the_register_as_it_is(
    ledger: Ledger, city: CityRegister, number: str
) -> None:
    city.answers[number] = record(number)
    await due(ledger, city, number)
    assert await send_and_ask(ledger) == 1
    assert city.asked == [number]
