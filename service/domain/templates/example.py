"""An example permit for the preview of a template."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from service.domain.deadlines.slot import Ladder
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
    ladder: Ladder
    office: Authority
    number: str

    @property
    def window(self) -> Window:
        """The days in which its renewal may be applied for."""
        return self.ladder.window

    def gather_facts(self, language: Language, template: str | None = None) -> Facts:
        """The facts about the permit on the day on which the template is sent.

        That is the day of the first step with this template, else the closing.
        """
        slots = [one for one in self.ladder.slots if one.template == template]
        today = self.window.closes_on
        if slots:
            today = slots[0].due_at.astimezone(self.office.zone).date()
        return gather_facts(
            self.rule,
            self.version,
            self.window,
            self.office,
            self.number,
            language,
            today=today,
            grace_ends_on=self.ladder.grace_ends.get(slots[0].step) if slots else None,
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
        law.ladder(rule_code, governing, authority, expires_on),
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
