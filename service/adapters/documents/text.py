"""A report as plain text, for a fixed-width font."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal, Protocol
from unicodedata import combining, east_asian_width

from service.domain.law.rule import BilingualText, Language
from service.domain.reports.tally import TypeRow
from service.domain.reports.weekly import Report

ReportColumn = tuple[BilingualText, Callable[[TypeRow], object]]
"""A column: its heading, in two lines parted by /, and its value of a row."""

NAME_HEADING = BilingualText("/许可事项", "/permit type")
CHANGE_COLUMN: ReportColumn = (
    BilingualText("较上期/短信", "change/sent"),
    lambda line: f"{line.change:+}",
)
COLUMNS: tuple[ReportColumn, ...] = (
    (BilingualText("本期/提醒", "this/reminded"), lambda line: line.this.reminded),
    (BilingualText("本期/短信", "this/sent"), lambda line: line.this.messages),
    CHANGE_COLUMN,
    (BilingualText("本期/已送达", "this/delivered"), lambda line: line.this.delivered),
    (BilingualText("本期/未送达", "this/failed"), lambda line: line.this.failed),
    (BilingualText("累计/短信", "all/sent"), lambda line: line.total.messages),
    (BilingualText("累计/已送达", "all/delivered"), lambda line: line.total.delivered),
    (BilingualText("累计/未送达", "all/failed"), lambda line: line.total.failed),
    (BilingualText("累计/待回执", "all/pending"), lambda line: line.total.pending),
    (
        BilingualText("累计/送达率", "all/rate"),
        lambda line: _rate(line.total.delivery_rate),
    ),
)


class ReportTemplates(Protocol):
    """Renders the prose around the figures."""

    def render_report(
        self,
        report: Report,
        language: Language,
        part: Literal["title", "headline", "notes"],
    ) -> str:
        """Return one part of the report in words."""
        ...


def as_text(report: Report, words: ReportTemplates) -> str:
    """Return the whole report in Chinese, then in English.

    A Chinese character is two columns wide. A first issue has no column for the
    change.
    """
    return (
        "\n\n\n".join(_report_text(report, words, one) for one in ("zh", "en")) + "\n"
    )


def _report_text(report: Report, words: ReportTemplates, language: Language) -> str:
    title, headline, notes = (
        words.render_report(report, language, part)
        for part in ("title", "headline", "notes")
    )
    return "\n\n".join((title, headline, _table(report, language), notes))


def _table(report: Report, language: Language) -> str:
    numbers = [
        one for one in COLUMNS if one is not CHANGE_COLUMN or not report.first_issue
    ]
    headings = [NAME_HEADING, *(heading for heading, _ in numbers)]
    parts = [heading.in_language(language).split("/") for heading in headings]
    lines = [
        [line.name.in_language(language), *(str(number(line)) for _, number in numbers)]
        for line in (*report.lines, report.sums)
    ]
    return _align([*map(list, zip(*parts, strict=True)), *lines])


def _align(rows: Sequence[Sequence[str]]) -> str:
    """Align names left and numbers right; lines part the heading and the last row."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            _pad(cell, width, at)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    bar = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join([*lines[:2], bar, *lines[2:-1], bar, lines[-1]])


def _pad(cell: str, width: int, column: int) -> str:
    space = " " * (width - _width(cell))
    return space + cell if column else cell + space


def _rate(percent: Decimal | None) -> str:
    return "-" if percent is None else f"{percent}%"


def _width(text: str) -> int:
    return sum(
        0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1
        for one in text
    )
