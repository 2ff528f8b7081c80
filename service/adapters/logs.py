"""Logs on standard error, ours and the libraries', with every phone number masked."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from traceback import format_exception
from types import TracebackType

import orjson
import structlog
from structlog.typing import Processor, WrappedLogger

from service.domain.errors import SetUpError
from service.domain.masked_text import mask_text

_QUIET_LOGGERS = ("aiohttp.access", "alembic", "apscheduler", "twilio")
"""Loggers raised to WARNING: they log phones in URLs, or a line for every tick."""


def configure_logging(*, json: bool, level: str = "INFO") -> None:
    """Set up structlog and the standard library's logging, once at start-up.

    `json` writes one JSON object a line; without it, the lines are plain text. Raises
    `SetUpError` for an unknown level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        reason = f"log level: found {level!r}, expected DEBUG, INFO, WARNING or ERROR"
        raise SetUpError(reason)
    render = _json_line if json else _plain_line()
    structlog.configure(
        processors=[*_enriching_processors(), mask_phones, render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    _configure_stdlib(render, number)
    sys.excepthook = _print_crash


def mask_phones(
    _logger: WrappedLogger, _method: str, event: MutableMapping[str, object]
) -> MutableMapping[str, object]:
    """Mask what looks like a phone number in every value, nested ones too."""
    return {name: _mask_value(value) for name, value in event.items()}


def _mask_value(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(_mask_value(name)): _mask_value(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_mask_value(one) for one in value]
    # Lone surrogates, as in file names, cannot be encoded in the JSON line.
    text = str(value).encode("utf-8", "backslashreplace").decode()
    return mask_text(text)


def _print_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Print the error that ends the process as Python does, but masked."""
    sys.stderr.write(mask_text("".join(format_exception(kind, error, trace))))


def _enriching_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,  # before masking: may hold phones
    ]


def _json_line(
    _logger: WrappedLogger, _method: str, event: MutableMapping[str, object]
) -> str:
    return orjson.dumps(event).decode()


def _plain_line() -> Processor:
    # Rich tracebacks would show local variables, phone numbers among them.
    plain_traceback = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=plain_traceback
    )


def _configure_stdlib(render: Processor, level: int) -> None:
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *_enriching_processors()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            mask_phones,
            render,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.root.handlers = [handler]
    logging.root.setLevel(level)
    for name in _QUIET_LOGGERS:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
