"""The law of one permit type as data: a rule, its dated versions, their steps."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, Literal, get_args

from service.domain.errors import NeverRemindsError, NotInForceError
from service.domain.law.period import Period, month_end

Language = Literal["zh", "en"]

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
"""The languages that the service speaks."""

NeverBecause = Literal["unverified", "no-expiry", "derived-expiry", "abolished"]
LateFiling = Literal["accepted", "refused"]
MonthEnd = Literal["month-end"]

CORRECTION: Final = "correction"
CONTACT_NOW: Final = "contact-now"
RESERVED_STEPS: Final = (CORRECTION, CONTACT_NOW)
"""Steps that no rule has: told too late a day; found late when the office went live."""


def is_correction(step: str) -> bool:
    """Whether a step tells that an earlier text named too late a day."""
    return step.startswith(CORRECTION)


@dataclass(frozen=True, slots=True)
class BilingualText:
    """The same words in the two languages the service speaks."""

    zh: str
    en: str

    def in_language(self, language: Language) -> str:
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
class ConflictingSource:
    """Another live source that dates the same edge differently."""

    title: str
    closes: Period
    note: BilingualText


@dataclass(frozen=True, slots=True)
class Step:
    """A rung of the ladder: when to text (`at`), with which template.

    A step is current from its instant until the next step's, the last one until
    `until` (default: the end of the closing day). A step after closing or expiry
    must say so. `replaces` are the names of steps of earlier revisions: who was
    texted in one of them is not texted again in this one.
    """

    name: str
    at: Period
    template: str
    until: Period | None = None
    after_closing: bool = False
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoReminderReason:
    """Why a permit type is never reminded of, and where that is read."""

    because: NeverBecause
    why: BilingualText
    reference: Reference


@dataclass(frozen=True, slots=True)
class Version:
    """A rule as it stands from one day on.

    `governs` says which date of a permit picks the version: its expiry (default)
    or its issue. `new_term` says from when a renewed term runs: where it is the
    decision, filing early costs the holder part of the old term. `late_filing` says
    what the law makes of an application after closing; None where it is silent.
    `counts_from` is what periods count from: the expiry on the permit, the end of its
    month, or one day that is the same for everybody. `jurisdiction` is the code of the
    authority for which, and below which, the version stands in for the general one.
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
    late: BilingualText | None = None
    new_term: Literal["decision", "expiry"] | None = None
    conflicts: tuple[ConflictingSource, ...] = ()
    late_filing: LateFiling | None = None
    counts_from: Literal["expiry"] | MonthEnd | date = "expiry"
    jurisdiction: str | None = None

    @property
    def series(self) -> str:
        """What its revisions share, e.g. "cn-food-production-license@2020-03-01".

        A permit falls under a series; the highest revision applied dates it.
        """
        place = f"/{self.jurisdiction}" if self.jurisdiction else ""
        return f"{self.rule}@{self.in_force_from}{place}"

    @property
    def key(self) -> str:
        """The version's public name, e.g. "cn-food-production-license@2020-03-01.1"."""
        return f"{self.series}.{self.revision}"

    def __hash__(self) -> int:
        return hash(self.key)

    def equals_except_revision(self, other: "Version") -> bool:
        """Whether it says what another revision says."""
        return replace(self, revision=other.revision) == other

    def counts_from_day(self, expires_on: date) -> date:
        """The day its periods count from, for a permit with this expiry date."""
        if isinstance(self.counts_from, date):
            return self.counts_from
        return expires_on if self.counts_from == "expiry" else month_end(expires_on)


@dataclass(frozen=True, slots=True)
class Rule:
    """One permit type: what it is called, who holds it, and its versions.

    `number_tail` is how many final characters of a permit number tell its holder
    which permit a text is about. `number_is_personal` marks numbers that contain
    a person's identity number. `min_gap_days` separates two reminders of a permit.
    `merges`: its reminders may share an SMS with others of the same recipient.
    `never` is there where nobody is ever reminded; such a type may have no version.
    """

    code: str
    name: BilingualText
    certificate: BilingualText
    action: BilingualText
    calendar: str
    holder: Literal["organization", "person", "any"]
    validity: str
    number_tail: int
    versions: tuple[Version, ...] = field(repr=False)
    number_is_personal: bool = False
    min_gap_days: int = 3
    merges: bool = True
    never: NoReminderReason | None = None

    def equals_except_versions(self, other: "Rule") -> bool:
        """Whether it says what another text of the type says, versions aside."""
        return replace(self, versions=()) == replace(other, versions=())

    def version_for(
        self,
        expires_on: date,
        issued_on: date | None = None,
        lineage: Sequence[str] = (),
    ) -> Version:
        """The version that governs a permit.

        `line` are its authority and those above it: the nearest that has a version of
        its own in force comes first, the general one last. A permit without an issue
        date is picked by its expiry even if the version governs by issue. Raises
        `NotInForceError` where no version does, `NeverRemindsError` where a type has
        none at all.
        """
        if not self.versions and self.never is not None:
            raise NeverRemindsError(self.code, self.never.because, self.never.why.en)
        versions = newest_first(self.versions)
        for place in (*lineage, None):
            local = [one for one in versions if one.jurisdiction == place]
            if found := _governing(local, expires_on, issued_on):
                return found
        first = min(version.in_force_from for version in self.versions)
        raise NotInForceError(self.code, "expiry", expires_on, first)


def _governing(
    versions: Sequence[Version], expires_on: date, issued_on: date | None
) -> Version | None:
    """The newest that had begun; what ended without another is followed by nothing."""
    for version in versions:
        day = expires_on
        if version.governs == "issue" and issued_on is not None:
            day = issued_on
        if version.in_force_from <= day:
            ends = version.in_force_until
            return version if ends is None or day <= ends else None
    return None


def newest_first(versions: Sequence[Version]) -> list[Version]:
    """Versions in the order they are tried: latest first, highest revision first."""
    return sorted(
        versions, key=lambda one: (one.in_force_from, one.revision), reverse=True
    )
