"""Compare two states of the law field by field, in the words of their files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from service.domain.calendars.office_year import CalendarYear
from service.domain.law.rule import Step, Version
from service.domain.lawbook.documents import (
    authority_to_dict,
    rule_fields_to_dict,
    version_to_dict,
)
from service.domain.lawbook.law import Law

FieldDifference = tuple[str, str | None, str | None]
"""(name, value before, value after); None where there is no value."""

_FlatDocument = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """A document that differs: a rule's words, a version, an authority or a year.

    `before` and `after` are its names; None where it does not exist. `fields` lists the
    differences, if it exists in both.
    """

    before: str | None
    after: str | None
    fields: tuple[FieldDifference, ...] = ()


def diff_laws(before: Law, after: Law) -> Iterator[Difference]:
    """Yield each document in force that differs before and after, by its key."""
    all_before, all_after = dict(_documents(before)), dict(_documents(after))
    for key in sorted({*all_before, *all_after}):
        old, new = all_before.get(key), all_after.get(key)
        if old is None or new is None:
            yield Difference(old and old[0], new and new[0])
        elif old != new:
            yield Difference(old[0], new[0], _changed_fields(old[1], new[1]))


def _documents(law: Law) -> Iterator[tuple[str, tuple[str, _FlatDocument]]]:
    """Every document in force: its key, its name and its fields."""
    for rule in law.rules.values():
        words = rule_fields_to_dict(rule)
        yield rule.code, (rule.code, dict(_flatten(words, "")))
        for version in sorted(rule.versions, key=lambda one: one.revision):
            yield version.series, (version.key, _version(version))
    for office in law.authorities.values():
        name = f"authority {office.code}"
        yield name, (name, dict(_flatten(authority_to_dict(office), "")))
    for year in law.office_years:
        name = f"calendar {year.calendar} {year.year}"
        yield name, (name, _year(year))


def _version(version: Version) -> _FlatDocument:
    fields = version_to_dict(replace(version, steps=()))
    del fields["revision"]
    steps = {f"step {step.name}": _step_in_words(step) for step in version.steps}
    return dict(_flatten(fields, "")) | steps


def _step_in_words(step: Step) -> str:
    parts = [str(step.at), step.template]
    parts += [f"until {step.until}"] if step.until else []
    parts += ["after closing"] if step.after_closing else []
    parts += [f"replaces {' and '.join(step.replaces)}"] if step.replaces else []
    return ", ".join(parts)


def _year(office_year: CalendarYear) -> _FlatDocument:
    published = "published" if office_year.published else "own days only"
    off = {str(day): f"off, {name}" for day, name in office_year.off.items()}
    worked = {str(day): "worked" for day in office_year.worked}
    days = dict(sorted((off | worked).items()))
    return {"notice": published, "source": office_year.source} | days


def _changed_fields(
    before: _FlatDocument, after: _FlatDocument
) -> tuple[FieldDifference, ...]:
    names = dict.fromkeys((*before, *after))
    fields = ((name, before.get(name), after.get(name)) for name in names)
    return tuple(field for field in fields if field[1] != field[2])


def _flatten(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flatten(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for at, inner in enumerate(value, start=1):
            yield from _flatten(inner, f"{path}[{at}]")
    else:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)
