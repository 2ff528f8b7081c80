"""Formats a report: text for people, JSON and CSV for programs."""

from collections.abc import Mapping, Sequence

from service.adapters.documents.data import as_csv, as_json, rows_as_csv
from service.adapters.documents.text import ReportTemplates, as_text
from service.domain.reports.weekly import Report


class Documents:
    """Formats reports; the text uses the templates of a folder."""

    def __init__(self, words: ReportTemplates) -> None:
        self._words = words

    def as_text(self, report: Report) -> str:
        """Return the report in Chinese, then in English, each with its table."""
        return as_text(report, self._words)

    def as_json(self, report: Report) -> bytes:
        """Return every figure of the report as JSON."""
        return as_json(report)

    def as_csv(self, report: Report) -> str:
        """Return the table alone, one row per permit type."""
        return as_csv(report)

    def rows_as_csv(
        self, rows: Sequence[Mapping[str, object]], columns: Sequence[str]
    ) -> str:
        """Return rows, such as counts, as CSV with these columns."""
        return rows_as_csv(rows, columns)
