"""An example permit for the preview of a template."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from service.domain.deadlines.window import Window
from service.domain.law.authority import Authority
from service.domain.law.rule import Language, Rule, Version
from service.domain.lawbook.law import Law
from service.domain.messages.facts import Facts, gather_facts

SAMPLE_EXPIRES_IN: Final = timedelta(days=180)
"""An example permit expires so long after today, unless a permit was chosen."""


@dataclass(frozen=True, slots=True)
class ExamplePermit:
    """The parts of a text about one permit; its `number` may be invented."""

    rule: Rule
    version: Version
    window: Window
    office: Authority
    number: str

    def gather_facts(self, language: Language) -> Facts:
        """The facts about the permit in a language."""
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
    """Make an example permit; its dates come from `version` or the version in force.

    Without a `number` one is invented. Raises `UnknownError`, `NotInForceError`,
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
    """Make an example permit of the first rule and office that may send a template.

    Only of `authority`, where one is given. None if no rule sends the template.
    """
    codes = [authority] if authority else sorted(law.authorities)
    for office in map(law.authority, codes):
        for rule, version in law.versions_with_template(name):
            if rule.calendar == office.calendar and not version.jurisdiction:
                return make_example(
                    law, rule.code, office.code, today + SAMPLE_EXPIRES_IN
                )
    return None


def _sample_number(length: int) -> str:
    return "".join(str(place % 10) for place in range(1, length + 1))
