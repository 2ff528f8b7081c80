"""Objections to a change: holders would be texted twice, too late, or wrongly."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from unicodedata import normalize

from service.domain.law.authority import Authority
from service.domain.law.rule import Version
from service.domain.law_change.group import RedatedGroup
from service.domain.lawbook.law import Law
from service.domain.templates.checks import find_forbidden_words

_StepOf = tuple[str, str]
"""(version key, step)."""


def find_forbidden_office_words(office: Authority) -> Iterator[str]:
    """Find words of an office that no text may contain, a line for each."""
    fields = {"helpline": office.helpline} | {
        f"{name}.{language}": words
        for name in ("signature", "apply_at", "opt_out")
        for language, words in asdict(getattr(office, name)).items()
    }
    for name, words in fields.items():
        for found, expected in find_forbidden_words(normalize("NFKC", words)):
            yield f"{office.code}: {name}: found {found}, expected {expected}"


def find_unpublished_years(before: Law, after: Law) -> Iterator[str]:
    """Find calendars whose published days would end earlier, a line each."""
    for code, calendar in after.calendars.items():
        former = before.calendars.get(code)
        if former is None or calendar.covered_until is None:
            continue
        until = former.covered_until
        if until is None or until > calendar.covered_until:
            yield (
                f"calendar {code}: its days were published until {until or 'any day'}, "
                f"and would be only until {calendar.covered_until}; days after that "
                "would be provisional again"
            )


def find_objections(
    changed_groups: Sequence[RedatedGroup],
    new_versions: Sequence[Version],
    now: datetime,
) -> Iterator[str]:
    """Find each reason not to apply a change; it applies only with a forced reason.

    `new_versions` are the versions that the change installs.
    """
    for (version, step), count in _dropped(changed_groups).items():
        yield (
            f"{version}: drops the step {step}, in which {count} permits were texted; "
            f'the step in its place must say replaces = "{step}"'
        )
    for (version, step), count in _texted_again(changed_groups, now).items():
        yield (
            f"{version}: {count} permits already texted would be texted again at once "
            f"in the new step {step}; let it say which step it replaces"
        )
    for new_version in filter(_reminds_after_closing, new_versions):
        yield f"{new_version.key}: reminds only after closing"


def _dropped(changed_groups: Sequence[RedatedGroup]) -> Counter[_StepOf]:
    found = Counter[_StepOf]()
    for redated in changed_groups:
        for step, count in redated.group.texted_by_step.items():
            if redated.drops_step(step):
                found[redated.version.key, step] += count
    return found


def _texted_again(
    changed_groups: Sequence[RedatedGroup], now: datetime
) -> Counter[_StepOf]:
    found = Counter[_StepOf]()
    for redated in changed_groups:
        late = redated.texted_at_once(now)
        if late and late.step not in {slot.step for slot in redated.group.slots}:
            found[redated.version.key, late.step] += late.texted_before
    return +found


def _reminds_after_closing(version: Version) -> bool:
    return bool(version.steps) and all(step.after_closing for step in version.steps)
