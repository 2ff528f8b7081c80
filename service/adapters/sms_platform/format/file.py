"""A format file, TOML, becomes a `Format`: checked whole, all mistakes at once."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, get_args

from service.adapters.files.read import read_toml
from service.adapters.files.spreadsheet_formulas import guard_formula
from service.adapters.sms_platform.format import values
from service.adapters.sms_platform.format.model import (
    DEFAULT_CSV_STYLE,
    AnswerFormat,
    BodyKind,
    CsvStyle,
    FileFormat,
    FileKind,
    HttpFormat,
    PlatformFormat,
)
from service.adapters.sms_platform.format.results_section import (
    read_refusal_kind,
    read_results_format,
)
from service.adapters.sms_platform.json_paths import nest_fields
from service.adapters.sms_platform.message_fields import (
    Constant,
    FieldSource,
    ValueStyle,
)
from service.domain.errors import InvalidError
from service.domain.formats import values as reader
from service.domain.formats.table import Table

_FILE_KINDS: Final[tuple[FileKind, ...]] = get_args(FileKind)
_BODY_KINDS: Final[tuple[BodyKind, ...]] = get_args(BodyKind)
_LINE_ENDINGS: Final[Mapping[str, str]] = {"crlf": "\r\n", "lf": "\n"}


def load_format(path: Path) -> PlatformFormat:
    """Read a format file.

    Raises `InvalidError` with all its mistakes, or `SetUpError` where it is no file.
    """
    return format_from(read_toml(path), str(path), path.absolute().parent)


def format_from(
    document: Mapping[str, object], where: str, folder: Path
) -> PlatformFormat:
    """Read a format; relative folders of it are taken from `folder`.

    Raises `InvalidError` at `where` with all the mistakes.
    """
    table = Table("", document)
    sends = _read_outgoing(table, document, folder)
    results = table.table("results", read_results_format, None)
    table.refuse_unread()
    if not table.mistakes and isinstance(sends, HttpFormat):
        _refuse_ambiguous_codes(table, sends)
    if not table.mistakes and sends is not None and results is not None:
        _refuse_unmatchable_results(table, PlatformFormat(where, sends, results))
    if table.mistakes or sends is None:
        raise InvalidError(where, table.mistakes)
    return PlatformFormat(where, sends, results)


def _read_outgoing(
    table: Table, document: Mapping[str, object], folder: Path
) -> FileFormat | HttpFormat | None:
    given = [one for one in ("file", "http") if one in document]
    for absent in {"file", "http"} - {*given}:
        table.read(absent, reader.mapping, None)  # a key that we know
    if given == ["file"]:
        return table.table("file", partial(_read_file_format, folder=folder))
    if given == ["http"]:
        return table.table("http", _read_http_format)
    table.add_mistake("file", "both" if given else None, "one of [file] and [http]")
    return None


def _read_file_format(table: Table, folder: Path) -> FileFormat:
    place = table.read("folder", reader.text)
    kind = table.read("format", reader.one_of(_FILE_KINDS))
    columns = values.read_named_values(
        table, "columns", values.read_field_source(secret=False)
    )
    csv = None if kind == "xlsx" else _read_csv_style(table, columns)
    found = FileFormat(
        folder / (place or ""), columns, _read_value_style(table, columns), csv
    )
    _refuse_incomplete(table, "columns", columns.values())
    return found


def _read_csv_style(table: Table, columns: Mapping[str, FieldSource]) -> CsvStyle:
    """How it is written, and whether its headings and constants can be."""
    csv = CsvStyle(
        encoding=table.read("encoding", values.encoding, DEFAULT_CSV_STYLE.encoding),
        delimiter=table.read(
            "delimiter", values.delimiter, DEFAULT_CSV_STYLE.delimiter
        ),
        line_ending=_LINE_ENDINGS.get(
            table.read("line_ending", reader.one_of(_LINE_ENDINGS), "crlf"), ""
        ),
    )
    for heading, content in columns.items():
        said = content.text if isinstance(content, Constant) else ""
        for text in (heading, said):
            if text and csv.encoding and not _is_encodable(text, csv.encoding):
                table.add_mistake(
                    f"columns.{heading}", text, f"text that {csv.encoding} has"
                )
            if guard_formula(text) != text:
                expected = "a text that no spreadsheet runs as a formula"
                table.add_mistake(f"columns.{heading}", text, expected)
    return csv


def _is_encodable(text: str, encoding: str) -> bool:
    try:
        return bool(text.encode(encoding))
    except UnicodeEncodeError:
        return False


def _read_http_format(table: Table) -> HttpFormat:
    fields = values.read_named_values(
        table, "fields", values.read_field_source(secret=True)
    )
    codes = values.read_named_values(table, "codes", read_refusal_kind, default={})
    answer: AnswerFormat | None = table.table("answer", _read_answer_format, {})
    found = HttpFormat(
        url=table.read("url", values.url),
        body_kind=table.read("body", reader.one_of(_BODY_KINDS)),
        fields=fields,
        headers=values.read_named_values(
            table, "headers", values.header_content, default={}
        ),
        style=_read_value_style(table, fields),
        answer=answer or AnswerFormat(),
        codes=codes,
    )
    for name in found.headers:
        try:
            values.header(name)
        except reader.ExpectedError as error:
            table.add_mistake(f"headers.{name}", name, error.expected)
    try:
        nest_fields(dict.fromkeys(fields if found.body_kind == "json" else (), ""))
    except ValueError as error:
        expected = "a name that is not an object's as well"
        table.add_mistake(f"fields.{error}", str(error), expected)
    _refuse_incomplete(table, "fields", fields.values())
    if codes and not found.answer.code_field:
        table.add_mistake(
            "answer.code", None, "the field of an answer that holds the codes"
        )
    if found.answer.code_field and not codes:
        table.add_mistake("codes", None, "what kind of no each code is")
    return found


def _refuse_ambiguous_codes(table: Table, sends: HttpFormat) -> None:
    """A text that was taken must not come back as refused: it would be sent again."""
    answer = sends.answer
    if answer.code_field == answer.success_field:
        for both in answer.success_values & sends.codes.keys():
            table.add_mistake("http.codes", both, "no code that says yes")


def _read_answer_format(table: Table) -> AnswerFormat:
    success = table.table("success", _read_success, None)
    field, yes = success or (None, frozenset())
    return AnswerFormat(
        success_field=field,
        success_values=yes,
        id_field=table.read("id", reader.text, None),
        code_field=table.read("code", reader.text, None),
    )


def _read_success(table: Table) -> tuple[str, frozenset[str]] | None:
    return table.read("field", reader.text), table.read("equals", values.words)


def _read_value_style(table: Table, contents: Mapping[str, FieldSource]) -> ValueStyle:
    """What the fields in use need, and nothing else: the rest is an unknown key."""
    used, style = contents.values(), ValueStyle()
    if "phone_national" in used:
        code = table.read("calling_code", reader.whole(1))
        style = replace(style, calling_code=code)
    if "valid_until" in used:
        zone = table.read("zone", reader.zone)
        written = table.read("time_format", values.time_format, style.time_format)
        style = replace(style, zone=zone, time_format=written)
    return style


def _refuse_incomplete(
    table: Table, key: str, contents: Collection[FieldSource]
) -> None:
    """Without a phone and a text there is no SMS."""
    if "phone" not in contents and "phone_national" not in contents:
        table.add_mistake(key, "no phone", "phone or phone_national among them")
    if "body" not in contents:
        table.add_mistake(key, "no body", "body among them")


def _refuse_unmatchable_results(table: Table, found: PlatformFormat) -> None:
    """Results can name only messages that were given a name."""
    sends, results = found.outgoing, found.results
    if results and results.webhook and not found.uses_our_ids:
        expected = "no [results.webhook]: a result may come before that id is known"
        table.add_mistake("http.answer.id", "the platform's id", expected)
    names = sends.columns if isinstance(sends, FileFormat) else sends.fields
    if found.uses_our_ids and "id" not in names.values():
        key = "file.columns" if isinstance(sends, FileFormat) else "http.fields"
        table.add_mistake(
            key, "no id", "id among them, for results to name a message by"
        )
