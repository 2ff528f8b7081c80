"""The public JSON answer about a change of the law."""

from collections.abc import Mapping

from service.domain.law_change.diff import Difference, diff_laws
from service.domain.law_change.impact import ClosingShift, Impact
from service.flow.law_change.change import ChangeResult


def summarize_change(changed: ChangeResult, *, applied: bool) -> Mapping[str, object]:
    """Build the answer; `applied` is false for a preview.

    `changes` are the differences of the law; everything else counts permits as `Impact`
    does. Days are calendar days; a week is named by its Monday.
    """
    impact = changed.plan.impact
    return {
        "applied": applied,
        "changes": [
            _difference(difference)
            for difference in diff_laws(changed.before, changed.after)
        ],
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
