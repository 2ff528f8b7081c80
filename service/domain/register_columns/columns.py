"""Which permit field each column of a register means, with a confidence."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, get_args

from service.domain.law.rule import Language
from service.domain.permits.permit_fields import DATES, REQUIRED
from service.domain.register_columns.cell_kinds import ColumnCells, count_cell_kinds
from service.domain.register_columns.date_forms import order
from service.domain.register_columns.headings import find_excluded, score_heading
from service.domain.register_columns.known_codes import (
    KnownCode,
    choose_offices,
    choose_rules,
)

MAPPED_FROM: Final = 45
"""Percent from which a column is mapped."""

WORTH_A_TRY: Final = 25
"""Percent from which a column is mapped to a required field that nothing else has."""

_WORTH_A_WORD: Final = 40
"""Percent above which the field that an ignored column could be is named."""

_CELLS_ALONE: Final[Mapping[str, float]] = {
    "holder_code": 0.9,
    "status": 0.7,
    "phones": 0.6,
    "number": 0.4,
    "holder": 0.4,
    "expires_on": 0.45,
    "issued_on": 0.4,
}
"""How sure cells alone make of a field, of 1, whatever the heading says."""

_CELLS_MUST_FIT: Final = frozenset(
    {
        *DATES,
        *("phones", "number", "holder", "rule", "authority", "language", "district"),
    }
)
MOST_WORDS: Final = 40
"""Different words of a column of permit types; one with more names something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The rules and offices of ours that columns may name."""

    rules: Collection[KnownCode]
    offices: Collection[KnownCode]


@dataclass(frozen=True, slots=True)
class SuggestedColumn:
    """A column, the permit field it means and how sure that is, in percent.

    `field` is None for a column to ignore. `runner_up` is the field it could have been.
    """

    heading: str
    cells: ColumnCells
    field: str | None
    confidence: int
    runner_up: str | None = None

    @property
    def holds_identity_numbers(self) -> bool:
        """Whether persons' identity numbers are among the cells."""
        return self.cells.identity_numbers > 0


def suggest_columns(
    header: Sequence[str], rows: Sequence[Sequence[str]], known: Known
) -> list[SuggestedColumn]:
    """Suggest a permit field for each column, or none.

    A column's score for a field is the better of two, in percent:

    - its heading's score (`score_heading`) × (0.5 + 0.5 × how well the cells fit), and
      0 where filled cells fit one of `_CELLS_MUST_FIT` by less than a fifth;
    - how well the cells fit × the weight of cells alone (`_CELLS_ALONE`). Of columns of
      dates the latest counts as the expiry, the earliest as the issue.

    The best score of all is assigned first, then the best of the columns and fields
    that are left; `phones` may have several columns. A column that has identity numbers
    of persons is never mapped, nor the second of two with one heading. The same input
    gives the same answer.
    """
    cells = [
        count_cell_kinds([row[place] for row in rows]) for place in range(len(header))
    ]
    orders = _decided_orders(cells)
    cells = [
        count_cell_kinds([row[place] for row in rows], orders)
        if orders and found.dates.is_ambiguous
        else found
        for place, found in enumerate(cells)
    ]
    middles = [one.dates.middle for one in cells if one.dates.written >= 0.5]
    days = sorted(filter(None, middles))
    scored = [
        _scores(heading, found, days, known) if heading not in header[:place] else {}
        for place, (heading, found) in enumerate(zip(header, cells, strict=True))
    ]
    return _assign(header, cells, scored)


def _decided_orders(cells: Sequence[ColumnCells]) -> tuple[str, ...]:
    found = {
        order(form)
        for one in cells
        if not one.dates.is_ambiguous and one.dates.share >= 0.5
        for form in one.dates.formats
    }
    return tuple(sorted(filter(None, found)))


def _scores(
    heading: str,
    cells: ColumnCells,
    days: Sequence[date],
    known: Known,
) -> dict[str, int]:
    if cells.identity_numbers:
        return {}
    headed, excluded = score_heading(heading), find_excluded(heading)
    fits = {**cells.scores, **_code_fits(cells, headed, known)}
    scores: dict[str, int] = {}
    for field in {**headed, **_CELLS_ALONE}:
        fit = fits.get(field, 0.0) if cells.filled else 0.2
        by_heading = headed.get(field, 0.0) * (0.5 + 0.5 * fit)
        if field in _CELLS_MUST_FIT and fit < 0.2:
            by_heading = 0.0
        if field in DATES:
            fit = min(fit, cells.dates.written)
        by_cells = fit * _CELLS_ALONE.get(field, 0.0) * _is_in_turn(field, cells, days)
        named = any(score > 0.5 for other, score in headed.items() if other != field)
        if named or field in excluded:
            by_cells /= 3
        scores[field] = round(100 * max(by_heading, by_cells))
    return scores


def _code_fits(
    cells: ColumnCells, headed: Mapping[str, float], known: Known
) -> dict[str, float]:
    """How well cells fit fields of codes and words, where the heading names the field.

    `replaces` is judged whatever the heading says, as the number of a permit is.
    """
    fits = {"replaces": cells.scores["number"]}
    if "holder_code" in headed:
        fits["holder_code"] = max(cells.scores["holder_code"], 0.5)
    if not cells.filled or len(cells.values) > MOST_WORDS:
        return fits
    if "status" in headed:
        fits["status"] = max(cells.scores["status"], 0.4)
    if "rule" in headed:
        fits["rule"] = choose_rules(cells.values, known.rules).share
    if "authority" in headed:
        fits["authority"] = choose_offices(cells.values, known.offices).share
    if "language" in headed:
        fits["language"] = float({*cells.values} <= {*get_args(Language)})
    return fits


def _is_in_turn(field: str, cells: ColumnCells, days: Sequence[date]) -> float:
    """1 for the latest dates as expiry and the earliest as issue, half for others."""
    if field not in {"expires_on", "issued_on"}:
        return 1.0
    expected = days[-1:] if field == "expires_on" else days[:-1][:1]
    return 1.0 if [cells.dates.middle] == [*expected] else 0.5


def _assign(
    header: Sequence[str], cells: Sequence[ColumnCells], scored: list[dict[str, int]]
) -> list[SuggestedColumn]:
    field_of: dict[int, tuple[str, int]] = {}
    taken: set[str] = set()
    for score, place, field in _ranked(scored):
        least = WORTH_A_TRY if field in REQUIRED and field != "rule" else MAPPED_FROM
        if score < least or place in field_of or field in taken:
            continue
        field_of[place] = field, score
        if field != "phones":
            taken.add(field)
    return [
        _column(heading, found, scores, field_of.get(place))
        for place, (heading, found, scores) in enumerate(
            zip(header, cells, scored, strict=True)
        )
    ]


def _column(
    heading: str,
    cells: ColumnCells,
    scores: Mapping[str, int],
    assigned: tuple[str, int] | None,
) -> SuggestedColumn:
    if assigned is not None:
        return SuggestedColumn(heading, cells, *assigned)
    field, score = max(scores.items(), key=lambda one: one[1], default=("", 0))
    runner_up = field if score > _WORTH_A_WORD else None
    # Another column has that field, so this one hardly has it too.
    confidence = 100 - (score // 2 if runner_up else score)
    return SuggestedColumn(heading, cells, None, confidence, runner_up)


def _ranked(scored: list[dict[str, int]]) -> Iterator[tuple[int, int, str]]:
    """All scores, the best first; of equal ones the first column and field."""
    found = [
        (-score, place, field)
        for place, scores in enumerate(scored)
        for field, score in scores.items()
    ]
    for score, place, field in sorted(found):
        yield -score, place, field
