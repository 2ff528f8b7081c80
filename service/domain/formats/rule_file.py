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
from service.domain.formats.version_file import both, never_from, version_from
from service.domain.law.period import Period
from service.domain.law.rule import (
    Conflict,
    Never,
    Reference,
    Rule,
    Step,
    Text,
    Version,
)

Holder = Literal["organization", "person", "any"]

HOLDERS: Final[tuple[Holder, ...]] = get_args(Holder)

_Part = Version | Step | Reference | Conflict | Text | Never


def rule_from(
    values: Mapping[str, object],
    where: str,
    *,
    templates: Collection[str],
    calendars: Mapping[str, Calendar],
    tried: bool = False,
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
    law = None if tried else calendars.get(calendar)
    never: Never | None = table.table("never", never_from, default=None)
    least = 1 if never is None else 0
    version = partial(
        version_from, code=code, templates=templates, law=law, least=least
    )
    rule = Rule(
        code=code,
        name=table.table("name", both),
        certificate=table.table("certificate", both),
        action=table.table("action", both),
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
            table.note(f"versions[{at}].revision", earlier.revision, expected)
        elif ends and earlier.in_force_from < later.in_force_from <= ends:
            expected = f"a day before {later.in_force_from}, when the next begins"
            table.note(f"versions[{at}].in_force_until", ends, expected)


def rule_to(rule: Rule) -> dict[str, object]:
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
        "versions": [version_to(version) for version in rule.versions],
    }
    return told | ({"never": _parts(rule.never)} if rule.never else {})


def version_to(version: Version) -> dict[str, object]:
    """Say a version as it stands in the text of its rule."""
    return _parts(version)


def _parts(it: _Part) -> dict[str, object]:
    values = {part.name: getattr(it, part.name) for part in fields(it)}
    values.pop("rule", None)
    return {name: _said(value) for name, value in values.items() if value is not None}


def _said(value: object) -> object:
    if isinstance(value, date | Period):
        return str(value)
    if isinstance(value, tuple):
        return [_said(one) for one in value]
    return _parts(value) if isinstance(value, _Part) else value
