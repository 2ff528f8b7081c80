"""What is due now, and when the next reminders fall due, of all offices."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from service.adapters.store.reports.outlook import SqlOutlookStore
from service.domain.delivery.outcome import RefusalKind, Refused
from service.domain.law_change.edits import AuthoritiesEdit
from service.flow.reports.outlook import OutlookDeps, describe_outlook
from tests.flow.law_change.test_change import closing
from tests.flow.ledger import FOOD, LAST_CALL, OFFICE, PREPARE, Ledger, permit
from tests.flow.sending.guarded_days import DAY, HOUR, many, pass_at

COUNTY = "990101"


async def outlook(ledger: Ledger) -> str:
    store = SqlOutlookStore(ledger.database)
    return await describe_outlook(OutlookDeps(ledger.office, store, ledger.clock))


async def test_the_outlook_follows_what_is_registered_and_sent(ledger: Ledger) -> None:
    assert await outlook(ledger) == "nothing due now; nothing to come"
    await ledger.register(*many(3), *many(1, renewal_filed_on=PREPARE.date()))
    until = "nothing until 2024-09-19 09:30 Asia/Shanghai; 3 due then"
    assert await outlook(ledger) == until
    ledger.clock.move_to(PREPARE + HOUR)
    later = "2024-11-11 09:30 Asia/Shanghai"
    assert await outlook(ledger) == f"3 due now; 3 more at {later}"
    assert await pass_at(ledger, PREPARE + HOUR) == 3
    assert await outlook(ledger) == f"nothing until {later}; 3 due then"
    await pass_at(ledger, LAST_CALL)
    assert await outlook(ledger) == "nothing due now; nothing to come"


async def test_what_is_paused_is_due_and_what_is_held_is_due_when_it_is_sent(
    ledger: Ledger,
) -> None:
    await ledger.register(*many(3))
    await ledger.brakes.pause("all", "Wang Min", "strike", ledger.clock.now())
    assert await pass_at(ledger, PREPARE) == 0
    later = "3 due now; 3 more at 2024-11-11 09:30 Asia/Shanghai"
    assert await outlook(ledger) == f"{later}; paused: all"
    evening = PREPARE + 9 * HOUR
    await ledger.brakes.resume("all", "Wang Min", evening)
    assert await pass_at(ledger, evening) == 0
    morning = "nothing until 2024-09-20 09:30 Asia/Shanghai; 3 due then"
    assert await outlook(ledger) == morning


async def test_reminders_that_the_law_moves_are_counted_once(ledger: Ledger) -> None:
    await ledger.register(*many(3))
    await ledger.brakes.pause("all", "Wang Min", "strike", ledger.clock.now())
    await pass_at(ledger, LAST_CALL)
    await ledger.change(await closing(ledger, "20 working days before expiry"))
    again = "3 due now; 3 more at 2024-11-25 09:30 Asia/Shanghai; paused: all"
    assert await outlook(ledger) == again, "their first step is current again"
    await ledger.change(await closing(ledger, "30 working days before expiry"))
    now = "3 due now; nothing to come; paused: all"
    assert await outlook(ledger) == now
    await pass_at(ledger, LAST_CALL)
    assert await outlook(ledger) == now


async def test_the_earliest_of_several_offices_is_said_in_its_own_time(
    ledger: Ledger,
) -> None:
    office = (await ledger.office.current_law()).authority(OFFICE)
    county = replace(office, code=COUNTY, parent=OFFICE, zone=ZoneInfo("Asia/Tokyo"))
    await ledger.change(AuthoritiesEdit([county]))
    await ledger.go_live(FOOD, authority=COUNTY)
    await ledger.register(*many(5), *many(2, authority=COUNTY))
    until = "nothing until 2024-09-19 09:30 Asia/Tokyo; 2 due then"
    assert await outlook(ledger) == until


async def test_who_gets_no_text_is_not_awaited(draft: Ledger) -> None:
    await draft.register(*many(3))
    assert await outlook(draft) == "nothing due now; nothing to come", "not live"
    await draft.go_live(FOOD)
    await pass_at(draft, LAST_CALL)
    await draft.change(await closing(draft, "20 working days before expiry"))
    assert await outlook(draft) == "nothing due now; nothing to come", "all are told"
    draft.provider.script = [Refused(RefusalKind.ROUTE, "21408", "HTTP 400")]
    await draft.register(permit())
    await pass_at(draft, LAST_CALL + 14 * DAY)
    assert await outlook(draft) == "nothing due now; nothing to come", "without a route"
