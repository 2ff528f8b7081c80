"""Files that list filed renewals (受理), told from registers of permits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from service.domain.permits.filing import FILING_FIELDS, FilingState
from service.domain.permits.row_permit import SKIP
from service.domain.register_columns.columns import MOST_WORDS, SuggestedColumn
from service.domain.register_columns.headings import (
    has_han,
    read_han,
    read_words,
    score_heading,
)

_FILED_ON: Final = (
    *("受理日期", "受理时间", "申请日期", "申请时间", "提交日期", "提交时间"),
    *("filed date", "application date", "received date"),
    *("submitted date", "submission date"),
)
"""Headings of the day on which somebody applied, in the words of `WORDS`."""

_ABOUT_FILING: Final = 0.9
"""How sure a heading of `_FILED_ON` is where no column names an expiry, of 1."""

_WORDS: Final[Mapping[str, str]] = {
    FilingState.FILED: "filed,received,accepted,submitted,pending,in process,"
    "under review,approved,granted,renewed,"
    "受理,已受理,准予受理,受理中,审批中,审核中,办理中,申请中,已申请,准予,准予延续,"
    "已办结,已延续",
    FilingState.WITHDRAWN: "withdrawn,cancelled,canceled,application withdrawn,"
    "撤回,已撤回,撤回申请,撤销申请,取消,终止办理",
    FilingState.REFUSED: "refused,rejected,denied,not accepted,returned,"
    "不予受理,未受理,不予延续,不予许可,不予批准,驳回,退回,退件,不通过",
    SKIP: "draft,incomplete,补正,待补正,补正材料,待受理,待提交,草稿,暂存",
}
_STATES: Final = {
    word.strip(): state for state, words in _WORDS.items() for word in words.split(",")
}


def find_filing_state(word: str) -> str | None:
    """Our word for a state of an application, or "skip"; None if it is unknown."""
    return _STATES.get(" ".join(word.casefold().replace("_", " ").split()))


def read_as_filed(columns: Sequence[SuggestedColumn]) -> list[SuggestedColumn] | None:
    """What the columns mean in a list of filed renewals; None if it plainly is none.

    It is one if a column of dates is headed as the day of an application, and no
    heading names an expiry date.
    """
    if any(score_heading(one.heading).get("expires_on", 0) > 0.5 for one in columns):
        return None
    filed_on = next((one for one in columns if _is_filed_on(one)), None)
    if filed_on is None:
        return None
    state = next((one for one in columns if _has_states(one)), None)
    return [
        replace(
            one,
            field="renewal_filed_on",
            confidence=round(100 * _ABOUT_FILING * one.cells.dates.share),
            runner_up=None,
        )
        if one is filed_on
        else replace(one, field="status", confidence=90, runner_up=None)
        if one is state
        else _without_others(one, has_state=state is not None)
        for one in columns
    ]


def _is_filed_on(column: SuggestedColumn) -> bool:
    han, words = read_han(column.heading), {*read_words(column.heading)}
    is_headed = any(
        one in han if has_han(one) else {*read_words(one)} <= words for one in _FILED_ON
    )
    return is_headed and column.cells.dates.share > 0.5


def _has_states(column: SuggestedColumn) -> bool:
    values = column.cells.values
    if not values or len(values) > MOST_WORDS:
        return False
    known = sum(count for word, count in values.items() if find_filing_state(word))
    return known * 2 > sum(values.values())


def _without_others(column: SuggestedColumn, *, has_state: bool) -> SuggestedColumn:
    known = (
        {*FILING_FIELDS} - {"renewal_filed_on"} - ({"status"} if has_state else set())
    )
    if column.field is None or column.field in known:
        return column
    return replace(column, field=None, confidence=100 - column.confidence // 2)
