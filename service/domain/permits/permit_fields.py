"""Build a Permit from raw fields, whether they come from JSON or CSV."""

from collections.abc import Mapping
from dataclasses import fields as fields_of
from datetime import date
from typing import Final, cast, get_args

from service.domain.errors import InvalidError
from service.domain.law.rule import Language
from service.domain.permits.filing import FILING_FIELDS, Filing, FilingState
from service.domain.permits.permit import Permit, PermitStatus
from service.domain.permits.permit_number import normalize_number
from service.domain.permits.phone import ContactRole
from service.domain.permits.row_permit import Withdrawal
from service.domain.untrusted.check_characters import (
    is_rounded_code,
    is_rounded_identity_number,
)
from service.domain.untrusted.district import DISTRICT_EXPECTED, read_district
from service.domain.untrusted.raw_fields import RawFields
from service.domain.untrusted.spreadsheet_cells import find_damage, is_placeholder
from service.domain.untrusted.text import (
    safe_name,
    show_field,
    show_private,
)

FIELDS = tuple(field.name for field in fields_of(Permit) if field.name != "phone_roles")
"""The public field names; every other name is a mistake. A role stands in `phones`."""

REQUIRED = ("rule", "number", "holder", "expires_on")
"""Fields that every permit must have; `authority` may come from the settings."""

DATES = ("issued_on", "expires_on", "renewal_filed_on")
"""The fields that hold a local date, written 2026-12-31."""

_KNOWN: Final = dict.fromkeys(FIELDS)
_KNOWN_OF_FILING: Final = dict.fromkeys(FILING_FIELDS)
_LANGUAGES = get_args(Language)
_STATUSES: Final[Mapping[str, PermitStatus]] = {one.value: one for one in PermitStatus}
_ROLES = tuple(role.value for role in ContactRole)
_FILING_STATES = tuple(state.value for state in FilingState)


def permit_from(
    fields: Mapping[str, object], where: str, *, default_authority: str | None
) -> Permit:
    """Check every field and build the permit.

    White space around a value is removed; an empty value counts as absent, but an
    `expires_on` that is None says that the permit has no expiry date. `number`,
    `holder_code` and `replaces` have the form of `normalize_number`; one that a
    spreadsheet has damaged is a mistake. `phones` is a list, or one text that lists
    them; in a list a table of `phone` and `role` may stand for a phone. The holder's
    name stays as given: renewals are matched by it. Raises `InvalidError` with all
    mistakes at once; phones are masked in it.
    """
    raw = RawFields(fields)
    _refuse_unknown(raw, fields, _KNOWN)
    phones = raw.phones("phones", _ROLES)
    roles = [ContactRole(one) if one else None for one in phones.values()]
    permit = Permit(
        authority=_authority(raw, default_authority),
        rule=_rule(raw),
        number=_number(raw),
        holder=raw.required_text("holder", 200, "the holder's name"),
        expires_on=_expiry(raw, fields),
        phones=tuple(phones),
        holder_code=_other_number(raw, "holder_code"),
        language=cast("Language | None", raw.one_of("language", _LANGUAGES)),
        issued_on=raw.day("issued_on"),
        status=_STATUSES[raw.one_of("status", _STATUSES) or "active"],
        renewal_filed_on=raw.day("renewal_filed_on"),
        replaces=_other_number(raw, "replaces"),
        district=_district(raw, fields.get("district")),
        phone_roles=tuple(roles) if any(roles) else (),
    )
    _refuse_inconsistent(raw, permit)
    if raw.mistakes:
        raise InvalidError(where, raw.mistakes)
    return permit


def withdrawal_from(
    fields: Mapping[str, object], where: str, *, default_authority: str | None
) -> Withdrawal:
    """Check the fields that name a permit, as `permit_from` does, and no others."""
    raw = RawFields(fields)
    withdrawal = Withdrawal(
        authority=_authority(raw, default_authority),
        rule=_rule(raw),
        number=_number(raw),
    )
    if raw.mistakes:
        raise InvalidError(where, raw.mistakes)
    return withdrawal


def filing_from(fields: Mapping[str, object], where: str) -> Filing:
    """Check the fields of a filed renewal, as `permit_from` does those of a permit.

    It is filed unless `status` says otherwise, and then has the day of its filing.
    """
    raw = RawFields(fields)
    _refuse_unknown(raw, fields, _KNOWN_OF_FILING)
    found = raw.one_of("status", _FILING_STATES)
    state = FilingState(found or FilingState.FILED)
    read_day = raw.required_day if state is FilingState.FILED else raw.day
    filing = Filing(
        number=_number(raw),
        filed_on=read_day("renewal_filed_on"),
        state=state,
        authority=raw.code("authority", 64),
        rule=raw.code("rule", 64),
    )
    if raw.mistakes:
        raise InvalidError(where, raw.mistakes)
    return filing


def number_from(fields: Mapping[str, object]) -> str | None:
    """Read the number alone, as `permit_from` does; None where it cannot be read."""
    raw = RawFields(fields)
    number = _number(raw)
    return None if raw.mistakes else number


def _rule(raw: RawFields) -> str:
    return raw.required_code("rule", 64, "the code of a rule")


def _expiry(raw: RawFields, fields: Mapping[str, object]) -> date | None:
    has_none = "expires_on" in fields and fields["expires_on"] is None
    return None if has_none else raw.required_day("expires_on")


def _number(raw: RawFields) -> str:
    expected = "the permit's number"
    number = normalize_number(raw.required_code("number", 64, expected))
    _refuse_damaged(raw, "number", number, rounded=is_rounded_identity_number(number))
    return number


def _other_number(raw: RawFields, name: str) -> str | None:
    """A number that may be absent, as a word for an empty cell says too."""
    found = raw.code(name, 64)
    number = found and normalize_number(found)
    if not number or is_placeholder(number):
        return None
    is_code = name == "holder_code"  # a permit's number has no check character
    rounded = is_rounded_code(number) if is_code else is_rounded_identity_number(number)
    _refuse_damaged(raw, name, number, rounded=rounded)
    return number


def _district(raw: RawFields, found: object) -> str | None:
    """A code, else what stands there: a register is not refused for it."""
    if found is None or isinstance(found, str):
        return read_district(found) if found else None
    raw.add_mistake("district", show_field("district", found), DISTRICT_EXPECTED)
    return None


def _refuse_damaged(raw: RawFields, name: str, number: str, *, rounded: bool) -> None:
    damage = "a code that a spreadsheet has rounded" if rounded else find_damage(number)
    if damage:
        shown = show_private(number) if rounded else show_field(name, number)
        raw.add_mistake(name, f"{damage}: {shown}", "it as printed")


def _authority(raw: RawFields, default: str | None) -> str:
    if default:
        return raw.code("authority", 64) or default
    expected = "the code of an office, or a default one in the settings"
    return raw.required_code("authority", 64, expected)


def _refuse_unknown(
    raw: RawFields, fields: Mapping[str, object], known: Mapping[str, None]
) -> None:
    if fields.keys() <= known.keys():
        return
    for name in fields:
        if name not in known:
            expected = f"one of {', '.join(known)}"
            raw.add_mistake(safe_name(name), "an unknown field", expected)


def _refuse_inconsistent(raw: RawFields, permit: Permit) -> None:
    if permit.replaces == permit.number:
        raw.add_mistake(
            "replaces", "its own number", "the number of the permit it renews"
        )
    active, issued_on = permit.status is PermitStatus.ACTIVE, permit.issued_on
    ends_on = permit.expires_on
    if active and issued_on and ends_on and issued_on > ends_on:
        expected = f"a day not after expires_on, {ends_on}"
        raw.add_mistake("issued_on", str(issued_on), expected)
