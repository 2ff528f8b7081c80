"""The law of one permit type as data: a rule, its dated versions, their steps."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, Literal, get_args

from service.domain.errors import NeverRemindsError, NotInForceError
from service.domain.law.period import Period, month_end

Language = Literal["zh", "en"]

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
"""The languages in which the service writes texts."""

NeverBecause = Literal["unverified", "no-expiry", "derived-expiry", "abolished"]
LateFiling = Literal["accepted", "refused"]
MonthEnd = Literal["month-end"]
Confidence = Literal["read", "second-hand", "example", "unverified"]
GovernsBy = Literal["expiry", "issue"]
NewTerm = Literal["decision", "expiry"]
HolderKind = Literal["organization", "person", "any"]

CORRECTION: Final = "correction"
CONTACT_NOW: Final = "contact-now"
RESERVED_STEPS: Final = (CORRECTION, CONTACT_NOW)
"""Steps that no rule defines: a correction of an announced day that was too late, and
a call to contact the office, for permits past their closing when the office goes live.
"""


def is_correction(step: str) -> bool:
    """Whether a step corrects an earlier text that named too late a day."""
    return step.startswith(CORRECTION)


@dataclass(frozen=True, slots=True)
class BilingualText:
    """The same words in Chinese and English."""

    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        """The words in one language."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Reference:
    """The legal source of a version's dates, and how reliable it is.

    `confidence` is "read" (somebody read the clause itself), "second-hand", "example"
    or "unverified"; an unverified version never reminds.
    """

    title: str
    article: str
    checked_on: date
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class ConflictingSource:
    """Another source in force that gives another closing."""

    title: str
    closes: Period
    note: BilingualText


@dataclass(frozen=True, slots=True)
class Step:
    """A rung of the ladder: when to text (`at`), with which template.

    A step is current until the instant of the next step; the last one until the end of
    `until` (default: the closing day). `after_closing` must be set for a step after
    closing or expiry. `replaces` names steps of earlier revisions: a holder texted in
    one of them is not texted again in this one.
    """

    name: str
    at: Period
    template: str
    until: Period | None = None
    after_closing: bool = False
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoReminderReason:
    """Why a permit type never reminds, with the legal source."""

    because: NeverBecause
    why: BilingualText
    reference: Reference


@dataclass(frozen=True, slots=True)
class Version:
    """The content of a rule from one day on.

    `governs` names the date of a permit that selects the version: its expiry (default)
    or its issue. `new_term` is the day from which a renewed term runs: if that is the
    decision, an early application shortens the old term. `late_filing` is whether the
    law accepts an application after closing; None where it is silent. `counts_from` is
    the day from which periods count: the expiry on the permit, the end of its month, or
    one fixed day for all permits. `jurisdiction` is the code of an authority: for it
    and all authorities below it, this version takes the place of the general one.
    """

    rule: str
    in_force_from: date
    closes: Period
    steps: tuple[Step, ...]
    reference: Reference
    opens: Period | None = None
    in_force_until: date | None = None
    revision: int = 1
    governs: GovernsBy = "expiry"
    late: BilingualText | None = None
    new_term: NewTerm | None = None
    conflicts: tuple[ConflictingSource, ...] = ()
    late_filing: LateFiling | None = None
    counts_from: Literal["expiry"] | MonthEnd | date = "expiry"
    jurisdiction: str | None = None

    @property
    def series(self) -> str:
        """The name its revisions share, e.g. "cn-food-production-license@2020-03-01".

        A permit belongs to a series; the highest revision in force gives its dates.
        """
        place = f"/{self.jurisdiction}" if self.jurisdiction else ""
        return f"{self.rule}@{self.in_force_from}{place}"

    @property
    def key(self) -> str:
        """The version's public name, e.g. "cn-food-production-license@2020-03-01.1"."""
        return f"{self.series}.{self.revision}"

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def step_names(self) -> tuple[tuple[str, ...], ...]:
        """The names of its steps in order, each with those that the step replaces."""
        return tuple((step.name, *step.replaces) for step in self.steps)

    def equals_except_revision(self, other: "Version") -> bool:
        """Whether another revision has the same content."""
        return replace(self, revision=other.revision) == other

    def counts_from_day(self, expires_on: date) -> date:
        """The day its periods count from, for a permit with this expiry date."""
        if isinstance(self.counts_from, date):
            return self.counts_from
        return expires_on if self.counts_from == "expiry" else month_end(expires_on)


@dataclass(frozen=True, slots=True)
class Rule:
    """One permit type: its names, its kind of holder, and its versions.

    `number_tail` is how many final characters of a permit number a text names, so that
    the holder knows which permit is meant. `number_is_personal` marks numbers that
    contain a person's identity number. Two reminders of one permit are at least
    `min_gap_days` apart. `merges`: its reminders may share an SMS with others to the
    same recipient. `apply_at` and `helpline` replace the office's where another body
    takes the applications. `never` is set for a type that never reminds, which may have
    no version.
    """

    code: str
    name: BilingualText
    certificate: BilingualText
    action: BilingualText
    calendar: str
    holder: HolderKind
    validity: str
    number_tail: int
    versions: tuple[Version, ...] = field(repr=False)
    number_is_personal: bool = False
    min_gap_days: int = 3
    merges: bool = True
    apply_at: BilingualText | None = None
    helpline: str | None = None
    never: NoReminderReason | None = None

    def equals_except_versions(self, other: "Rule") -> bool:
        """Whether another rule has the same content, apart from its versions."""
        return replace(self, versions=()) == replace(other, versions=())

    def version_for(
        self,
        expires_on: date,
        issued_on: date | None = None,
        lineage: Sequence[str] = (),
    ) -> Version:
        """The version that governs a permit.

        `lineage` is the permit's authority and those above it, nearest first: the first
        with a version of its own in force decides, else the general version does. For
        a permit without an issue date the expiry date selects the version, even of
        those that govern by issue. Raises `NotInForceError` where no version governs,
        `NeverRemindsError` for a type without any version.
        """
        if not self.versions and self.never is not None:
            raise NeverRemindsError(self.code, self.never.because, self.never.why.en)
        versions = newest_first(self.versions)
        for jurisdiction in (*lineage, None):
            local = [one for one in versions if one.jurisdiction == jurisdiction]
            if found := _governing(local, expires_on, issued_on):
                return found
        first = min(version.in_force_from for version in self.versions)
        raise NotInForceError(self.code, "expiry", expires_on, first)


def _governing(
    versions: Sequence[Version], expires_on: date, issued_on: date | None
) -> Version | None:
    """The newest version in force; none if the newest that began has ended."""
    for version in versions:
        day = expires_on
        if version.governs == "issue" and issued_on is not None:
            day = issued_on
        if version.in_force_from <= day:
            ends = version.in_force_until
            return version if ends is None or day <= ends else None
    return None


def is_after_closing(version: Version, step: str) -> bool:
    """Whether the text of a step is sent after the window has closed."""
    return step == CONTACT_NOW or any(
        one.after_closing and one.name == step for one in version.steps
    )


def newest_first(versions: Sequence[Version]) -> list[Version]:
    """Sort versions for the search: latest first, then highest revision first."""
    return sorted(
        versions, key=lambda one: (one.in_force_from, one.revision), reverse=True
    )
