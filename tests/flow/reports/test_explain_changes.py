"""The explanation of a permit after a change of the law, and with a shadow version."""

from dataclasses import replace
from datetime import date

import pytest

from service.adapters.store.reports.explain import SqlExplainStore
from service.domain.errors import NeverRemindsError
from service.domain.law.period import Period
from service.domain.law.rule import BilingualText, NoReminderReason, Step
from service.domain.law_change.edits import RulesEdit
from service.domain.lawbook.version_choice import ExplainRequest
from service.flow.reports.explain import explain_dates, explain_with_revisions
from tests.flow.law_change.test_change import (
    SERIES,
    changed,
    closing,
    standing,
    stepping,
)
from tests.flow.ledger import EXPIRES, FOOD, OFFICE, PREPARE, Ledger, permit
from tests.flow.reports.explanations import (
    DAY,
    MINUTE,
    Answer,
    explanation,
    moves,
    outcomes,
)

ASKED = ExplainRequest(FOOD, OFFICE, EXPIRES)


async def test_a_change_of_the_law_is_explained_with_its_correction(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    ledger.clock.move_to(PREPARE + 5 * DAY)
    await ledger.change(await closing(ledger, "50 working days before expiry"))
    await ledger.send()
    answer = await explanation(ledger)
    assert answer["version"] == f"{SERIES}.2"
    assert "revision 2 of 2; installed: 1 by tester on" in answer["trace"][1]
    assert [one["step"] for one in answer["history"]] == ["prepare", "correction-1"]
    first, second = moves(answer)
    assert first[0].endswith(f"by {SERIES}.1")
    assert second[0] == "created, because an earlier text named too late a day"
    assert second[-1].endswith("; it names 2024-10-21 as the last day")


async def test_a_due_reminder_gets_new_dates(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    ledger.clock.move_to(PREPARE + MINUTE)
    await ledger.change(await closing(ledger, "31 working days before expiry"))
    [[created, redated]] = moves(await explanation(ledger))
    assert created == "created"
    assert redated.startswith("new dates: due 2024-09-1")
    assert redated.endswith(f"by {SERIES}.2")


async def test_a_step_that_was_over_when_the_law_brought_it_says_so(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    ledger.clock.move_to(PREPARE - DAY)
    rule = await standing(ledger)
    prepare, last_call = max(rule.versions, key=lambda one: one.in_force_from).steps
    at, until = Period("closing", 70), Period("closing", 65)
    early = Step("early", at, prepare.template, until)
    await ledger.change(await stepping(ledger, early, prepare, last_call))
    assert (await outcomes(ledger))["early"] == (
        "not sent: the law was changed on 2024-09-18 09:30 Asia/Shanghai, when this "
        "step was over"
    )


async def test_another_version_shows_its_dates_and_what_really_happened(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    former = f"{FOOD}@2015-10-01.1"
    answer = await explanation(ledger, former)
    assert answer["version"] == former
    assert "steps" not in answer
    assert len(answer["history"]) == 1


async def test_a_shadow_version_shows_the_dates_it_would_give(ledger: Ledger) -> None:
    law = await ledger.office.current_law()
    assert "shadow" not in explain_dates(law, ASKED)
    edit = await closing(ledger, "60 working days before expiry")
    await ledger.change(replace(edit, shadow=True))
    law = await ledger.office.current_law()
    store = SqlExplainStore(ledger.database)
    answer: Answer = await explain_with_revisions(law, ASKED, store)
    assert answer["version"] == f"{SERIES}.1"
    assert answer["shadow"]["version"] == f"{SERIES}.2"
    assert answer["shadow"]["closes_on"] == date(2024, 10, 8)
    assert "2 by tester on" in answer["trace"][1]
    assert answer["trace"][1].endswith("(shadow)")
    named = replace(ASKED, version=f"{SERIES}.2")
    answer = explain_dates(law, named)
    assert answer["closes_on"] == date(2024, 10, 8)
    assert "shadow" not in answer
    other = explain_dates(law, replace(ASKED, expires_on=date(2019, 12, 31)))
    assert "shadow" not in other


async def test_a_shadow_version_shows_for_a_registered_permit_too(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    edit = await closing(ledger, "60 working days before expiry")
    await ledger.change(replace(edit, shadow=True))
    assert (await explanation(ledger))["shadow"]["version"] == f"{SERIES}.2"


async def test_the_answer_includes_the_law_s_source_and_late_filing(
    ledger: Ledger,
) -> None:
    law = await ledger.office.current_law()
    answer: Answer = explain_dates(law, ASKED)
    assert answer["zone"] == "Asia/Shanghai"
    assert answer["late_filing"] is None
    assert answer["reference"]["article"] == "第三十四条"
    assert "never" not in answer


async def test_a_type_that_never_reminds_is_explained_if_it_has_dates(
    ledger: Ledger,
) -> None:
    rule = await changed(ledger, steps=())
    because = BilingualText("无人核实", "nobody read it")
    source = rule.versions[0].reference
    never = NoReminderReason("unverified", because, source)
    await ledger.change(RulesEdit([replace(rule, never=never)]), force="a test")
    answer: Answer = explain_dates(await ledger.office.current_law(), ASKED)
    assert answer["slots"] == []
    assert answer["never"]["because"] == "unverified"
    law = await ledger.office.current_law()
    law.rules[FOOD] = replace(law.rules[FOOD], versions=())
    with pytest.raises(NeverRemindsError, match="nobody read it"):
        explain_dates(law, ASKED)


async def test_a_step_that_is_left_out_says_why(ledger: Ledger) -> None:
    rule = await standing(ledger)
    prepare, last_call = max(rule.versions, key=lambda one: one.in_force_from).steps
    same = replace(last_call, name="same-day")
    await ledger.change(await stepping(ledger, prepare, last_call, same))
    await ledger.register(permit())
    answer = await explanation(ledger)
    assert answer["steps"][1] == {
        "step": "last-call",
        "due_at": None,
        "outcome": "left out, because same-day is not due later",
    }
