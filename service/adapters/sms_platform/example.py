"""Shows a platform format applied to an invented message, for its authors."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from service.adapters.sms_platform.format.model import (
    FileFormat,
    HttpFormat,
    PlatformFormat,
    ResultsFormat,
)
from service.adapters.sms_platform.http.provider import build_request
from service.adapters.sms_platform.message_fields import (
    PlatformMessage,
    Secret,
    render_fields,
)

_NORTH_AMERICA: Final = 1
_FICTIONAL_NUMBER: Final = "2125550142"
"""Reserved for fiction; for other countries we use zeros, also unassigned."""


def example_lines(platform_format: PlatformFormat) -> Iterator[str]:
    """Yield lines that show a formatted message; for a secret, its variable's name."""
    message = _example_message(platform_format)
    if isinstance(platform_format.outgoing, FileFormat):
        yield from _file_lines(platform_format.outgoing, message)
    else:
        yield from _http_lines(platform_format.outgoing, message)
    if platform_format.results is None:
        yield "results: none are read"
    else:
        yield from _results_lines(platform_format.results)


def _example_message(platform_format: PlatformFormat) -> PlatformMessage:
    code = platform_format.outgoing.style.calling_code or _NORTH_AMERICA
    digits = (
        _FICTIONAL_NUMBER if code == _NORTH_AMERICA else "0" * len(_FICTIONAL_NUMBER)
    )
    return PlatformMessage(
        id="019b0000-0000-7000-8000-000000000000",
        phone=f"+{code}{digits}",
        body="【临江省市场监管局】贵单位食品生产许可证（尾号0142）2026年12月31日到期。",
        template="renewal-last-call",
        language="zh",
        sent_from="",
        valid_until=datetime(2026, 11, 18, 10, tzinfo=UTC),
    )


def _file_lines(to: FileFormat, message: PlatformMessage) -> Iterator[str]:
    kind = f"CSV in {to.csv.encoding}" if to.csv else "XLSX"
    yield f"files: {kind}, into {to.folder}"
    for heading, text in render_fields(to.columns, message, to.style, {}).items():
        yield f"  {heading}: {text}"


def _http_lines(to: HttpFormat, message: PlatformMessage) -> Iterator[str]:
    yield f"http: POST {to.url}"
    body, headers = build_request(to, message, _secret_placeholders(to))
    for name, text in headers.items():
        yield f"  {name}: {text}"
    yield f"  {body.decode()}"
    yield f"  a yes: {_success_text(to)}"


def _secret_placeholders(to: HttpFormat) -> Mapping[str, str]:
    contents = [*to.headers.values(), *to.fields.values()]
    return {
        one.variable: f"<{one.variable}>" for one in contents if isinstance(one, Secret)
    }


def _success_text(to: HttpFormat) -> str:
    name = to.answer.success_field
    words = ", ".join(sorted(to.answer.success_values))
    return f"2xx with {name} {words}" if name else "any 2xx"


def _results_lines(results: ResultsFormat) -> Iterator[str]:
    names = ", ".join(filter(None, (results.id, results.status, results.code)))
    yield f"results: {names}"
    for status, state in results.statuses.items():
        yield f"  {status}: {state}"
    if webhook := results.webhook:
        yield (
            f"  POST /webhooks/outbox/status as {webhook.body_kind}, "
            f"{webhook.header}: <{webhook.secret.variable}>"
        )
