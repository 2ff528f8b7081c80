"""What a suggested mapping leaves to a person, a line each."""

from collections.abc import Iterator
from typing import Final

from service.domain.permits.permit_fields import DATES
from service.domain.register_columns.columns import MAPPED_FROM, SuggestedColumn
from service.domain.register_columns.date_forms import DateColumn
from service.domain.register_columns.suggestion import SuggestedMapping
from service.domain.untrusted.text import show_private
from service.domain.untrusted.written_date import EXCEL, MINGUO

_WHOSE_FILINGS: Final = (
    "which register has the permits whose renewals these are? Write the `source` of "
    "its mapping below"
)
_NO_RULE: Final = (
    "which rule do the permits fall under? Write its code below: "
    "permit-reminders rules list shows all"
)


def find_obstacles(mapping: SuggestedMapping) -> Iterator[str]:
    """The questions without whose answers the mapping cannot be used."""
    if mapping.is_filed:
        yield _WHOSE_FILINGS
    for field in mapping.missing:
        is_rule = field == "rule"
        yield _ask_rule(mapping) if is_rule else f"which column has the {field}?"
    for heading in mapping.repeated:
        yield f"which column is {show_private(heading)}? Rename the others in the file"


def ask(mapping: SuggestedMapping) -> Iterator[str]:
    """The questions that a suggestion leaves open, obstacles first."""
    yield from find_obstacles(mapping)
    for choice, what in (
        (mapping.rule_words if "rule" not in mapping.missing else None, "rule"),
        (mapping.office_words, "office"),
    ):
        for word, near in choice.nearest.items() if choice else ():
            offer = f" Perhaps {' or '.join(near)}" if near else ""
            yield f"which {what} is {show_private(word)}?{offer}"
    for word, ours in mapping.states.items():
        if ours is None:
            yield f"which status is {show_private(word)}?"
    for column in mapping.columns:
        yield from _ask_about(column)


def _ask_rule(mapping: SuggestedMapping) -> str:
    words = ", ".join(
        map(show_private, mapping.rule_words.nearest if mapping.rule_words else ())
    )
    seen = f" {show_private(mapping.rule_said)} has {words}." if words else ""
    return f"{_NO_RULE}.{seen}"


def _ask_about(column: SuggestedColumn) -> Iterator[str]:
    name = show_private(column.heading)
    if column.holds_identity_numbers:
        share = max(1, round(100 * column.cells.identity_numbers))
        yield (
            f"{share} % of the cells of {name} are persons' identity numbers: ignored, "
            "so that they are not stored. Is that right?"
        )
    if column.field and column.confidence < MAPPED_FROM:
        yield f"is {name} really the {column.field}?"
    if column.field in DATES:
        yield from _ask_about_dates(name, column.cells.dates)


def _ask_about_dates(name: str, dates: DateColumn) -> Iterator[str]:
    if dates.is_ambiguous:
        yield (
            f"does {name} begin with the day or the month? No cell decides; delete one "
            "format: what both can read is rejected"
        )
    if any("%y" in form for form in dates.formats):
        yield f"which century has {name}? Its years have two digits"
    if EXCEL in dates.formats:
        yield f"are the numbers of {name} days as Excel counts them?"
    if MINGUO in dates.formats:
        yield f"does {name} count years from 1912 (民國)?"
    if "" in dates.forms:
        yield f"{dates.forms['']} cells of {name} are no date: what do they mean?"
