"""Print every text that the shipped catalogue can send, to be read by people.

Each permit type that reminds, and what provinces and cities lay over it, in both
languages: its steps, a correction, a call to contact the office where one can be sent,
a digest of two permits where it fits into one SMS, and each step with a closing that a
notice of holidays may still move.
Usage: `python tools/print_texts.py [FILE]`.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from service.adapters.calendars.holidays import calendars
from service.adapters.rules.files import read_authorities, read_rules
from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.deadlines.slot import Ladder
from service.domain.law.authority import Authority
from service.domain.law.rule import (
    CONTACT_NOW,
    CORRECTION,
    LANGUAGES,
    Language,
    Rule,
    Version,
)
from service.domain.lawbook.law import Law
from service.domain.messages.digest import (
    DIGEST,
    DIGEST_ITEM,
    MessagePart,
    digest_facts,
    digest_items,
)
from service.domain.messages.facts import (
    MOST_SEGMENTS,
    Facts,
    gather_facts,
    render_briefly,
    says_late,
)
from service.domain.messages.segments import measure

ROOT: Final = Path(__file__).parents[1]
EXPIRES_ON: Final = date(2026, 12, 31)
NUMBERS: Final = ("SC10199000000142", "SC10199000000143")
LONG_NUMBERS: Final = ("TS4251012-2026", "TS4251013-2026")
"""Numbers of special equipment: their last four characters are the expiry year."""

LONG_TAIL: Final = 9

TEMPLATES: Final = JinjaTemplateLibrary(ROOT / "templates")


def load_law() -> Law:
    """The shipped rules with the example offices, and one in London."""
    known = calendars()
    offices = read_authorities(ROOT / "examples/authorities.toml", calendars=known)
    offices["gb-london"] = replace(
        offices["us-nyc"],
        code="gb-london",
        calendar="GB",
        zone=ZoneInfo("Europe/London"),
    )
    rules = read_rules(
        ROOT / "schedules", templates=TEMPLATES.step_templates(), calendars=known
    )
    return Law(rules, offices, known)


def print_texts(law: Law) -> Iterator[str]:
    """The lines of the file: a heading for each type, then its texts."""
    texts = 0
    for rule, version in _versions_in_force(law):
        office = next(
            one for one in law.authorities.values() if one.calendar == rule.calendar
        )
        ladder = law.ladder(rule.code, version, office.code, EXPIRES_ON)
        yield f"\n## {rule.code} ({version.key}), closing {ladder.window.closes_on}\n"
        for language in LANGUAGES:
            for kind, text in _texts(rule, version, office, ladder, language):
                texts += 1
                size = measure(text)
                yield f"[{kind}, {language}, {size.segments} × {size.encoding}] {text}"
    yield f"\n{texts} texts"


def _versions_in_force(law: Law) -> Iterator[tuple[Rule, Version]]:
    """Each type that reminds with its general version, then with those of places."""
    for rule in law.rules.values():
        if rule.never is None:
            places = {one.jurisdiction for one in rule.versions}
            for place in sorted(places, key=lambda one: one or ""):
                yield (
                    rule,
                    rule.version_for(EXPIRES_ON, lineage=[place] if place else []),
                )


def _texts(
    rule: Rule, version: Version, office: Authority, ladder: Ladder, language: Language
) -> Iterator[tuple[str, str]]:
    """The texts of a type in a language, each with what it is."""
    window = ladder.window
    numbers = NUMBERS if rule.number_tail < LONG_TAIL else LONG_NUMBERS

    def facts(number: str, today: date, step: str = "", *, may_move: bool) -> Facts:
        seen = replace(window, closing_may_move=may_move)
        grace = ladder.grace_ends.get(step)
        people = (rule, version, seen, office, number, language)
        return gather_facts(*people, today=today, grace_ends_on=grace)

    for slot in ladder.slots:
        today = slot.due_at.astimezone(office.zone).date()
        certain = facts(numbers[0], today, slot.step, may_move=False)
        yield slot.step, _render(slot.template, certain)
        if slot.step in ladder.grace_ends:
            continue
        unsure = facts(numbers[0], today, slot.step, may_move=True)
        yield f"{slot.step}, provisional", _render(slot.template, unsure)
        pair = [facts(one, today, slot.step, may_move=False) for one in numbers]
        if digest := _render_digest(slot.template, pair):
            yield f"{slot.step}, digest", digest
    closing = facts(numbers[0], window.closes_on, may_move=False)
    yield CORRECTION, _render(CORRECTION, closing)
    if version.late_filing == "accepted" and window.closes_on < window.expires_on:
        yield CONTACT_NOW, _render(CONTACT_NOW, closing)


def _render(template: str, facts: Facts) -> str:
    return render_briefly(lambda one: TEMPLATES.render_sms(template, one), facts)


def _render_digest(template: str, pair: list[Facts]) -> str | None:
    """A digest as the service sends it; None where each permit has its own text."""
    kept = says_late(lambda one: TEMPLATES.render_sms(template, one), pair[0])
    late = pair[0].late if kept else None
    bundle = [
        MessagePart(
            index=index,
            template=template,
            office="",
            recipient="",
            holder="",
            alone=False,
            facts=replace(facts, late=late),
        )
        for index, facts in enumerate(pair)
    ]
    items = [TEMPLATES.render_sms(DIGEST_ITEM, one) for one in digest_items(bundle)]
    text = TEMPLATES.render_sms(DIGEST, digest_facts(bundle, items))
    return text if measure(text).segments <= MOST_SEGMENTS else None


def main() -> None:
    """Write the texts to the file that is named, else to standard output."""
    lines = "\n".join(print_texts(load_law())).lstrip() + "\n"
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(lines, "utf-8")
    else:
        sys.stdout.write(lines)


if __name__ == "__main__":
    main()
