"""The facts that a text about one permit may use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Final, Protocol

from service.domain.deadlines.window import Window
from service.domain.law.authority import Authority
from service.domain.law.rule import BilingualText, Language, Rule, Version
from service.domain.messages.dates import format_day, format_edge
from service.domain.messages.plain_marks import fold_marks, plain_ending
from service.domain.messages.segments import measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The values that a template may use, in the language of the recipient.

    `addressee` addresses the holder: 贵单位, 您的 or Your. `signature` is the name
    without 【】: the template adds what its language needs. `tail` is the end of the
    permit number. `opens_on` is an opening still to come; `opened`: the opening has
    passed. `provisional`: `closes_on` is a round day before the closing, which a notice
    may still move. `grace_ends_on` is the last day on which a late application helps,
    for a text after the closing. `late` says what a late application costs.
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
    opened: bool = False
    provisional: bool
    grace_ends_on: date | None = None
    late: str | None
    apply_at: str
    helpline: str
    opt_out: str

    def template_values(self) -> Mapping[str, str | bool | None]:
        """The facts by name, with days in words (see `format_edge`)."""
        values = {name: getattr(self, name) for name in _NAMES}
        return values | {
            "expires_on": format_day(self.expires_on, self.language),
            "closes_on": self._format_edge(self.closes_on),
            "opens_on": self._format_edge(self.opens_on),
            "grace_ends_on": self._format_edge(self.grace_ends_on),
        }

    def _format_edge(self, day: date | None) -> str | None:
        return format_edge(day, self.expires_on, self.language) if day else None


MOST_SEGMENTS: Final = 2
"""Billed segments of a text at most."""


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
    *,
    today: date,
    grace_ends_on: date | None = None,
) -> Facts:
    """Gather the facts about one permit for a text of `today`.

    `authority` is the office that sends; where to apply and whom to call are the
    rule's, if it names them. A number that ends in Chinese characters only makes the
    text Chinese: in English it would take three times as many segments.
    """
    tail = number[max(0, len(number) - rule.number_tail) :]
    if language == "en" and tail and not plain_ending(tail):
        language = "zh"

    def words(text: BilingualText) -> str:
        return fold_marks(text.in_language(language), language)

    opens_on = window.opens_on
    return Facts(
        language=language,
        signature=words(authority.signature),
        addressee=_addressee(rule, language),
        certificate=words(rule.certificate),
        action=words(rule.action),
        tail=plain_ending(tail) if language == "en" else fold_marks(tail, "zh"),
        expires_on=window.expires_on,
        closes_on=window.announced_closing(today),
        opens_on=opens_on if opens_on and opens_on > today else None,
        opened=opens_on is not None and opens_on <= today,
        provisional=window.closing_may_move,
        grace_ends_on=grace_ends_on,
        late=words(version.late) if version.late else None,
        apply_at=words(rule.apply_at or authority.apply_at),
        helpline=fold_marks(rule.helpline or authority.helpline, language),
        opt_out=words(authority.opt_out),
    )


def render_briefly(render: Callable[[Facts], str], facts: Facts) -> str:
    """Render a text; one above two segments without what being late costs."""
    text = render(facts)
    if facts.late and measure(text).segments > MOST_SEGMENTS:
        return render(replace(facts, late=None))
    return text


def says_late(render: Callable[[Facts], str], facts: Facts) -> bool:
    """Whether a template names what being late costs; texts at the opening do not."""
    return render(facts) != render(replace(facts, late=None))


def _addressee(rule: Rule, language: Language) -> str:
    if language == "en":
        return "Your"
    return "贵单位" if rule.holder == "organization" else "您的"
