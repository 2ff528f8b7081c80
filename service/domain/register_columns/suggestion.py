"""A whole mapping, suggested: columns, statuses, rule and office."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from service.domain.permits.filing import FILING_REQUIRED
from service.domain.permits.permit_fields import REQUIRED
from service.domain.register_columns.columns import (
    MOST_WORDS,
    Known,
    SuggestedColumn,
    suggest_columns,
)
from service.domain.register_columns.filed_lists import (
    find_filing_state,
    read_as_filed,
)
from service.domain.register_columns.headings import score_heading
from service.domain.register_columns.known_codes import (
    CodeChoice,
    choose_offices,
    choose_rules,
    is_clear,
    rank_rules,
)
from service.domain.register_columns.status_words import our_status

_LIKELY: Final = 50
"""Percent from which a hint is taken for the permit type of all rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedMapping:
    """What a mapping file for a register should say.

    `rule` is the code of all rows, `rule_confidence` how sure that is in percent, and
    `rule_said` what says so. `rule_words` are the permit types of a column and the
    codes they mean, where there is no such constant. `states` has our word for each
    status, or None. With `is_filed`, the file lists filed renewals.
    """

    columns: Sequence[SuggestedColumn]
    rule: str | None
    rule_confidence: int
    rule_said: str
    rule_words: CodeChoice | None
    office_words: CodeChoice | None
    states: Mapping[str, str | None]
    is_filed: bool = False

    def column_of(self, field: str) -> SuggestedColumn | None:
        """The column of a field; of `phones` the first."""
        return next((one for one in self.columns if one.field == field), None)

    @property
    def repeated(self) -> list[str]:
        """Headings that stand over several columns."""
        times = Counter(one.heading for one in self.columns if one.heading)
        return [heading for heading, count in times.items() if count > 1]

    @property
    def missing(self) -> list[str]:
        """Required fields for which nothing was found."""
        return [
            name
            for name in (FILING_REQUIRED if self.is_filed else REQUIRED)
            if self.column_of(name) is None and not (name == "rule" and self.rule)
        ]


def suggest_mapping(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    known: Known,
    hints: Sequence[str] = (),
) -> SuggestedMapping:
    """Suggest a mapping for a header and some rows, each with as many cells.

    `hints` are what else may name the permit type, such as the file's name. Columns are
    judged as `suggest_columns` says. A column of permit types that all mean one rule
    becomes that constant; without one the rule comes from a column with one value, from
    hints or from the heading of the numbers. A list of filed renewals has no such
    constant: its permits are registered already.
    """
    columns = suggest_columns(header, rows, known)
    filed = read_as_filed(columns)
    columns = columns if filed is None else filed
    types = _column_of_types(columns)
    words = choose_rules(types.cells.values, known.rules) if types else None
    constant, confidence, said = words.only if words else None, 0, ""
    if filed is not None:
        constant = None
    elif constant and types:
        confidence, said = types.confidence, types.heading
        columns = [_without_rule(one) for one in columns]
    elif not (types and types.field):
        constant, confidence, said = _find_rule(columns, known, hints)
        said = said or (types.heading if types else "")
    office = next((one for one in columns if one.field == "authority"), None)
    status = next((one for one in columns if one.field == "status"), None)
    return SuggestedMapping(
        columns=columns,
        rule=constant,
        rule_confidence=confidence,
        rule_said=said,
        rule_words=None if constant else words,
        office_words=(
            choose_offices(office.cells.values, known.offices) if office else None
        ),
        states={
            word: our_status(word) if filed is None else find_filing_state(word)
            for word in (status.cells.values if status else ())
        },
        is_filed=filed is not None,
    )


def _column_of_types(columns: Sequence[SuggestedColumn]) -> SuggestedColumn | None:
    """The column mapped to `rule`, else the one whose heading names types best."""
    for one in columns:
        if one.field == "rule":
            return one
    headed = [
        (score_heading(one.heading).get("rule", 0.0), one)
        for one in columns
        if one.field is None and 0 < len(one.cells.values) <= MOST_WORDS
    ]
    best, column = max(headed, key=lambda one: one[0], default=(0.0, None))
    return column if best >= 0.4 else None


def _without_rule(column: SuggestedColumn) -> SuggestedColumn:
    if column.field != "rule":
        return column
    return replace(column, field=None, runner_up="rule")


def _find_rule(
    columns: Sequence[SuggestedColumn], known: Known, hints: Sequence[str]
) -> tuple[str | None, int, str]:
    """The rule that hints, headings or a column with one value name, if one does."""
    for text in _texts_about_all_rows(columns, hints):
        ranked = rank_rules(text, known.rules)
        if ranked and is_clear(ranked) and 100 * ranked[0][0] >= _LIKELY:
            return ranked[0][1], round(80 * ranked[0][0]), text
    return None, 0, ""


def _texts_about_all_rows(
    columns: Sequence[SuggestedColumn], hints: Sequence[str]
) -> Iterator[str]:
    for one in columns:
        if one.field is None and len(one.cells.values) == 1 and one.cells.filled > 1:
            yield from one.cells.values
    yield from hints
    for one in columns:
        if one.field == "number":
            yield one.heading
