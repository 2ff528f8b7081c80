"""A format file, TOML, becomes a `Format`: checked whole, all mistakes at once."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, get_args

from service.adapters.files.read import read_toml
from service.adapters.files.spreadsheet_formulas import guarded
from service.adapters.sms_platform.format import values
from service.adapters.sms_platform.format.model import (
    CSV,
    AnswerFormat,
    Body,
    Csv,
    FileFormat,
    Format,
    HttpFormat,
    Sheet,
)
from service.adapters.sms_platform.format.results_section import CODES, results_format
from service.adapters.sms_platform.json_paths import nested
from service.adapters.sms_platform.message_fields import Constant, Content, Style
from service.domain.errors import InvalidError
from service.domain.formats import values as reader
from service.domain.formats.table import Table

_SHEETS: Final[tuple[Sheet, ...]] = get_args(Sheet)
_BODIES: Final[tuple[Body, ...]] = get_args(Body)
_ENDS: Final[Mapping[str, str]] = {"crlf": "\r\n", "lf": "\n"}


def load_format(path: Path) -> Format:
    """Read a format file.

    Raises `InvalidError` with all its mistakes, or `SetUpError` where it is no file.
    """
    return format_from(read_toml(path), str(path), path.absolute().parent)


def format_from(document: Mapping[str, object], where: str, folder: Path) -> Format:
    """Read a format; relative folders of it are taken from `folder`.

    Raises `InvalidError` at `where` with all the mistakes.
    """
    table = Table("", document)
    sends = _sends(table, document, folder)
    results = table.table("results", results_format, None)
    table.refuse_unread()
    if not table.mistakes and isinstance(sends, HttpFormat):
        _refuse_yes_and_no(table, sends)
    if not table.mistakes and sends is not None and results is not None:
        _refuse_nameless(table, Format(where, sends, results))
    if table.mistakes or sends is None:
        raise InvalidError(where, table.mistakes)
    return Format(where, sends, results)


def _sends(
    table: Table, document: Mapping[str, object], folder: Path
) -> FileFormat | HttpFormat | None:
    given = [one for one in ("file", "http") if one in document]
    for absent in {"file", "http"} - {*given}:
        table.read(absent, reader.mapping, None)  # a key that we know
    if given == ["file"]:
        return table.table("file", partial(_file, folder=folder))
    if given == ["http"]:
        return table.table("http", _http)
    table.note("file", "both" if given else None, "one of [file] and [http]")
    return None


def _file(table: Table, folder: Path) -> FileFormat:
    place = table.read("folder", reader.text)
    kind = table.read("format", reader.one_of(_SHEETS))
    columns = values.named(table, "columns", values.content(secret=False))
    csv = None if kind == "xlsx" else _csv(table, columns)
    found = FileFormat(folder / (place or ""), columns, _style(table, columns), csv)
    _refuse_incomplete(table, "columns", columns.values())
    return found


def _csv(table: Table, columns: Mapping[str, Content]) -> Csv:
    """How it is written, and whether its headings and constants can be."""
    csv = Csv(
        encoding=table.read("encoding", values.encoding, CSV.encoding),
        delimiter=table.read("delimiter", values.delimiter, CSV.delimiter),
        line_ending=_ENDS.get(
            table.read("line_ending", reader.one_of(_ENDS), "crlf"), ""
        ),
    )
    for heading, content in columns.items():
        said = content.text if isinstance(content, Constant) else ""
        for text in (heading, said):
            if text and csv.encoding and not _writable(text, csv.encoding):
                table.note(f"columns.{heading}", text, f"text that {csv.encoding} has")
            if guarded(text) != text:
                expected = "a text that no spreadsheet runs as a formula"
                table.note(f"columns.{heading}", text, expected)
    return csv


def _writable(text: str, encoding: str) -> bool:
    try:
        return bool(text.encode(encoding))
    except UnicodeEncodeError:
        return False


def _http(table: Table) -> HttpFormat:
    fields = values.named(table, "fields", values.content(secret=True))
    codes = values.named(table, "codes", CODES, default={})
    answer: AnswerFormat | None = table.table("answer", _answer, {})
    found = HttpFormat(
        url=table.read("url", values.url),
        body=table.read("body", reader.one_of(_BODIES)),
        fields=fields,
        headers=values.named(table, "headers", values.header_content, default={}),
        style=_style(table, fields),
        answer=answer or AnswerFormat(),
        codes=codes,
    )
    for name in found.headers:
        try:
            values.header(name)
        except reader.ExpectedError as error:
            table.note(f"headers.{name}", name, error.expected)
    try:
        nested(dict.fromkeys(fields if found.body == "json" else (), ""))
    except ValueError as error:
        expected = "a name that is not an object's as well"
        table.note(f"fields.{error}", str(error), expected)
    _refuse_incomplete(table, "fields", fields.values())
    if codes and not found.answer.code:
        table.note("answer.code", None, "the field of an answer that holds the codes")
    if found.answer.code and not codes:
        table.note("codes", None, "what kind of no each code is")
    return found


def _refuse_yes_and_no(table: Table, sends: HttpFormat) -> None:
    """A text that was taken must not come back as refused: it would be sent again."""
    answer = sends.answer
    if answer.code == answer.success:
        for both in answer.yes & sends.codes.keys():
            table.note("http.codes", both, "no code that says yes")


def _answer(table: Table) -> AnswerFormat:
    success = table.table("success", _success, None)
    field, yes = success or (None, frozenset())
    return AnswerFormat(
        success=field,
        yes=yes,
        id=table.read("id", reader.text, None),
        code=table.read("code", reader.text, None),
    )


def _success(table: Table) -> tuple[str, frozenset[str]] | None:
    return table.read("field", reader.text), table.read("equals", values.words)


def _style(table: Table, contents: Mapping[str, Content]) -> Style:
    """What the fields in use need, and nothing else: the rest is an unknown key."""
    used, style = contents.values(), Style()
    if "phone_national" in used:
        code = table.read("calling_code", reader.whole(1))
        style = replace(style, calling_code=code)
    if "valid_until" in used:
        zone = table.read("zone", reader.zone)
        written = table.read("time_format", values.time_format, style.time_format)
        style = replace(style, zone=zone, time_format=written)
    return style


def _refuse_incomplete(table: Table, key: str, contents: Collection[Content]) -> None:
    """Without a phone and a text there is no SMS."""
    if "phone" not in contents and "phone_national" not in contents:
        table.note(key, "no phone", "phone or phone_national among them")
    if "body" not in contents:
        table.note(key, "no body", "body among them")


def _refuse_nameless(table: Table, found: Format) -> None:
    """Results can name only messages that were given a name."""
    sends, results = found.sends, found.results
    if results and results.webhook and not found.our_ids:
        expected = "no [results.webhook]: a result may come before that id is known"
        table.note("http.answer.id", "the platform's id", expected)
    names = sends.columns if isinstance(sends, FileFormat) else sends.fields
    if found.our_ids and "id" not in names.values():
        key = "file.columns" if isinstance(sends, FileFormat) else "http.fields"
        table.note(key, "no id", "id among them, for results to name a message by")
