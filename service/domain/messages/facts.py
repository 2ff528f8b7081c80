"""The facts that a text about one permit may use."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Protocol

from service.domain.deadlines.window import Window
from service.domain.law.authority import Authority
from service.domain.law.rule import Language, Rule, Version
from service.domain.messages.dates import format_day, format_edge


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The values that a template may use, in the language of the recipient.

    `addressee` addresses the holder: 贵单位, 您的 or Your. `signature` is the name
    without 【】: the template adds what its language needs. `tail` is the end of the
    permit number; `late` says what a late application costs.
    """

    language: Language
    signature: str
    addressee: str
    certificate: str
    action: str
    tail: str
    expires_on: date
    closes_on: date
    opens_on: date | None
    provisional: bool
    late: str | None
    apply_at: str
    helpline: str
    opt_out: str

    def template_values(self) -> Mapping[str, str | bool | None]:
        """The facts by name, with days in words (see `format_edge`)."""
        values = {name: getattr(self, name) for name in _NAMES}
        opens_on = self._format_edge(self.opens_on) if self.opens_on else None
        return values | {
            "expires_on": format_day(self.expires_on, self.language),
            "closes_on": self._format_edge(self.closes_on),
            "opens_on": opens_on,
        }

    def _format_edge(self, day: date) -> str:
        return format_edge(
            day, self.expires_on, self.language, provisional=self.provisional
        )


class TemplateValues(Protocol):
    """The facts from which a template is rendered."""

    @property
    def language(self) -> Language:
        """The language of the text."""

    def template_values(self) -> Mapping[str, object]:
        """The facts by name, with days in words."""


_NAMES = tuple(fact.name for fact in fields(Facts))

FACT_NAMES = frozenset(_NAMES)
"""The names that a template may use."""


def gather_facts(  # noqa: PLR0917 - six nouns of six types, none of them optional
    rule: Rule,
    version: Version,
    window: Window,
    authority: Authority,
    number: str,
    language: Language,
) -> Facts:
    """Gather the facts about one permit; `authority` is the office that sends."""
    return Facts(
        language=language,
        signature=authority.signature.in_language(language),
        addressee=_addressee(rule, language),
        certificate=rule.certificate.in_language(language),
        action=rule.action.in_language(language),
        tail=number[max(0, len(number) - rule.number_tail) :],
        expires_on=window.expires_on,
        closes_on=window.closes_on,
        opens_on=window.opens_on,
        provisional=window.provisional,
        late=version.late.in_language(language) if version.late else None,
        apply_at=authority.apply_at.in_language(language),
        helpline=authority.helpline,
        opt_out=authority.opt_out.in_language(language),
    )


def _addressee(rule: Rule, language: Language) -> str:
    if language == "en":
        return "Your"
    return "贵单位" if rule.holder == "organization" else "您的"
