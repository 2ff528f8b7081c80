"""A platform file on disk becomes a `PlatformFormat`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from service.adapters.files.read import read_toml
from service.adapters.sms_platform.format.model import (
    DEFAULT_CSV_STYLE,
    AnswerFormat,
    CsvStyle,
    FileFormat,
    HttpFormat,
    PlatformFormat,
    ResultsFormat,
    WebhookFormat,
)
from service.adapters.sms_platform.message_fields import (
    DEFAULT_TIME_FORMAT,
    Constant,
    FieldSource,
    Secret,
    ValueStyle,
)
from service.domain.delivery.status import MessageState
from service.formats.platform import (
    PlatformFile,
    ResultsSection,
    WebhookSection,
    parse_platform,
)
from service.formats.platform_sending import FileSection, HttpSection, StyleSection
from service.formats.platform_types import ConstantSource, SecretSource

_LINE_ENDINGS: Final = {"crlf": "\r\n", "lf": "\n"}


def load_format(path: Path) -> PlatformFormat:
    """Read a platform file.

    Raises `InvalidError` with all its mistakes, or `SetUpError` where it is no file.
    """
    return format_from(read_toml(path), str(path), path.absolute().parent)


def format_from(
    document: Mapping[str, object], where: str, folder: Path
) -> PlatformFormat:
    """Check a format; relative folders of it are taken from `folder`.

    Raises `InvalidError` at `where` with all the mistakes.
    """
    found = parse_platform(document, where)
    results = _results(found.results) if found.results else None
    return PlatformFormat(where, _outgoing(found, folder), results)


def _outgoing(found: PlatformFile, folder: Path) -> FileFormat | HttpFormat:
    if found.http:
        return _http(found.http)
    assert found.file  # noqa: S101 - a platform file has one or the other
    return _files(found.file, folder)


def _files(section: FileSection, folder: Path) -> FileFormat:
    return FileFormat(
        folder=folder / section.folder,
        columns=_sources(section.columns),
        style=_style(section),
        csv=None if section.format == "xlsx" else _csv(section),
    )


def _http(section: HttpSection) -> HttpFormat:
    answer = section.answer
    success = answer and answer.success
    return HttpFormat(
        url=section.url,
        body_kind=section.body,
        fields=_sources(section.fields),
        headers=_sources(section.headers or {}),
        style=_style(section),
        answer=AnswerFormat(
            success_field=success.field if success else None,
            success_values=success.equals if success else frozenset(),
            id_field=answer.id if answer else None,
            code_field=answer.code if answer else None,
        ),
        codes=section.codes or {},
    )


def _results(section: ResultsSection) -> ResultsFormat:
    return ResultsFormat(
        id=section.id,
        status=section.status,
        code=section.code,
        statuses={
            word: MessageState(state) for word, state in section.statuses.items()
        },
        codes=section.codes or {},
        csv=_csv(section),
        ignore=section.ignore or frozenset(),
        webhook=_webhook(section.webhook) if section.webhook else None,
    )


def _webhook(section: WebhookSection) -> WebhookFormat:
    return WebhookFormat(section.header, Secret(section.secret), section.body)


def _csv(section: FileSection | ResultsSection) -> CsvStyle:
    ending = section.line_ending if isinstance(section, FileSection) else None
    return CsvStyle(
        encoding=section.encoding or DEFAULT_CSV_STYLE.encoding,
        delimiter=section.delimiter or DEFAULT_CSV_STYLE.delimiter,
        line_ending=_LINE_ENDINGS[ending or "crlf"],
    )


def _style(section: StyleSection) -> ValueStyle:
    return ValueStyle(
        section.calling_code, section.zone, section.time_format or DEFAULT_TIME_FORMAT
    )


def _sources(
    sources: Mapping[str, str | ConstantSource | SecretSource],
) -> dict[str, FieldSource]:
    return {name: _source(source) for name, source in sources.items()}


def _source(source: str | ConstantSource | SecretSource) -> FieldSource:
    match source:
        case ConstantSource():
            return Constant(source.constant)
        case SecretSource():
            return Secret(source.secret)
        case _:
            return source
