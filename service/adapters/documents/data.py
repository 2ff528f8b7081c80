"""A report as JSON and CSV; names of keys and columns are stable."""

import csv
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal

import orjson

from service.domain.law.rule import BilingualText
from service.domain.reports.tally import Tally, TypeRow
from service.domain.reports.weekly import Report
from service.domain.untrusted.spreadsheet_formulas import guard_formula


def as_json(report: Report) -> bytes:
    """Return JSON: totals at the top level, and one object per permit type.

    Unprefixed counts are the period's, `year_` those since 1 January, `total_` those
    since the start, `restated_` what became known since the report before. Rates are in
    per cent, null if there were no messages. `previous_messages` is null in a first
    issue.
    """
    document = {
        "period": report.period.label,
        "from": report.period.first_on,
        "to": report.period.last_on,
        "starts_at": report.period.starts_at,
        "ends_at": report.period.ends_at,
        "as_of": report.as_of,
        "authority": _both_languages(report.authority),
        "simulated": report.simulated,
        "first_issue": report.first_issue,
        "due": report.due,
        **_counts(report, report.sums),
        "not_reminded": report.not_reminded,
        "waiting": report.waiting,
        "before_start": report.before_start,
        "permits_reminded": report.permits_reminded,
        "filed_after_reminding": report.filed_after_reminding,
        "next_period": report.next_period.label,
        "next_period_reminders": report.forecast,
        "types": [
            {
                "rule": line.rule,
                "name": _both_languages(line.name),
                **_counts(report, line),
            }
            for line in report.lines
        ],
    }
    return orjson.dumps(document, default=float, option=orjson.OPT_INDENT_2)


def as_csv(report: Report) -> str:
    """Return one row per permit type, the counts named as in the JSON.

    Each row has its period, its date and whether it is simulated. Write the file as
    utf-8-sig, since Excel misreads Chinese in a file without a BOM.
    """
    out = io.StringIO()
    table = csv.DictWriter(out, fieldnames=list(_row(report, report.sums)))
    table.writeheader()
    table.writerows(_row(report, line) for line in report.lines)
    return out.getvalue()


def _row(report: Report, line: TypeRow) -> dict[str, object]:
    return {
        "period": report.period.label,
        "from": report.period.first_on,
        "to": report.period.last_on,
        "as_of": report.as_of.isoformat(),
        "simulated": str(report.simulated).lower(),
        "rule": guard_formula(line.rule),
        "name_zh": guard_formula(line.name.zh),
        "name_en": guard_formula(line.name.en),
        **_counts(report, line),
    }


def rows_as_csv(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> str:
    """Return CSV rows of these columns; the header is there even without rows."""
    out = io.StringIO()
    table = csv.DictWriter(out, fieldnames=columns)
    table.writeheader()
    for row in rows:
        table.writerow({key: _cell(value) for key, value in row.items()})
    return out.getvalue()


def _cell(value: object) -> object:
    return guard_formula(value) if isinstance(value, str) else value


def _counts(report: Report, line: TypeRow) -> Mapping[str, int | Decimal | None]:
    return {
        **_tally_columns(line.this),
        "previous_messages": None if report.first_issue else line.previous.messages,
        "year_reminded": line.year.reminded,
        "year_messages": line.year.messages,
        **{
            f"total_{name}": count for name, count in _tally_columns(line.total).items()
        },
        "total_delivery_rate": line.total.delivery_rate,
        **{
            f"restated_{name}": count
            for name, count in _tally_columns(line.restated).items()
        },
    }


def _tally_columns(tally: Tally) -> Mapping[str, int]:
    return {
        "reminded": tally.reminded,
        "messages": tally.messages,
        "delivered": tally.delivered,
        "failed": tally.failed,
        "pending": tally.pending,
        "segments": tally.segments,
    }


def _both_languages(text: BilingualText) -> Mapping[str, str]:
    return {"zh": text.zh, "en": text.en}
