"""The law of one permit type as data: a rule, its dated versions, their steps."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from service.domain.errors import NotInForceError
from service.domain.period import Period

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in the two languages the service speaks."""

    zh: str
    en: str

    def in_(self, language: Language) -> str:
        """The words in one language."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a version's dates come from, and how sure we are.

    `confidence` is "read" (the clause itself was read), "second-hand", "example"
    or "unverified"; an unverified version never reminds.
    """

    title: str
    article: str
    checked_on: date
    confidence: Literal["read", "second-hand", "example", "unverified"]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another live source that dates the same edge differently."""

    title: str
    closes: Period
    note: Text


@dataclass(frozen=True, slots=True)
class Step:
    """A rung of the ladder: when to text (`at`), with which template.

    A step is current from its instant until the next step's, the last one until
    `until` (default: the end of the closing day). A step after closing or expiry
    must say so.
    """

    name: str
    at: Period
    template: str
    until: Period | None = None
    after_closing: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """A rule as it stands from one day on.

    `governs` says which date of a permit picks the version: its expiry (default)
    or its issue. `new_term` says from when a renewed term runs: where it is the
    decision, filing early costs the holder part of the old term.
    """

    rule: str
    in_force_from: date
    closes: Period
    steps: tuple[Step, ...]
    reference: Reference
    opens: Period | None = None
    in_force_until: date | None = None
    revision: int = 1
    governs: Literal["expiry", "issue"] = "expiry"
    late: Text | None = None
    new_term: Literal["decision", "expiry"] | None = None
    conflicts: tuple[Conflict, ...] = ()

    @property
    def key(self) -> str:
        """The version's public name, e.g. "cn-food-production-license@2020-03-01.1"."""
        return f"{self.rule}@{self.in_force_from}.{self.revision}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One permit type: what it is called, who holds it, and its versions.

    `number_tail` is how many final characters of a permit number tell its holder
    which permit a text is about. `number_is_personal` marks numbers that contain
    a person's identity number. `min_gap_days` separates two reminders of a permit.
    """

    code: str
    name: Text
    certificate: Text
    action: Text
    calendar: str
    holder: Literal["organization", "person", "any"]
    validity: str
    number_tail: int
    versions: tuple[Version, ...] = field(repr=False)
    number_is_personal: bool = False
    min_gap_days: int = 3

    def version_for(self, expires_on: date, issued_on: date | None = None) -> Version:
        """The version that governs a permit.

        Raises `NotInForceError` where no version does. A permit without an issue
        date is picked by its expiry even if the version governs by issue.
        """
        for version in newest_first(self.versions):
            day = expires_on
            if version.governs == "issue" and issued_on is not None:
                day = issued_on
            ends = version.in_force_until
            if version.in_force_from <= day and (ends is None or day <= ends):
                return version
        first = min(version.in_force_from for version in self.versions)
        raise NotInForceError(self.code, "expiry", expires_on, first)


def newest_first(versions: Sequence[Version]) -> list[Version]:
    """Versions in the order they are tried: latest first, highest revision first."""
    return sorted(
        versions, key=lambda one: (one.in_force_from, one.revision), reverse=True
    )
