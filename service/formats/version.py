"""A version of a rule as a file or a request states it: window, steps, source."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Final, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from service.domain.calendars.calendar import Calendar
from service.domain.errors import InvalidError, Mistake
from service.domain.law.rule import GovernsBy, LateFiling, NewTerm, Rule, Version
from service.domain.lawbook.rule_check import check_version
from service.domain.templates.rule_texts import TextCheck
from service.formats.field_types import Day, LegalEdge, Rows, Slug, whole
from service.formats.file_model import Expected, FileModel, Range, refuse
from service.formats.parse import parse
from service.formats.version_parts import (
    ConflictFile,
    LateFile,
    ReferenceFile,
    RuleContext,
    StepFile,
    context_of,
    enough,
    find_wrong_words,
)

_CLOSES: Final = "the last day to apply, counted from expiry"
_REFERENCE: Final = "where this stands in the law"
_MOST_REVISIONS: Final = 9999


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
            Expected("expiry, month-end, or a date like 2026-12-31, from 1900 to 2200"),
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

    @model_validator(mode="after")
    def _words_of_texts(self, info: ValidationInfo) -> Self:
        refuse(find_wrong_words({"late": self.late}, info))
        return self


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

    revision: (
        Annotated[int, Range(1, _MOST_REVISIONS), whole(1, _MOST_REVISIONS)] | None
    ) = Field(
        default=None, description="counts texts of the same version; 1 unless given"
    )


def parse_version(
    values: Mapping[str, object],
    where: str,
    rule: Rule,
    *,
    templates: Collection[str],
    calendars: Mapping[str, Calendar],
    check_texts: TextCheck,
    today: date,
) -> Version:
    """Read a version of a rule that is installed; try it on real dates.

    Raises `InvalidError` at `where` with all the mistakes, else with what `check_texts`
    finds.
    """
    tried_on = calendars.get(rule.calendar)
    context = RuleContext(
        templates, calendars, tried_on, least=0 if rule.never else 1, today=today
    )
    found = parse(VersionFile, values, where, context).to_domain()
    version = replace(found, rule=rule.code)
    mistakes = [
        Mistake(key, str(found), expected)
        for key, found, expected in check_texts(rule, version)
    ]
    if mistakes:
        raise InvalidError(where, mistakes)
    return version
