"""What speaks against a change: who would be texted twice, too late, or wrongly."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from unicodedata import normalize

from service.domain.law.authority import Authority
from service.domain.law.rule import Version
from service.domain.law_change.group import RedatedGroup
from service.domain.templates.checks import find_forbidden_words

_StepOf = tuple[str, str]
"""(version key, step)."""


def find_forbidden_office_words(office: Authority) -> Iterator[str]:
    """Say what no holder may be told of the words that every text takes over."""
    told = {"helpline": office.helpline} | {
        f"{name}.{language}": words
        for name in ("signature", "apply_at", "opt_out")
        for language, words in asdict(getattr(office, name)).items()
    }
    for name, words in told.items():
        for found, expected in find_forbidden_words(normalize("NFKC", words)):
            yield f"{office.code}: {name}: found {found}, expected {expected}"


def find_objections(
    changed_groups: Sequence[RedatedGroup],
    new_versions: Sequence[Version],
    now: datetime,
) -> Iterator[str]:
    """Say each reason not to apply a change, unless somebody has a better one.

    `anew` are the versions that the change brings.
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
    for version_anew in filter(_reminds_after_closing, new_versions):
        yield f"{version_anew.key}: reminds only after closing"


def _dropped(touched: Sequence[RedatedGroup]) -> Counter[_StepOf]:
    found = Counter[_StepOf]()
    for one in touched:
        for step, count in one.group.texted_by_step.items():
            if one.drops_step(step):
                found[one.version.key, step] += count
    return found


def _texted_again(touched: Sequence[RedatedGroup], now: datetime) -> Counter[_StepOf]:
    found = Counter[_StepOf]()
    for one in touched:
        slot = one.newly_current(now)
        if slot is None or slot.step in {known.step for known in one.group.slots}:
            continue
        told = one.group.texted_by_step.items()
        others = [count for step, count in told if step not in slot.replaces]
        found[one.version.key, slot.step] += max(others, default=0)
    return +found


def _reminds_after_closing(version: Version) -> bool:
    return bool(version.steps) and all(step.after_closing for step in version.steps)
