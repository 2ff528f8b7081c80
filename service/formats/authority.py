"""An authority file: the tree of offices, and the words and hours they text with."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from service.domain.errors import InvalidError, Mistake
from service.domain.law.authority import WEEKDAYS, Authority, UnqualifiedDays, Weekday
from service.domain.law.rule import Language
from service.domain.lawbook.authority_tree import check_tree
from service.formats.authority_types import (
    MarginDays,
    Rate,
    ShortBilingual,
    Signature,
    TextsADay,
)
from service.formats.field_types import (
    Bilingual,
    Line,
    Rows,
    ShortLine,
    Slug,
    TimeOfDay,
    Zone,
)
from service.formats.file_model import (
    Expected,
    FileContext,
    FileModel,
    expected,
    refuse,
)
from service.formats.parse import parse, show

NO_AUTHORITIES: Final[Mapping[str, Authority]] = MappingProxyType({})

_SENDER: Final = (
    r"^(\+[1-9][0-9]{7,14}|[0-9]{5,6}|MG[0-9a-fA-F]{32}"
    r"|[0-9 ]{0,10}[A-Za-z][A-Za-z0-9 ]{0,10})$"
)
"""E.164, a short code, a messaging service, an alphanumeric sender id.

twilio.com/docs/glossary; `_sender` holds such an id to 11 characters.
"""

_LONGEST_NAME: Final = 11


@dataclass(frozen=True, slots=True)
class AuthorityContext(FileContext):
    """What offices are checked against: codes of calendars, offices installed."""

    calendars: Collection[str]
    installed: Mapping[str, Authority] = field(default_factory=dict)


def _context(info: ValidationInfo) -> AuthorityContext | None:
    return info.context if isinstance(info.context, AuthorityContext) else None


def _known_calendar(code: str, info: ValidationInfo) -> str:
    context = _context(info)
    if context and code not in context.calendars:
        raise expected(f"one of {', '.join(sorted(context.calendars))}")
    return code


def _sender(text: str) -> str:
    if not text.startswith(("+", "MG")) and len(text) > _LONGEST_NAME:
        raise ValueError
    return text


class AuthorityFields(FileModel):
    """An office, its code aside."""

    name: Bilingual = Field(description="the office's full name")
    zone: Zone = Field(description="the IANA time zone of its hours")
    calendar: Annotated[Line, AfterValidator(_known_calendar)] = Field(
        description="the code of the calendar of its working days", examples=["CN"]
    )
    signature: Signature = Field(description="the name that opens every text")
    apply_at: ShortBilingual = Field(
        description="where holders apply, as a text puts it"
    )
    helpline: ShortLine = Field(description="the number to call, as a text puts it")
    opt_out: ShortBilingual = Field(description="how to opt out, as a text puts it")
    sends_from: TimeOfDay | None = Field(
        default=None,
        description="texts go out from this local time; 09:30 unless given",
    )
    sends_until: TimeOfDay | None = Field(
        default=None, description="and until this local time; 17:30 unless given"
    )
    sending_days: (
        Annotated[
            Literal["working"] | Annotated[Rows[Weekday], Field(min_length=1)],
            Expected(f'"working", or a list of {", ".join(WEEKDAYS)}'),
        ]
        | None
    ) = Field(
        default=None,
        description="the days on which it texts; its working days unless given",
    )
    language: Language | None = Field(
        default=None,
        description="the language of texts to holders who chose none; zh unless given",
    )
    unqualified_days: UnqualifiedDays | None = Field(
        default=None,
        description="how a bare 日 in a law is counted; safe (working days for a "
        "closing, calendar days for an opening) unless given",
    )
    margin_working_days: MarginDays | None = Field(
        default=None,
        description="how many working days before the closing texts announce it; 0 "
        "unless given",
    )
    parent: Slug | None = Field(
        default=None, description="the code of the office above it"
    )
    sends: bool | None = Field(
        default=None,
        description="false: the nearest office above that texts does it for this one",
    )
    sent_from: (
        Annotated[
            str,
            Field(pattern=_SENDER),
            AfterValidator(_sender),
            Expected(
                "a number like +15005550006, a short code, MG…, or a name of 11 letters"
            ),
        ]
        | None
    ) = Field(
        default=None,
        description="the number, short code, messaging service or name that texts "
        "come from; that of the settings unless given",
    )
    messages_per_second: Rate | None = Field(
        default=None, description="how many texts its sender may start a second"
    )
    segments_per_second: Rate | None = Field(
        default=None, description="how many billed parts its sender may start a second"
    )
    daily_limit: TextsADay | None = Field(
        default=None, description="texts a day at most; the rest waits for the next day"
    )
    recipient_daily_limit: TextsADay | None = Field(
        default=None, description="texts a day to one phone at most; 2 unless given"
    )


class AuthorityFile(AuthorityFields):
    """An office in a file."""

    code: Slug = Field(
        description="its administrative division code or another stable name",
        examples=["990000"],
    )

    @model_validator(mode="after")
    def _sends_for_a_while(self) -> Self:
        hours = self.to_domain()
        if hours.sends_until <= hours.sends_from:
            text = f"after {hours.sends_from}"
            refuse([("sends_until", hours.sends_until, text)])
        return self

    def to_domain(self) -> Authority:
        """The office."""
        given = self.given()
        if isinstance(self.sending_days, tuple):
            days = (WEEKDAYS.index(day) + 1 for day in self.sending_days)
            given["sending_days"] = frozenset(days)
        return Authority(**given)


class AuthoritiesFile(FileModel):
    """The offices of an installation."""

    authorities: Annotated[Rows[AuthorityFile], Field(min_length=1)] = Field(
        description="the offices"
    )

    @model_validator(mode="after")
    def _one_tree(self, info: ValidationInfo) -> Self:
        context = _context(info)
        if context:
            refuse(
                (("authorities", at, key), found, text)
                for at, key, found, text in check_tree(
                    self.to_domain(), context.installed
                )
            )
        return self

    def to_domain(self) -> list[Authority]:
        """The offices in the order of the file."""
        return [office.to_domain() for office in self.authorities]


def parse_authorities(
    values: Mapping[str, object],
    where: str,
    *,
    calendars: Collection[str],
    installed: Mapping[str, Authority] = NO_AUTHORITIES,
    already_checked: bool = False,
) -> dict[str, Authority]:
    """Read the offices of a file by their codes.

    Raises `InvalidError` at `where` with all the mistakes: unknown keys, values of
    the wrong form, calendars not among the known, a code given twice, parents that
    are neither in the file nor installed or that go round in a circle, offices for
    which none texts. Stored offices are `already_checked`: their numbers may be out of
    range.
    """
    context = AuthorityContext(calendars, installed, already_checked=already_checked)
    found = parse(AuthoritiesFile, values, where, context)
    return {office.code: office for office in found.to_domain()}


def parse_authority(
    values: Mapping[str, object],
    where: str,
    *,
    calendars: Collection[str],
    installed: Mapping[str, Authority],
) -> Authority:
    """Read one office, as `parse_authorities` reads several."""
    context = AuthorityContext(calendars, installed)
    office = parse(AuthorityFile, values, where, context).to_domain()
    findings = check_tree([office], installed)
    mistakes = [Mistake(key, show(found), text) for _, key, found, text in findings]
    if mistakes:
        raise InvalidError(where, mistakes)
    return office
