"""A suggested mapping as a mapping file, with its reasons as comments."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import tomli_w

from service.adapters.registers.sample import RegisterSample
from service.domain.masking import mask_phone
from service.domain.permits.filing import FilingState
from service.domain.permits.permit import PermitStatus
from service.domain.permits.phone import ContactRole
from service.domain.register_columns.columns import SuggestedColumn
from service.domain.register_columns.date_forms import CERTAIN
from service.domain.register_columns.headings import find_role
from service.domain.register_columns.known_codes import CodeChoice
from service.domain.register_columns.questions import ask
from service.domain.register_columns.suggestion import SuggestedMapping
from service.domain.untrusted.text import safe_name, show_private

EXAMPLES: Final = 3
"""Cells that a comment shows of each column."""

_MOSTLY: Final = 0.5
"""Part of a column's cells, of 1, above which they count as phones or dates."""


def mapping_to_toml(
    mapping: SuggestedMapping,
    sample: RegisterSample,
    name: str,
    office: str | None = None,
) -> str:
    """Write a mapping file for the register `name`.

    Its permits are those of `office`, unless a column says whose they are.
    Every column has its confidence and `EXAMPLES` cells, in which phones and identity
    numbers are masked. What is not sure stands at the top as questions.
    """
    parts = [
        [*_head(mapping, sample, name)],
        [*_constants(mapping, name, office)],
        [*_ignored(mapping)],
        ["[columns]", *_mapped(mapping)],
        [*_roles(mapping)],
        [*_formats(mapping)],
        [*_states(mapping)],
        [*_words("rule", mapping.rule_words, mapping)],
        [*_words("authority", mapping.office_words, mapping)],
    ]
    return "\n".join("\n".join([*lines, ""]) for lines in parts if lines)


def _head(
    mapping: SuggestedMapping, sample: RegisterSample, name: str
) -> Iterator[str]:
    yield f"# Suggested for {safe_name(name)}: {sample.form}."
    yield f"# Looked at {sample.extent}. Check every line, then try the first rows:"
    yield "# permit-reminders mapping check THIS-FILE REGISTER"
    questions = [*ask(mapping)]
    if questions:
        yield "#"
        yield "# Questions:"
    for question in questions:
        yield f"# - {question}"


def _constants(
    mapping: SuggestedMapping, name: str, office: str | None
) -> Iterator[str]:
    stem = name.rpartition(".")[0] or name
    if mapping.is_filed:
        yield f"{_entry('lists', 'filed')}  # filed renewals of a register's permits"
        yield f"{_entry('source', stem)}  # that register's"
        return
    yield f"{_entry('source', stem)}  # the register's name, whatever its next export's"
    if mapping.rule:
        said = f"{mapping.rule_confidence} %, by {show_private(mapping.rule_said)}"
        yield f"{_entry('rule', mapping.rule)}  # {said}"
    elif mapping.column_of("rule") is None:
        yield '# rule = "CODE"'
    if office and mapping.column_of("authority") is None:
        yield _entry("authority", office)


def _ignored(mapping: SuggestedMapping) -> Iterator[str]:
    mapped = {one.heading for one in mapping.columns if one.field}
    ignored = {
        one.heading: one
        for one in mapping.columns
        # A column without a name needs no word while it is empty.
        if one.heading not in mapped and (one.heading or one.cells.filled)
    }
    if not ignored:
        return
    yield "ignore = ["
    for column in ignored.values():
        yield f"  # {_describe(column)}"
        yield f"  {_quoted(column.heading)},"
    yield "]"


def _mapped(mapping: SuggestedMapping) -> Iterator[str]:
    """The lines of mapped columns; those of phones last, in order of preference."""
    mapped = [one for one in mapping.columns if one.field is not None]
    for column in _in_order(sorted(mapped, key=_preference)):
        yield f"# {_describe(column)}"
        yield _entry(column.heading, str(column.field))


def _in_order(columns: Sequence[SuggestedColumn]) -> Iterator[SuggestedColumn]:
    """The columns, those of contacts in the order of their roles among themselves."""
    in_turn = (one for role in ContactRole for one in columns if _role_of(one) is role)
    for one in columns:
        yield next(in_turn) if _role_of(one) else one


def _preference(column: SuggestedColumn) -> int:
    return 101 - column.confidence if column.field == "phones" else 0


def _role_of(column: SuggestedColumn) -> ContactRole | None:
    return find_role(column.heading) if column.field == "phones" else None


def _roles(mapping: SuggestedMapping) -> Iterator[str]:
    found = {one.heading: role for one in mapping.columns if (role := _role_of(one))}
    if found:
        yield "# Whose phones. In the order above, the first that can be is texted."
        yield "[roles]"
    for heading, role in found.items():
        yield _entry(heading, role)


def _formats(mapping: SuggestedMapping) -> Iterator[str]:
    dated = [
        one
        for one in mapping.columns
        if one.field and one.field.endswith("_on") and one.cells.dates.formats
    ]
    if not dated:
        return
    yield "# Dates whose year comes first, such as 2026-12-31, need no format."
    yield "[date_formats]"
    for column in dated:
        formats = ", ".join(map(_quoted, column.cells.dates.formats))
        yield f"{_key(column.heading)} = [{formats}]"


def _states(mapping: SuggestedMapping) -> Iterator[str]:
    status = mapping.column_of("status")
    if status is None or not any(mapping.states.values()):
        return
    states = ", ".join(FilingState if mapping.is_filed else PermitStatus)
    yield "[values.status]"
    for word, ours in mapping.states.items():
        count = _count(status, word)
        if ours:
            yield f"{_entry(word, ours)}  # {count}"
        else:
            yield f"# {_entry(word, f'{states} or skip')}  # {count}"


def _words(
    field: str, choice: CodeChoice | None, mapping: SuggestedMapping
) -> Iterator[str]:
    column = mapping.column_of(field)
    if (
        choice is None
        or column is None
        or all(one == of for one, of in choice.sure.items())
    ):
        return
    yield f"[values.{field}]"
    for word in column.cells.values:
        count = _count(column, word)
        if code := choice.sure.get(word):
            yield f"{_entry(word, code)}  # {count}"
        else:
            near = " or ".join(choice.nearest.get(word, ())) or "CODE"
            yield f"# {_entry(word, near)}  # {count}"


def _describe(column: SuggestedColumn) -> str:
    cells = column.cells
    said = [f"{column.confidence} %"]
    if column.holds_identity_numbers:
        said.append("persons' identity numbers, kept out")
    elif column.runner_up:
        said.append(f"perhaps {column.runner_up}")
    if cells.dates.written > _MOSTLY:
        said += _date_counts(cells.dates.forms)
    if cells.empty:
        said.append(f"{cells.empty} empty")
    shown = " | ".join(_example(column, one) for one in list(cells.values)[:EXAMPLES])
    return f"{', '.join(said)}: {shown or 'all cells are empty'}"


def _date_counts(forms: Mapping[str, int]) -> list[str]:
    names = {CERTAIN: "with the year first", "": "no date"}
    return [f"{count} {names.get(form, form)}" for form, count in forms.items()]


def _example(column: SuggestedColumn, cell: str) -> str:
    cells = column.cells
    is_phone = cells.phones > _MOSTLY > cells.dates.share
    if column.field == "phones" or is_phone or cells.identity_numbers:
        return mask_phone(cell)
    return safe_name(cell)


def _count(column: SuggestedColumn, word: str) -> str:
    cells = column.cells
    return f"{cells.values[word]} of {cells.filled + cells.empty} rows"


def _entry(key: str, value: str) -> str:
    """A line of TOML; a key or text of any characters is quoted as it must be."""
    return tomli_w.dumps({key: value}).strip()


def _key(text: str) -> str:
    return _entry(text, "").removesuffix(' = ""')


def _quoted(text: str) -> str:
    return _entry("x", text).removeprefix("x = ")
