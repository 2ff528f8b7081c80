"""A format shown on an invented message, for the people who write format files."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from service.adapters.sms_platform.format.model import (
    FileFormat,
    Format,
    HttpFormat,
    ResultsFormat,
)
from service.adapters.sms_platform.http.provider import request
from service.adapters.sms_platform.message_fields import Secret, Slip, written

_NORTH_AMERICA: Final = 1
_NOBODY: Final = "2125550142"
"""Kept free for fiction; other countries get zeros, which are nobody's either."""


def example(found: Format) -> Iterator[str]:
    """What a message would look like; no secret is told, only where it comes from."""
    slip = _slip(found)
    if isinstance(found.sends, FileFormat):
        yield from _file(found.sends, slip)
    else:
        yield from _http(found.sends, slip)
    if found.results is None:
        yield "results: none are read"
    else:
        yield from _results(found.results)


def _slip(found: Format) -> Slip:
    code = found.sends.style.calling_code or _NORTH_AMERICA
    digits = _NOBODY if code == _NORTH_AMERICA else "0" * len(_NOBODY)
    return Slip(
        id="019b0000-0000-7000-8000-000000000000",
        phone=f"+{code}{digits}",
        body="【临江省市场监管局】贵单位食品生产许可证（尾号0142）2026年12月31日到期。",
        template="renewal-last-call",
        language="zh",
        sent_from="",
        valid_until=datetime(2026, 11, 18, 10, tzinfo=UTC),
    )


def _file(to: FileFormat, slip: Slip) -> Iterator[str]:
    kind = f"CSV in {to.csv.encoding}" if to.csv else "XLSX"
    yield f"files: {kind}, into {to.folder}"
    for heading, text in written(to.columns, slip, to.style, {}).items():
        yield f"  {heading}: {text}"


def _http(to: HttpFormat, slip: Slip) -> Iterator[str]:
    yield f"http: POST {to.url}"
    body, headers = request(to, slip, _hidden(to))
    for name, text in headers.items():
        yield f"  {name}: {text}"
    yield f"  {body.decode()}"
    yield f"  a yes: {_yes(to)}"


def _hidden(to: HttpFormat) -> Mapping[str, str]:
    contents = [*to.headers.values(), *to.fields.values()]
    return {
        one.variable: f"<{one.variable}>" for one in contents if isinstance(one, Secret)
    }


def _yes(to: HttpFormat) -> str:
    said = to.answer.success
    words = ", ".join(sorted(to.answer.yes))
    return f"2xx with {said} {words}" if said else "any 2xx"


def _results(results: ResultsFormat) -> Iterator[str]:
    names = ", ".join(filter(None, (results.id, results.status, results.code)))
    yield f"results: {names}"
    for status, state in results.statuses.items():
        yield f"  {status}: {state}"
    if hook := results.webhook:
        yield (
            f"  POST /webhooks/outbox/status as {hook.body}, "
            f"{hook.header}: <{hook.secret.variable}>"
        )
