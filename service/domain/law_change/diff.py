"""What two states of the law say differently, in the words of their files."""

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
"""Name, and what it says before and after; None where it says nothing."""

_FlatDocument = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """A rule's words, a version, an authority or a year; None: it is not there.

    `before` and `after` are their names. Only where both are there their `fields` are
    told.
    """

    before: str | None
    after: str | None
    fields: tuple[FieldDifference, ...] = ()


def diff_laws(before: Law, after: Law) -> Iterator[Difference]:
    """Tell what differs between what is in force before and after."""
    old, new = dict(_documents(before)), dict(_documents(after))
    for place in sorted({*old, *new}):
        was, became = old.get(place), new.get(place)
        if was is None or became is None:
            yield Difference(was and was[0], became and became[0])
        elif was != became:
            yield Difference(was[0], became[0], _changed_fields(was[1], became[1]))


def _documents(law: Law) -> Iterator[tuple[str, tuple[str, _FlatDocument]]]:
    """Everything by its place: what it is called, and what it says."""
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
    texts = version_to_dict(replace(version, steps=()))
    del texts["revision"]
    steps = {f"step {step.name}": _step_in_words(step) for step in version.steps}
    return dict(_flatten(texts, "")) | steps


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
    told = ((name, before.get(name), after.get(name)) for name in names)
    return tuple(one for one in told if one[1] != one[2])


def _flatten(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flatten(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for at, inner in enumerate(value, start=1):
            yield from _flatten(inner, f"{path}[{at}]")
    else:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)
