"""Findings about permits: whose holders get no text, and why."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from service.domain.lawbook.law import Law
from service.domain.nearest import find_nearest
from service.domain.reports.findings import (
    CLOSING_SOON,
    Finding,
    RegisterAge,
    Severity,
    TypeCount,
)


def judge_types(
    counts: Sequence[TypeCount], hindrances: Sequence[str | None], law: Law
) -> Iterator[Finding]:
    """Types that text nobody, although they have permits.

    `hindrances` says of each why it cannot go live, if it cannot.
    """
    if not counts:
        what = "no permit is registered of which the service would remind"
        remedy = "permit-reminders import FILE --mapping MAPPING"
        yield Finding(Severity.STOPS, "registers", what, remedy)
    elif not any(one.state == "live" for one in counts):
        yield Finding(
            Severity.STOPS,
            "go-live",
            "no permit type with permits is live",
            "permit-reminders authorities preview CODE RULE, then authorities live",
        )
    for one, hindrance in zip(counts, hindrances, strict=True):
        if one.state == "live":
            continue
        if hindrance:
            yield _never_live(one, hindrance, law)
            continue
        closing = f", {one.closing} close within {CLOSING_SOON.days} days"
        yield Finding(
            Severity.MISSES,
            "go-live",
            f"{_permits(one.permits)} of {one.rule} in {one.authority} without texts: "
            f"it is {'on trial' if one.state else 'a draft'}"
            + (closing if one.closing else ""),
            f"permit-reminders authorities preview {one.authority} {one.rule}",
            one.permits,
        )


def _never_live(one: TypeCount, hindrance: str, law: Law) -> Finding:
    is_intended = law.rule(one.rule).never is not None
    return Finding(
        Severity.NOTE if is_intended else Severity.MISSES,
        "rules",
        f"{_permits(one.permits)} of {one.rule} in {one.authority} without texts: "
        f"{hindrance}",
        "permit-reminders rules list",
        one.permits,
    )


def judge_unknown_types(rows_by_type: Mapping[str, int], law: Law) -> Iterator[Finding]:
    """Permit types of registers that no rule has, with the rule most like each."""
    codes = {
        name: code
        for code, rule in law.rules.items()
        for name in (rule.name.zh, rule.name.en, rule.certificate.zh, code)
    }
    for name, rows in rows_by_type.items():
        nearest = find_nearest(name, codes, most=1)
        offer = f"perhaps {codes[nearest[0]]}" if nearest else "rules list shows all"
        yield Finding(
            Severity.MISSES,
            "rules",
            f"{_rows(rows)} rejected at the last import: there is no rule {name}",
            f"{offer}: translate it in the mapping, then import the register again",
            rows,
        )


def judge_registers(
    registers: Sequence[RegisterAge], now: datetime
) -> Iterator[Finding]:
    """Registers from which nothing is sent, or soon nothing, because they are old."""
    for one in registers:
        if one.max_age_days is None:
            continue
        left = one.loaded_at + timedelta(days=one.max_age_days) - now
        if left > timedelta(days=3):
            continue
        is_stale = left < timedelta()
        yield Finding(
            Severity.MISSES if is_stale else Severity.SOON,
            "registers",
            f"{one.name} was last loaded {(now - one.loaded_at).days} days ago, and "
            f"after {one.max_age_days} nothing is sent from it",
            "permit-reminders import FILE --mapping MAPPING",
        )


def judge_waiting(without_route: int, left_to_operator: int) -> Iterator[Finding]:
    """What waits until a person does something."""
    if without_route:
        yield Finding(
            Severity.MISSES,
            "routes",
            f"{without_route} reminders are held: the provider cannot send there",
            "enable the country or sender, then permit-reminders resume",
            without_route,
        )
    if left_to_operator:
        yield Finding(
            Severity.MISSES,
            "outcomes",
            f"{left_to_operator} messages of unknown outcome wait for a person",
            "permit-reminders messages list --open",
            left_to_operator,
        )


def describe_unreachable(authority: str, reason: str, count: int) -> Finding:
    """Permits of live types that no text reaches, for one reason."""
    return Finding(
        Severity.MISSES,
        "phones",
        f"{_permits(count)} of {authority} reached by no text: {reason}",
        f"permit-reminders unreachable list --authority {authority}",
        count,
    )


def _permits(count: int) -> str:
    return "1 permit" if count == 1 else f"{count} permits"


def _rows(count: int) -> str:
    return "1 row was" if count == 1 else f"{count} rows were"
