"""Compute the dates of a permit twice: by the service, and by walking day by day."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from service.adapters.calendars.holidays import calendars, china
from service.adapters.rules.files import read_authorities, read_rules
from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.deadlines.slot import current_slot
from service.domain.law.authority import Authority
from service.domain.lawbook.law import Law
from service.settings import shipped_folder
from tests.cases import workdays
from tests.cases.casefile import EXAMPLE_OFFICE, Answer, Asked
from tests.cases.oracle import Bare, compute_dates
from tests.cases.texts import rules_of
from tests.cases.workdays import Works

CALENDARS: Final = {**calendars(), "CN": china(workdays.PUBLISHED.year)}
"""The last notice known when the cases were worked out, whatever is published since."""

RULES: Final = read_rules(
    shipped_folder("schedules"),
    templates=JinjaTemplateLibrary(shipped_folder("templates")).step_templates(),
    calendars=CALENDARS,
)
OFFICES: Final = read_authorities(
    shipped_folder("examples") / "authorities.toml", calendars=CALENDARS
)
TEXTS: Final = rules_of(shipped_folder("schedules"))

WORKS: Final[Mapping[str, Works]] = {
    "CN": workdays.china,
    "GB": workdays.britain,
    "US": workdays.america,
}
ZONES: Final = {
    "CN": "Asia/Shanghai",
    "GB": "Europe/London",
    "US": "America/New_York",
}


def by_the_service(rule: str, authority: str, asked: Asked) -> tuple[Answer, bool]:
    """The dates of the service, and whether they are provisional."""
    law = _law(RULES[rule].calendar, authority, asked.unqualified_days)
    version = law.version_for(rule, authority, asked.expires_on, asked.issued_on)
    ladder = law.ladder(rule, version, authority, asked.expires_on)
    office = law.sending_office(authority)
    stands = None
    if asked.today is not None:
        evening = office.to_utc(asked.today, office.sends_until)
        slot = current_slot(ladder.slots, evening)
        stands = slot.step if slot else "nothing"
    answer = Answer(
        version=version.series,
        opens_on=ladder.window.opens_on,
        closes_on=ladder.window.closes_on,
        closes_on_lenient=ladder.window.closes_on_lenient,
        steps=[
            (slot.step, slot.due_at.astimezone(office.zone).date())
            for slot in ladder.slots
        ],
        stands=stands,
    )
    return answer, ladder.window.provisional


def by_walking(
    rule: str, authority: str, asked: Asked, works: Works | None = None
) -> Answer:
    """The dates without the service; raises `UnpublishedError`."""
    found = compute_dates(
        TEXTS[rule],
        lineage(authority),
        asked.expires_on,
        issued_on=asked.issued_on,
        works=works or WORKS[RULES[rule].calendar],
        bare=asked.unqualified_days,
    )
    return Answer(
        version=found.version,
        opens_on=found.opens_on,
        closes_on=found.closes_on,
        closes_on_lenient=found.closes_on_lenient,
        steps=[(one.step, one.on) for one in found.sent],
        stands=found.stands(asked.today) if asked.today else None,
    )


def lineage(authority: str) -> list[str]:
    """An office, and its province if the code is one of a city or county."""
    province = f"{authority[:2]}0000"
    return list(
        dict.fromkeys([authority, province] if authority.isdigit() else [authority])
    )


@cache
def _law(calendar: str, authority: str, bare: Bare) -> Law:
    above = lineage(authority)
    offices = {
        code: replace(_office(code, calendar), unqualified_days=bare, parent=parent)
        for code, parent in zip(above, [*above[1:], None], strict=True)
    }
    return Law(RULES, offices, CALENDARS)


def _office(code: str, calendar: str) -> Authority:
    if code in OFFICES:
        return OFFICES[code]
    like = OFFICES[EXAMPLE_OFFICE]
    return replace(like, code=code, calendar=calendar, zone=ZoneInfo(ZONES[calendar]))
