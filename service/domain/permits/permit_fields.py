"""Build a Permit from raw fields, whether they come from JSON or CSV."""

from collections.abc import Mapping
from dataclasses import fields as fields_of
from typing import cast, get_args

from service.domain.errors import InvalidError
from service.domain.law.rule import Language
from service.domain.permits.permit import Permit, PermitStatus
from service.domain.untrusted.raw_fields import RawFields
from service.domain.untrusted.text import safe_label

FIELDS = tuple(field.name for field in fields_of(Permit))
"""The public field names; every other name is a mistake."""

REQUIRED = ("rule", "number", "holder", "expires_on")
"""Fields that every permit must have; `authority` may come from the settings."""

DATES = ("issued_on", "expires_on", "renewal_filed_on")
"""The fields that hold a local date, written 2026-12-31."""

_STATUSES = tuple(status.value for status in PermitStatus)
_FULL_WIDTH = {
    ord(letter) + 0xFEE0: letter
    for letter in map(chr, range(0x21, 0x7F))
    if letter.isalnum()
}


def permit_from(
    fields: Mapping[str, object], where: str, *, default_authority: str | None
) -> Permit:
    """Check every field and build the permit.

    White space around a value is removed; an empty value counts as absent. In
    `number`, `holder_code` and `replaces` full-width digits and letters become ASCII,
    and nothing else changes: a number is as the office printed it. `phones` is a list,
    or one text that lists them. Raises `InvalidError` with all mistakes at once; phones
    and long runs of digits are masked in it.
    """
    raw = RawFields(fields)
    _refuse_unknown(raw, fields)
    permit = Permit(
        authority=_authority(raw, default_authority),
        rule=raw.required_text("rule", 64, "the code of a rule"),
        number=fold_full_width(raw.required_text("number", 64, "the permit's number")),
        holder=raw.required_text("holder", 200, "the holder's name"),
        expires_on=raw.required_day("expires_on"),
        phones=raw.phones("phones"),
        holder_code=_fold_optional(raw.text("holder_code", 64)),
        language=cast("Language | None", raw.one_of("language", get_args(Language))),
        issued_on=raw.day("issued_on"),
        status=PermitStatus(raw.one_of("status", _STATUSES) or PermitStatus.ACTIVE),
        renewal_filed_on=raw.day("renewal_filed_on"),
        replaces=_fold_optional(raw.text("replaces", 64)),
    )
    _refuse_inconsistent(raw, permit)
    if raw.mistakes:
        raise InvalidError(where, raw.mistakes)
    return permit


def fold_full_width(text: str) -> str:
    """Turn full-width digits and letters into ASCII."""
    return text.translate(_FULL_WIDTH)


def _authority(raw: RawFields, default: str | None) -> str:
    if default:
        return raw.text("authority", 64) or default
    expected = "the code of an office, or a default one in the settings"
    return raw.required_text("authority", 64, expected)


def _fold_optional(text: str | None) -> str | None:
    return text and fold_full_width(text)


def _refuse_unknown(raw: RawFields, fields: Mapping[str, object]) -> None:
    for name in fields:
        if name not in FIELDS:
            raw.add_mistake(
                safe_label(name), "an unknown field", f"one of {', '.join(FIELDS)}"
            )


def _refuse_inconsistent(raw: RawFields, permit: Permit) -> None:
    if permit.replaces == permit.number:
        raw.add_mistake(
            "replaces", "its own number", "the number of the permit it renews"
        )
    active = permit.status is PermitStatus.ACTIVE
    if active and permit.issued_on and permit.issued_on > permit.expires_on:
        expected = f"a day not after expires_on, {permit.expires_on}"
        raw.add_mistake("issued_on", str(permit.issued_on), expected)
