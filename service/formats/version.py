"""A version of a rule as a file or a request states it: window, steps, source."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from service.domain.calendars.calendar import Calendar
from service.domain.law.rule import (
    RESERVED_STEPS,
    Confidence,
    ConflictingSource,
    GovernsBy,
    LateFiling,
    NewTerm,
    Reference,
    Rule,
    Step,
    Version,
)
from service.domain.lawbook.rule_check import check_version
from service.formats.field_types import (
    Bilingual,
    Day,
    FromOne,
    LegalEdge,
    Line,
    Rows,
    Slug,
    StepTime,
)
from service.formats.file_model import Expected, FileModel, expected, refuse
from service.formats.parse import parse

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RuleContext:
    """What a rule is checked against beside itself.

    `calendars` are by code. `tried_on` is the calendar on which versions are tried on
    real dates; None for those that were tried before. A rule has at least `least`
    versions, and a version so many steps.
    """

    templates: Collection[str]
    calendars: Mapping[str, Calendar]
    tried_on: Calendar | None
    least: int = 1


def context_of(info: ValidationInfo) -> RuleContext | None:
    """Give what a rule is checked against; None where only its form is."""
    return info.context if isinstance(info.context, RuleContext) else None


def _known_template(name: str, info: ValidationInfo) -> str:
    context = context_of(info)
    if context and name not in context.templates:
        raise expected(f"one of {', '.join(sorted(context.templates))}")
    return name


def known_calendar(code: str, info: ValidationInfo) -> str:
    """Refuse a calendar that the context does not have."""
    context = context_of(info)
    if context and code not in context.calendars:
        raise expected(f"one of {', '.join(sorted(context.calendars))}")
    return code


def enough(rows: tuple[T, ...] | None, info: ValidationInfo) -> tuple[T, ...] | None:
    """Refuse fewer rows than the context asks for."""
    context = context_of(info)
    if context and len(rows or ()) < context.least:
        raise expected(f"a list of {context.least} or more tables")
    return rows


def _step_name(name: str) -> str:
    if name.startswith(RESERVED_STEPS):
        raise expected(f"a name that does not begin with {' or '.join(RESERVED_STEPS)}")
    return name


def _no_full_stop(words: str) -> str:
    if words[-1] in "。.；;":
        raise ValueError
    return words


class ReferenceFile(FileModel):
    """Where the dates stand in the law, and how sure that is."""

    title: Line = Field(description="the title of the law or measure")
    article: Line = Field(description="the article, as the law counts it")
    checked_on: Day = Field(description="the day on which somebody looked it up")
    confidence: Confidence = Field(
        description="read: the clause itself was read; an unverified one never reminds"
    )

    def to_domain(self) -> Reference:
        """The legal source."""
        return Reference(**self.given())


class ConflictFile(FileModel):
    """Another source in force that dates the same edge differently."""

    title: Line = Field(description="the title of the other source")
    closes: LegalEdge = Field(description="when it closes the window")
    note: Bilingual = Field(description="what it says, in our own words")

    def to_domain(self) -> ConflictingSource:
        """The other source."""
        return ConflictingSource(**self.given())


class StepFile(FileModel):
    """When to text, and with which template."""

    name: Annotated[Slug, AfterValidator(_step_name)] = Field(
        description="a name of its own in the version, such as prepare"
    )
    at: StepTime = Field(description="the day on which holders are texted")
    template: Annotated[Line, AfterValidator(_known_template)] = Field(
        description="the name of a template"
    )
    until: StepTime | None = Field(
        default=None,
        description="the last day of the last step; the closing day unless given",
    )
    after_closing: bool | None = Field(
        default=None, description="true for a step after closing or expiry"
    )
    replaces: (
        Annotated[
            Slug | Rows[Slug],
            Expected("small letters and digits joined by hyphens"),
        ]
        | None
    ) = Field(
        default=None,
        description="steps of earlier revisions; who was texted in one is not again",
    )

    def to_domain(self) -> Step:
        """The step."""
        given = self.given()
        if isinstance(self.replaces, str):
            given["replaces"] = (self.replaces,)
        return Step(**given)


class LateFile(Bilingual):
    """What applying late costs, as the end of a sentence in a text."""

    zh: Annotated[
        Line,
        StringConstraints(max_length=30),
        AfterValidator(_no_full_stop),
        Expected("at most 30 characters and no full stop"),
    ] = Field(description="in Chinese")
    en: Annotated[
        Line,
        StringConstraints(max_length=70),
        AfterValidator(_no_full_stop),
        Expected("at most 70 characters and no full stop"),
    ] = Field(description="in English")


_CLOSES: Final = "the last day to apply, counted from expiry"
_REFERENCE: Final = "where this stands in the law"


class OwnVersion(FileModel):
    """An authority's own version: what it leaves out is that of the general one."""

    in_force_from: Day = Field(description="the first day on which it is in force")
    closes: LegalEdge | None = Field(default=None, description=_CLOSES)
    steps: Rows[StepFile] | None = Field(
        default=None,
        validate_default=True,
        description="when holders are texted, in the order of their days",
    )
    reference: ReferenceFile | None = Field(default=None, description=_REFERENCE)
    opens: LegalEdge | None = Field(
        default=None,
        description="the first day to apply; absent where the law has none",
    )
    in_force_until: Day | None = Field(
        default=None, description="the last day, where no other version follows"
    )
    governs: GovernsBy | None = Field(
        default=None,
        description="which date of a permit picks the version; expiry unless given",
    )
    late: LateFile | None = Field(
        default=None, description="what applying late costs, in our own words"
    )
    new_term: NewTerm | None = Field(
        default=None,
        description="from when a renewed term runs; decision: filing early shortens "
        "the old one",
    )
    conflicts: Rows[ConflictFile] | None = Field(
        default=None, description="other sources that date the same edge differently"
    )
    late_filing: LateFiling | None = Field(
        default=None,
        description="what the law makes of an application after closing; absent where "
        "it is silent",
    )
    counts_from: (
        Annotated[
            Literal["expiry", "month-end"] | Day,
            Expected("expiry, month-end, or a date like 2026-12-31"),
        ]
        | None
    ) = Field(
        default=None,
        description="what periods count from: the expiry, the end of its month, or one "
        "day for everybody; expiry unless given",
    )
    jurisdiction: Slug | None = Field(
        default=None, description="the code of the authority whose own version it is"
    )


class VersionFields(OwnVersion):
    """A version of a rule; in a request null counts as absent."""

    closes: LegalEdge = Field(description=_CLOSES)
    reference: ReferenceFile = Field(description=_REFERENCE)

    @field_validator("steps")
    @classmethod
    def _enough_steps(
        cls, steps: tuple[StepFile, ...] | None, info: ValidationInfo
    ) -> tuple[StepFile, ...] | None:
        return enough(steps, info)

    @model_validator(mode="after")
    def _holds_on_real_dates(self, info: ValidationInfo) -> Self:
        context = context_of(info)
        if context and context.tried_on:
            refuse(check_version(self.to_domain(), context.tried_on))
        return self

    def to_domain(self) -> Version:
        """The version, of no rule yet."""
        return Version(**{"rule": "", "steps": (), **self.given()})


class VersionFile(VersionFields):
    """A version in the file of its rule."""

    revision: FromOne | None = Field(
        default=None, description="counts texts of the same version; 1 unless given"
    )


def parse_version(
    values: Mapping[str, object],
    where: str,
    rule: Rule,
    *,
    templates: Collection[str],
    calendars: Mapping[str, Calendar],
) -> Version:
    """Read a version of a rule that is installed, and try it on real dates.

    Raises `InvalidError` at `where` with all the mistakes.
    """
    tried_on = calendars.get(rule.calendar)
    context = RuleContext(templates, calendars, tried_on, least=0 if rule.never else 1)
    return replace(
        parse(VersionFile, values, where, context).to_domain(), rule=rule.code
    )
