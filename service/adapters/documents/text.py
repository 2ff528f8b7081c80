"""A report for people, in a fixed-width font."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal, Protocol
from unicodedata import combining, east_asian_width

from service.domain.law.rule import Language, Text
from service.domain.reports.tally import TypeLine
from service.domain.reports.weekly import Report

Number = tuple[Text, Callable[[TypeLine], object]]
"""A column: its heading in two parts, a number of the line."""

NAME = Text("/许可事项", "/permit type")
CHANGE: Number = (Text("较上期/短信", "change/sent"), lambda line: f"{line.change:+}")
NUMBERS: tuple[Number, ...] = (
    (Text("本期/提醒", "this/reminded"), lambda line: line.this.reminded),
    (Text("本期/短信", "this/sent"), lambda line: line.this.messages),
    CHANGE,
    (Text("本期/已送达", "this/delivered"), lambda line: line.this.delivered),
    (Text("本期/未送达", "this/failed"), lambda line: line.this.failed),
    (Text("累计/短信", "all/sent"), lambda line: line.total.messages),
    (Text("累计/已送达", "all/delivered"), lambda line: line.total.delivered),
    (Text("累计/未送达", "all/failed"), lambda line: line.total.failed),
    (Text("累计/待回执", "all/pending"), lambda line: line.total.pending),
    (Text("累计/送达率", "all/rate"), lambda line: _rate(line.total.delivery_rate)),
)


class ReportWords(Protocol):
    """The prose around the figures."""

    def render_report(
        self,
        report: Report,
        language: Language,
        part: Literal["title", "headline", "notes"],
    ) -> str:
        """Say one part of the report in words."""
        ...


def as_text(report: Report, words: ReportWords) -> str:
    """Tell the whole report twice, in Chinese and then in English.

    A Chinese character is two columns wide. A first issue has no column for the
    change.
    """
    return "\n\n\n".join(_told(report, words, one) for one in ("zh", "en")) + "\n"


def _told(report: Report, words: ReportWords, language: Language) -> str:
    title, headline, notes = (
        words.render_report(report, language, part)
        for part in ("title", "headline", "notes")
    )
    return "\n\n".join((title, headline, _table(report, language), notes))


def _table(report: Report, language: Language) -> str:
    numbers = [one for one in NUMBERS if one is not CHANGE or not report.first_issue]
    headings = [NAME, *(heading for heading, _ in numbers)]
    parts = [heading.in_(language).split("/") for heading in headings]
    lines = [
        [line.name.in_(language), *(str(number(line)) for _, number in numbers)]
        for line in (*report.lines, report.sums)
    ]
    return _aligned([*map(list, zip(*parts, strict=True)), *lines])


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Set names left and numbers right, two lines of heading, the last row apart."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            _placed(cell, width, at)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    bar = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join([*lines[:2], bar, *lines[2:-1], bar, lines[-1]])


def _placed(cell: str, width: int, column: int) -> str:
    space = " " * (width - _width(cell))
    return space + cell if column else cell + space


def _rate(percent: Decimal | None) -> str:
    return "-" if percent is None else f"{percent}%"


def _width(text: str) -> int:
    return sum(
        0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1
        for one in text
    )
