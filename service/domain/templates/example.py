"""A permit to show a text with: a registered one, or what the law makes of a date."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from service.domain.deadlines.window import Window
from service.domain.law.authority import Authority
from service.domain.law.rule import Language, Rule, Version
from service.domain.lawbook.law import Law
from service.domain.messages.facts import Facts, gather_facts

SAMPLE_EXPIRES_IN: Final = timedelta(days=180)
"""When a permit expires that is made up because none was named."""


@dataclass(frozen=True, slots=True)
class ExamplePermit:
    """What a text about one permit is made of; its `number` may be made up."""

    rule: Rule
    version: Version
    window: Window
    office: Authority
    number: str

    def gather_facts(self, language: Language) -> Facts:
        """What the office may tell its holder in a language."""
        return gather_facts(
            self.rule, self.version, self.window, self.office, self.number, language
        )


def make_example(
    law: Law,
    rule_code: str,
    authority: str,
    expires_on: date,
    *,
    version: str | None = None,
    number: str | None = None,
) -> ExamplePermit:
    """Date a permit by a version, or the one the law picks.

    Without a `number` one is made up. Raises `UnknownError`, `NotInForceError`,
    `NeverRemindsError`, and `InvalidError` for a date outside the calendars.
    """
    rule = law.rule(rule_code)
    if version:
        governing = law.version(version)
    else:
        governing = law.version_for(rule_code, authority, expires_on)
    return ExamplePermit(
        rule,
        governing,
        law.ladder(rule_code, governing, authority, expires_on).window,
        law.sending_office(authority),
        number or _sample_number(rule.number_tail),
    )


def make_any_example(
    law: Law, name: str, authority: str | None, today: date
) -> ExamplePermit | None:
    """Make up a permit that gets a template; None where there is no office or rule.

    Of the `authority` that is meant, else of the first that sends.
    """
    codes = [authority] if authority else sorted(law.authorities)
    for office in map(law.authority, codes):
        for rule, version in law.versions_with_template(name):
            if rule.calendar == office.calendar and not version.jurisdiction:
                return make_example(
                    law, rule.code, office.code, today + SAMPLE_EXPIRES_IN
                )
    return None


def _sample_number(tail: int) -> str:
    return "".join(str(at % 10) for at in range(1, tail + 1))
