"""A rule file: a permit type and its versions, or one authority's own versions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Final, Self

from pydantic import (
    AfterValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from service.domain.calendars.calendar import Calendar
from service.domain.errors import InvalidError, Mistake
from service.domain.law.rule import HolderKind, NeverBecause, NoReminderReason, Rule
from service.domain.lawbook.rule_check import find_overlaps
from service.domain.templates.rule_texts import TextCheck
from service.formats.field_types import Bilingual, Line, Rows, Slug, whole
from service.formats.file_model import (
    Expected,
    FileContext,
    FileModel,
    Range,
    expected,
    refuse,
)
from service.formats.parse import parse
from service.formats.version import OwnVersion, VersionFile
from service.formats.version_parts import (
    PlaceFile,
    ReferenceFile,
    RuleContext,
    enough,
    find_wrong_words,
    known_calendar,
)

_A_RULE: Final = "the code of a rule whose file is in the same folder, or one inside it"
_TAIL: Final = "last "
_WIDEST_GAP: Final = 366
"""Most days between two reminders: a leap year. More would skip yearly permits."""


class NeverFile(FileModel):
    """Why nobody is ever reminded of a permit type."""

    because: NeverBecause = Field(description="the kind of reason")
    why: Bilingual = Field(description="the reason in our own words")
    reference: ReferenceFile = Field(description="where this stands in the law")

    def to_domain(self) -> NoReminderReason:
        """The reason."""
        return NoReminderReason(**self.given())


class RuleFile(
    FileModel,
    json_schema_extra={"anyOf": [{"required": ["versions"]}, {"required": ["never"]}]},
):
    """A permit type: what it is called, who holds it, and its versions."""

    code: Slug = Field(
        description="a stable name: the country, then the permit type",
        examples=["cn-food-production-license"],
    )
    name: Bilingual = Field(description="the permit type")
    certificate: Bilingual = Field(description="its name as printed on the paper")
    action: Bilingual = Field(description="what its holder has to do, such as renew")
    calendar: Annotated[Line, AfterValidator(known_calendar)] = Field(
        description="the code of the calendar of working days", examples=["CN"]
    )
    holder: HolderKind = Field(description="who holds such a permit")
    validity: Line = Field(description="how long it is valid", examples=["5 years"])
    number_tail: Annotated[
        str,
        Field(pattern="^last ([1-9]|[12][0-9]|3[0-2])$"),
        Expected('"last 4", up to last 32'),
    ] = Field(
        description="how much of a number identifies a permit to its holder in a text",
        examples=["last 4"],
    )
    versions: Rows[VersionFile] | None = Field(
        default=None,
        validate_default=True,
        description="the law as it changed; required unless never is given",
    )
    number_is_personal: bool | None = Field(
        default=None,
        description="true where numbers contain a person's identity number",
    )
    min_gap_days: (
        Annotated[int, Range(0, _WIDEST_GAP), whole(0, _WIDEST_GAP)] | None
    ) = Field(
        default=None,
        description="days between two reminders of a permit; 3 unless given",
    )
    merges: bool | None = Field(
        default=None,
        description="false: its reminders never share a text with others",
    )
    apply_at: PlaceFile | None = Field(
        default=None,
        description="where holders apply, as a text puts it, where that is not the "
        "office that texts",
    )
    helpline: Line | None = Field(
        default=None,
        description="the number to call about it; that of the office unless given",
    )
    never: NeverFile | None = Field(
        default=None, description="given where nobody is ever reminded"
    )

    @field_validator("versions")
    @classmethod
    def _enough_versions(
        cls, versions: tuple[VersionFile, ...] | None, info: ValidationInfo
    ) -> tuple[VersionFile, ...] | None:
        return enough(versions, info)

    @model_validator(mode="after")
    def _words_of_texts(self, info: ValidationInfo) -> Self:
        words = {
            "name": self.name,
            "certificate": self.certificate,
            "action": self.action,
            "apply_at": self.apply_at,
            "helpline": self.helpline,
        }
        refuse(find_wrong_words(words, info))
        return self

    @model_validator(mode="after")
    def _no_overlap(self) -> Self:
        refuse(find_overlaps([one.to_domain() for one in self.versions or ()]))
        return self

    def to_domain(self) -> Rule:
        """The rule with its versions."""
        given = {"versions": (), **self.given()}
        return Rule(
            **given
            | {
                "number_tail": int(self.number_tail.removeprefix(_TAIL)),
                "versions": tuple(
                    replace(one, rule=self.code) for one in given["versions"]
                ),
            }
        )


@dataclass(frozen=True, slots=True)
class _OverlayContext(FileContext):
    rules: Collection[str]


def _known_rule(code: str, info: ValidationInfo) -> str:
    context = info.context
    if isinstance(context, _OverlayContext) and code not in context.rules:
        raise expected(_A_RULE)
    return code


class OverlayFile(FileModel):
    """One authority's own versions of a rule, laid over the general ones."""

    over: Annotated[Slug, AfterValidator(_known_rule)] = Field(
        description="the code of a rule whose file is in the same folder or above",
        examples=["cn-food-production-license"],
    )
    authority: Slug = Field(description="the code of the authority")
    versions: Annotated[Rows[OwnVersion], Field(min_length=1)] = Field(
        description="versions that state only what differs from the general one"
    )


def parse_rule(
    values: Mapping[str, object],
    where: str,
    *,
    templates: Collection[str],
    calendars: Mapping[str, Calendar],
    already_checked: bool = False,
    check_texts: TextCheck | None = None,
    today: date | None = None,
) -> Rule:
    """Read a rule and try its versions on a sample of expiry dates.

    Raises `InvalidError` at `where` with all the mistakes: unknown keys, values of
    the wrong form, templates and calendars not among the known, versions that
    overlap, steps out of order or after closing without saying so, a source checked
    after `today` (the UTC date); else with what `check_texts` finds. A stored rule is
    `already_checked`: it is not tried on dates again, and its numbers may be out of
    range.
    """
    code = values.get("calendar")
    tried_on = calendars.get(code) if isinstance(code, str) else None
    context = RuleContext(
        templates,
        calendars,
        tried_on=None if already_checked else tried_on,
        # A revision of a time in which the type never reminded has no steps.
        least=0 if already_checked or "never" in values else 1,
        today=today,
        already_checked=already_checked,
    )
    rule = parse(RuleFile, values, where, context).to_domain()
    if check_texts is None:
        return rule
    mistakes = [
        Mistake(f"versions[{at}].{key}", str(found), expected)
        for at, version in enumerate(rule.versions, start=1)
        for key, found, expected in check_texts(rule, version)
    ]
    if mistakes:
        raise InvalidError(where, mistakes)
    return rule


def parse_overlay(
    values: Mapping[str, object], where: str, *, rules: Collection[str]
) -> OverlayFile:
    """Read an authority's own versions of one of these rules.

    Raises `InvalidError` at `where` with all the mistakes.
    """
    return parse(OverlayFile, values, where, _OverlayContext(rules))
