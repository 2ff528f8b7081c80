"""A rule file as parsed TOML, or a stored rule as parsed JSON, becomes a Rule."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, fields
from datetime import date
from functools import partial
from itertools import pairwise
from typing import Final, Literal, get_args

from service.domain.calendars.calendar import Calendar
from service.domain.errors import InvalidError
from service.domain.formats import values as reader
from service.domain.formats.table import Table
from service.domain.formats.version_file import (
    parse_bilingual,
    parse_never,
    parse_version,
)
from service.domain.law.period import Period
from service.domain.law.rule import (
    BilingualText,
    ConflictingSource,
    NoReminderReason,
    Reference,
    Rule,
    Step,
    Version,
)

HolderKind = Literal["organization", "person", "any"]

HOLDERS: Final[tuple[HolderKind, ...]] = get_args(HolderKind)

_Part = (
    Version | Step | Reference | ConflictingSource | BilingualText | NoReminderReason
)


def parse_rule(
    values: Mapping[str, object],
    where: str,
    *,
    templates: Collection[str],
    calendars: Mapping[str, Calendar],
    already_checked: bool = False,
) -> Rule:
    """Read a rule and hold its versions against a sample of expiry dates.

    Raises `InvalidError` at `where` with all the mistakes: unknown keys, values of
    the wrong form, templates and calendars not among the known, versions that
    overlap, steps out of order or after closing without saying so. A rule `tried`
    before, when it was applied, is not tried on dates again.
    """
    table = Table("", values)
    code = table.read("code", reader.slug)
    calendar = table.read("calendar", reader.one_of(calendars))
    law = None if already_checked else calendars.get(calendar)
    never: NoReminderReason | None = table.table("never", parse_never, default=None)
    least = 1 if never is None else 0
    version = partial(
        parse_version, code=code, templates=templates, law_calendar=law, least=least
    )
    rule = Rule(
        code=code,
        name=table.table("name", parse_bilingual),
        certificate=table.table("certificate", parse_bilingual),
        action=table.table("action", parse_bilingual),
        calendar=calendar,
        holder=table.read("holder", reader.one_of(HOLDERS)),
        validity=table.read("validity", reader.text),
        number_tail=table.read("number_tail", reader.tail),
        versions=table.tables("versions", version, least=least),
        number_is_personal=table.read("number_is_personal", reader.flag, default=False),
        min_gap_days=table.read("min_gap_days", reader.whole(0), default=3),
        merges=table.read("merges", reader.flag, default=True),
        never=never,
    )
    table.refuse_unread()
    if not table.mistakes:
        _refuse_overlap(table, rule.versions)
    if table.mistakes:
        raise InvalidError(where, table.mistakes)
    return rule


def _refuse_overlap(table: Table, versions: tuple[Version, ...]) -> None:
    numbered = sorted(
        enumerate(versions, start=1),
        key=lambda one: (
            one[1].jurisdiction or "",
            one[1].in_force_from,
            one[1].revision,
        ),
    )
    for (at, earlier), (_, later) in pairwise(numbered):
        if earlier.jurisdiction != later.jurisdiction:
            continue
        ends = earlier.in_force_until
        if earlier.key == later.key:
            expected = f"one version for {later.in_force_from} and this revision"
            table.add_mistake(f"versions[{at}].revision", earlier.revision, expected)
        elif ends and earlier.in_force_from < later.in_force_from <= ends:
            expected = f"a day before {later.in_force_from}, when the next begins"
            table.add_mistake(f"versions[{at}].in_force_until", ends, expected)


def rule_to_dict(rule: Rule) -> dict[str, object]:
    """Say a rule as `rule_from` reads it, in nothing but what JSON knows."""
    told = {
        "code": rule.code,
        "name": asdict(rule.name),
        "certificate": asdict(rule.certificate),
        "action": asdict(rule.action),
        "calendar": rule.calendar,
        "holder": rule.holder,
        "validity": rule.validity,
        "number_tail": f"last {rule.number_tail}",
        "number_is_personal": rule.number_is_personal,
        "min_gap_days": rule.min_gap_days,
        "merges": rule.merges,
        "versions": [version_to_dict(version) for version in rule.versions],
    }
    return told | ({"never": _part_to_dict(rule.never)} if rule.never else {})


def version_to_dict(version: Version) -> dict[str, object]:
    """Say a version as it stands in the text of its rule."""
    return _part_to_dict(version)


def _part_to_dict(law_part: _Part) -> dict[str, object]:
    values = {part.name: getattr(law_part, part.name) for part in fields(law_part)}
    values.pop("rule", None)
    return {
        name: _to_json_value(value)
        for name, value in values.items()
        if value is not None
    }


def _to_json_value(value: object) -> object:
    if isinstance(value, date | Period):
        return str(value)
    if isinstance(value, tuple):
        return [_to_json_value(one) for one in value]
    return _part_to_dict(value) if isinstance(value, _Part) else value
