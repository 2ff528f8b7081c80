"""A rule file as parsed TOML, or a stored rule as parsed JSON, becomes a Rule."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, fields
from datetime import date
from functools import partial
from itertools import pairwise
from typing import Final, Literal, get_args

from service.domain import reader
from service.domain.calendar import Calendar
from service.domain.errors import InvalidError
from service.domain.period import Period
from service.domain.rule import Conflict, Reference, Rule, Step, Text, Version
from service.domain.rulecheck import check
from service.domain.table import Table

Holder = Literal["organization", "person", "any"]
Confidence = Literal["read", "second-hand", "example", "unverified"]
Picked = Literal["expiry", "issue"]
NewTerm = Literal["decision", "expiry"]

HOLDERS: Final[tuple[Holder, ...]] = get_args(Holder)
CONFIDENCES: Final[tuple[Confidence, ...]] = get_args(Confidence)
PICKED: Final[tuple[Picked, ...]] = get_args(Picked)
NEW_TERMS: Final[tuple[NewTerm, ...]] = get_args(NewTerm)

_Part = Version | Step | Reference | Conflict | Text


def rule_from(
    values: Mapping[str, object],
    where: str,
    *,
    templates: Collection[str],
    calendars: Mapping[str, Calendar],
) -> Rule:
    """Read a rule and hold its versions against a sample of expiry dates.

    Raises `InvalidError` at `where` with all the mistakes: unknown keys, values of
    the wrong form, templates and calendars not among the known, versions that
    overlap, steps out of order or after closing without saying so.
    """
    table = Table("", values)
    code = table.read("code", reader.slug)
    calendar = table.read("calendar", reader.one_of(calendars))
    law = calendars.get(calendar)
    version = partial(_version, code=code, templates=templates, law=law)
    rule = Rule(
        code=code,
        name=table.table("name", both),
        certificate=table.table("certificate", both),
        action=table.table("action", both),
        calendar=calendar,
        holder=table.read("holder", reader.one_of(HOLDERS)),
        validity=table.read("validity", reader.text),
        number_tail=table.read("number_tail", reader.tail),
        versions=table.tables("versions", version, least=1),
        number_is_personal=table.read("number_is_personal", reader.flag, default=False),
        min_gap_days=table.read("min_gap_days", reader.whole(0), default=3),
    )
    table.refuse_unread()
    if not table.mistakes:
        _refuse_overlap(table, rule.versions)
    if table.mistakes:
        raise InvalidError(where, table.mistakes)
    return rule


def both(table: Table) -> Text:
    """Read the same words in Chinese and English."""
    return Text(table.read("zh", reader.text), table.read("en", reader.text))


def _version(
    table: Table, *, code: str, templates: Collection[str], law: Calendar | None
) -> Version:
    version = Version(
        rule=code,
        in_force_from=table.read("in_force_from", reader.day),
        closes=table.read("closes", reader.edge),
        steps=table.tables("steps", partial(_step, templates=templates), least=1),
        reference=table.table("reference", _reference),
        opens=table.read("opens", reader.edge, default=None),
        in_force_until=table.read("in_force_until", reader.day, default=None),
        revision=table.read("revision", reader.whole(1), default=1),
        governs=table.read("governs", reader.one_of(PICKED), default="expiry"),
        late=table.table("late", _late, default=None),
        new_term=table.read("new_term", reader.one_of(NEW_TERMS), default=None),
        conflicts=table.tables("conflicts", _conflict),
    )
    if law is not None and not table.mistakes:
        check(table, version, law)
    return version


def _step(table: Table, *, templates: Collection[str]) -> Step:
    return Step(
        name=table.read("name", reader.slug),
        at=table.read("at", reader.step_time),
        template=table.read("template", reader.one_of(templates)),
        until=table.read("until", reader.step_time, default=None),
        after_closing=table.read("after_closing", reader.flag, default=False),
    )


def _reference(table: Table) -> Reference:
    return Reference(
        title=table.read("title", reader.text),
        article=table.read("article", reader.text),
        checked_on=table.read("checked_on", reader.day),
        confidence=table.read("confidence", reader.one_of(CONFIDENCES)),
    )


def _conflict(table: Table) -> Conflict:
    return Conflict(
        title=table.read("title", reader.text),
        closes=table.read("closes", reader.edge),
        note=table.table("note", both),
    )


def _late(table: Table) -> Text:
    zh, en = reader.clause(30), reader.clause(70)
    return Text(table.read("zh", zh), table.read("en", en))


def _refuse_overlap(table: Table, versions: tuple[Version, ...]) -> None:
    numbered = sorted(
        enumerate(versions, start=1),
        key=lambda one: (one[1].in_force_from, one[1].revision),
    )
    for (at, earlier), (_, later) in pairwise(numbered):
        ends = earlier.in_force_until
        if earlier.key == later.key:
            expected = f"one version for {later.in_force_from} and this revision"
            table.note(f"versions[{at}].revision", earlier.revision, expected)
        elif ends and earlier.in_force_from < later.in_force_from <= ends:
            expected = f"a day before {later.in_force_from}, when the next begins"
            table.note(f"versions[{at}].in_force_until", ends, expected)


def rule_to(rule: Rule) -> dict[str, object]:
    """Say a rule as `rule_from` reads it, in nothing but what JSON knows."""
    return {
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
        "versions": [_parts(version) for version in rule.versions],
    }


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
