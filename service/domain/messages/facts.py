"""What a text may say about one permit, and how days are said."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Protocol

from service.domain.deadlines.window import Window
from service.domain.law.authority import Authority
from service.domain.law.rule import Language, Rule, Version

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a template may say, in the language of its reader.

    `addressee` is how the holder is spoken to: 贵单位, 您的 or Your. `signature` is
    the bare name, without 【】: the template adds what its language needs. `tail` are
    the last characters of the permit number, `late` what applying late costs.
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
        """Give the facts under the same names, with the days as they are said.

        Chinese leaves out the year where it is that of the expiry, which a text names
        first. The edges of a provisional window are said without an exact day.
        """
        said = {name: getattr(self, name) for name in _NAMES}
        opens_on = self._edge(self.opens_on) if self.opens_on else None
        return said | {
            "expires_on": say_day(self.expires_on, self.language),
            "closes_on": self._edge(self.closes_on),
            "opens_on": opens_on,
        }

    def _edge(self, day: date) -> str:
        say = say_third_of_month if self.provisional else say_day
        return say(day, self.language, year=day.year != self.expires_on.year)


class TemplateValues(Protocol):
    """What a template is filled from."""

    @property
    def language(self) -> Language:
        """Whose language it is said in."""

    def template_values(self) -> Mapping[str, object]:
        """Give the facts by their names, as they are said."""


_NAMES = tuple(fact.name for fact in fields(Facts))

FACT_NAMES = frozenset(_NAMES)
"""The names a template may use."""


def gather_facts(  # noqa: PLR0917 - six nouns of six types, none of them optional
    rule: Rule,
    version: Version,
    window: Window,
    authority: Authority,
    number: str,
    language: Language,
) -> Facts:
    """Gather what the office may tell the holder of a permit with this number."""
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


def say_day(day: date, language: Language, *, year: bool = True) -> str:
    """Say a day: 2026年10月20日, 20 Oct 2026.

    Without `year` Chinese says 10月20日; English always names it.
    """
    if language == "en":
        return f"{say_month_day(day, 'en')} {day.year}"
    return (f"{day.year}年" if year else "") + say_month_day(day, "zh")


def say_month_day(day: date, language: Language) -> str:
    """Say a day whose year is clear: 2月4日, 4 Feb."""
    if language == "en":
        return f"{day.day} {MONTHS[day.month - 1][:3]}"
    return f"{day.month}月{day.day}日"


def say_third_of_month(day: date, language: Language, *, year: bool = True) -> str:
    """Say the third of the month: 2027年1月上旬, early January 2027."""
    third = min((day.day - 1) // 10, 2)
    if language == "en":
        return f"{('early', 'mid', 'late')[third]} {MONTHS[day.month - 1]} {day.year}"
    return (f"{day.year}年" if year else "") + f"{day.month}月{'上中下'[third]}旬"


def say_moment(local: datetime, language: Language) -> str:
    """Say a local time: 2024年2月5日09:00, 5 Feb 2024 09:00."""
    gap = " " if language == "en" else ""
    return f"{say_day(local, language)}{gap}{local:%H:%M}"
