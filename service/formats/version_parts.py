"""Parts of a version, and what a rule is checked against beside itself."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, TypeVar
from unicodedata import normalize

from pydantic import AfterValidator, Field, ValidationInfo

from service.domain.calendars.calendar import DAY, Calendar
from service.domain.law.rule import (
    RESERVED_STEPS,
    Confidence,
    ConflictingSource,
    Reference,
    Step,
)
from service.domain.templates.checks import find_forbidden_words
from service.formats.field_types import (
    Bilingual,
    Day,
    LegalEdge,
    Line,
    Rows,
    Slug,
    StepTime,
)
from service.formats.file_model import (
    Expected,
    FileContext,
    FileModel,
    Finding,
    Path,
    Range,
    Shown,
    expected,
    is_new,
)

T = TypeVar("T")

_LONGEST_STEP: Final = 40
"""Characters of a step's name; lists of reminders take no longer one."""


@dataclass(frozen=True, slots=True)
class RuleContext(FileContext):
    """What a rule is checked against beside itself.

    `calendars` are by code. `tried_on` is the calendar on which versions are tried on
    real dates; None for those that were tried before. A rule has at least `least`
    versions, and a version so many steps. Nobody can have checked a source after
    `today`, the UTC date; None for what was checked before.
    """

    templates: Collection[str]
    calendars: Mapping[str, Calendar]
    tried_on: Calendar | None
    least: int = 1
    today: date | None = None


def context_of(info: ValidationInfo) -> RuleContext | None:
    """Give what a rule is checked against; None where only its form is."""
    return info.context if isinstance(info.context, RuleContext) else None


def _known_template(name: str, info: ValidationInfo) -> str:
    context = context_of(info)
    if context is None:
        return name
    of_steps = sorted(set(context.templates) - set(RESERVED_STEPS))
    # An installed version may have one still: it is loaded, and not installed again.
    known = of_steps if is_new(info) else context.templates
    if name not in known:
        raise expected(f"one of {', '.join(of_steps)}")
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


def find_wrong_words(
    words: Mapping[str, Bilingual | str | None], info: ValidationInfo
) -> Iterator[Finding]:
    """Find a rule's own words that no text may contain, such as a link.

    A rule that is installed already is not checked again.
    """
    if not is_new(info):
        return
    for key, value in words.items():
        texts: list[tuple[Path, str]] = []
        if isinstance(value, str):
            texts = [((key,), value)]
        elif value is not None:
            texts = [((key, "zh"), value.zh), ((key, "en"), value.en)]
        for path, text in texts:
            for found, wanted in find_forbidden_words(normalize("NFKC", text)):
                yield path, Shown(found), wanted


def _step_name(name: str) -> str:
    if name.startswith(RESERVED_STEPS):
        raise expected(f"a name that does not begin with {' or '.join(RESERVED_STEPS)}")
    return name


def _not_to_come(day: date, info: ValidationInfo) -> date:
    context = context_of(info)
    # East of Greenwich tomorrow has begun already.
    if context and context.today and day > context.today + DAY:
        raise expected(f"a day up to {context.today}, not one to come")
    return day


def _no_full_stop(words: str) -> str:
    if words[-1] in "。.；;":
        raise ValueError
    return words


class ReferenceFile(FileModel):
    """Where the dates stand in the law, and how sure that is."""

    title: Line = Field(description="the title of the law or measure")
    article: Line = Field(description="the article, as the law counts it")
    checked_on: Annotated[Day, AfterValidator(_not_to_come)] = Field(
        description="the day on which somebody looked it up"
    )
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

    name: Annotated[
        Slug,
        Range(1, _LONGEST_STEP),
        Expected(
            "small letters and digits joined by hyphens, at most "
            f"{_LONGEST_STEP} characters"
        ),
        AfterValidator(_step_name),
    ] = Field(description="a name of its own in the version, such as prepare")
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


class PlaceFile(Bilingual):
    """Where holders apply, as part of a sentence in a text."""

    zh: Annotated[Line, Range(1, 16), Expected("at most 16 characters")] = Field(
        description="in Chinese"
    )
    en: Annotated[Line, Range(1, 40), Expected("at most 40 characters")] = Field(
        description="in English"
    )


class LateFile(Bilingual):
    """What applying late costs, as the end of a sentence in a text."""

    zh: Annotated[
        Line,
        Range(1, 30),
        AfterValidator(_no_full_stop),
        Expected("at most 30 characters and no full stop"),
    ] = Field(description="in Chinese")
    en: Annotated[
        Line,
        Range(1, 70),
        AfterValidator(_no_full_stop),
        Expected("at most 70 characters and no full stop"),
    ] = Field(description="in English")
