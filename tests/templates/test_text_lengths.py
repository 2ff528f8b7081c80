from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product

import pytest

from service.adapters.calendars.holidays import calendars
from service.adapters.templates.names import LANGUAGES
from service.domain.deadlines.ladder import LadderComputation, compute_ladder
from service.domain.law.rule import CONTACT_NOW, CORRECTION, Language
from service.domain.messages.facts import gather_facts
from service.domain.messages.segments import measure
from service.domain.templates.requirements import render_longest
from tests.schedules.catalogue import LAW, OFFICES, RULES, WORDS

EXPIRIES = [date(2026, 1, 1) + timedelta(days=11 * step) for step in range(80)]
NUMBER = "TS0000000123-2027"


def refuse_long(templates_sent: str, language: str) -> None:
    size = measure(templates_sent)
    assert size.encoding == {"zh": "UCS-2", "en": "GSM-7"}[language], templates_sent
    assert size.segments <= 2, f"{size.units} units: {templates_sent}"


def texts(dated: LadderComputation) -> Iterator[tuple[str, date, date | None]]:
    """The texts of one permit, each with its day and the end of the grace.

    They are its steps, a correction, and a call to contact the office.
    """
    ladder = dated.to_ladder()
    for slot in ladder.slots:
        day = slot.due_at.astimezone(dated.sender.zone).date()
        yield slot.template, day, ladder.grace_ends.get(slot.step)
    if ladder.slots:
        yield CORRECTION, dated.window.closes_on, None
    if ladder.slots and dated.version.late_filing == "accepted":
        yield CONTACT_NOW, dated.window.expires_on, None


@pytest.mark.parametrize("code", RULES)
def test_every_text_of_every_rule_takes_at_most_two_segments(code: str) -> None:
    known, rule = calendars(), RULES[code]
    for version, office in product(rule.versions, OFFICES.values()):
        if office.calendar != rule.calendar:
            continue
        for expires_on in EXPIRIES:
            dated = compute_ladder(rule, version, expires_on, office, known)
            for (template, day, grace), language in product(texts(dated), LANGUAGES):
                facts = gather_facts(
                    rule,
                    version,
                    dated.window,
                    office,
                    NUMBER,
                    language,
                    today=day,
                    grace_ends_on=grace,
                )
                refuse_long(WORDS.render_sms(template, facts), language)


@pytest.mark.parametrize("name", sorted(WORDS.step_templates()))
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_longest_certificate_and_the_longest_number_fit_as_well(
    name: str, language: Language
) -> None:
    page = WORDS.compile(name, language, WORDS.shipped_text(name, language))
    refuse_long(render_longest(name, language, page.render, None).text, language)


@pytest.mark.parametrize("name", sorted(WORDS.step_templates()))
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_longest_values_are_those_of_the_law_as_well(
    name: str, language: Language
) -> None:
    page = WORDS.compile(name, language, WORDS.shipped_text(name, language))
    of_all = render_longest(name, language, page.render, None)
    by_law = render_longest(name, language, page.render, LAW)
    assert by_law.size.units >= of_all.size.units
    assert by_law.size.segments == 2
