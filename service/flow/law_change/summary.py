"""What a change of the law comes to, as people and programs are told."""

from collections.abc import Mapping

from service.domain.law_change.diff import Difference, diff_laws
from service.domain.law_change.impact import ClosingShift, Impact
from service.flow.law_change.change import ChangeResult


def summarize_change(changed: ChangeResult, *, applied: bool) -> Mapping[str, object]:
    """The public answer of whatever changes the law; `applied`: not only previewed.

    `changes` are what the law says differently, everything else counts permits, as
    in `Impact`. Days are calendar days, weeks are named by their Mondays.
    """
    impact = changed.plan.impact
    return {
        "applied": applied,
        "changes": [_difference(it) for it in diff_laws(changed.before, changed.after)],
        **_figures(impact),
        "weeks": [
            {"monday": monday, "before": before, "after": after}
            for monday, before, after in impact.weeks()
        ],
        "objections": list(changed.plan.objections),
    }


def _difference(difference: Difference) -> Mapping[str, object]:
    fields = [
        {"field": name, "before": before, "after": after}
        for name, before, after in difference.fields
    ]
    return {"before": difference.before, "after": difference.after, "fields": fields}


def _figures(impact: Impact) -> Mapping[str, object]:
    return {
        "permits": impact.permits,
        "earlier": _shift(impact.earlier),
        "later": _shift(impact.later),
        "exact": impact.exact,
        "past": impact.past,
        "late": dict(impact.late),
        "kept": dict(impact.kept),
        "dropped": dict(impact.dropped),
        "redated": impact.redated,
        "superseded": impact.superseded,
        "corrected": impact.corrected,
    }


def _shift(shift: ClosingShift) -> Mapping[str, int]:
    return {
        "permits": shift.permits,
        "least_days": shift.least_days,
        "most_days": shift.most_days,
    }
