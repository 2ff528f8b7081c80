import copy
from pathlib import Path
from typing import Any

import pytest

from service.adapters.sms_platform.example import example_lines
from service.adapters.sms_platform.format.file import format_from, load_format
from service.domain.errors import InvalidError
from service.settings import shipped_folder
from tests.adapters.sms_platform.samples import COLUMNS

EXAMPLES = sorted((shipped_folder("examples") / "outbox").glob("*.toml"))

FILE: dict[str, Any] = {
    "file": {"folder": "out", "format": "csv", "columns": {**COLUMNS}},
    "results": {
        "id": "序号",
        "status": "状态",
        "code": "代码",
        "statuses": {"成功": "delivered"},
        "codes": {"空号": "bad-number"},
    },
}
HTTP: dict[str, Any] = {
    "http": {
        "url": "https://sms.example.org/send",
        "body": "json",
        "headers": {"X-Key": {"secret": "SMS_KEY"}},
        "fields": {"to": "phone", "text": "body", "ref": "id"},
        "answer": {"success": {"field": "code", "equals": "0"}, "code": "code"},
        "codes": {"1": "account"},
    },
    "results": {
        "id": "ref",
        "status": "status",
        "statuses": {"ok": "delivered"},
        "webhook": {"header": "X-Token", "secret": "SMS_TOKEN", "body": "form"},
    },
}
GONE = object()


def changed(document: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A document with another value at a path; its keys are joined by `/`."""
    made = copy.deepcopy(document)
    *outer, last = path.split("/")
    inner = made
    for one in outer:
        inner = inner[one]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    return made


def mistakes(document: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidError) as refused:
        format_from(document, "format.toml", Path())
    assert refused.value.where == "format.toml"
    return [str(one) for one in refused.value.mistakes]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda one: one.stem)
def test_every_example_is_a_format_and_can_be_shown(path: Path) -> None:
    assert len(EXAMPLES) == 3
    found = load_format(path)
    shown = "\n".join(example_lines(found))
    assert "2125550142" in shown
    assert "delivered" in shown


@pytest.mark.parametrize("document", [FILE, HTTP], ids=["file", "http"])
def test_a_format_without_mistakes_is_taken(document: dict[str, Any]) -> None:
    found = format_from(document, "format.toml", Path("/srv"))
    assert found.uses_our_ids
    assert found.secret_variables == (
        ["SMS_KEY", "SMS_TOKEN"] if document is HTTP else []
    )


@pytest.mark.parametrize(
    ("path", "value", "mistake"),
    [
        ("fiel", {}, "fiel: found an unknown key, expected only file, http, results"),
        ("http", {}, 'file: found "both", expected one of [file] and [http]'),
        ("file", GONE, "file: found nothing, expected one of [file] and [http]"),
        ("file/folder", "", 'file.folder: found "", expected some text in one line, '),
        ("file/format", "ods", 'file.format: found "ods", expected one of csv, xlsx'),
        ("file/columns", {}, "file.columns: found {}, expected a table with a key"),
        (
            "file/columns/内容",
            "text",
            'file.columns.内容: found "text", exp',
        ),
        ("file/columns/内容", "template", 'file.columns: found "no body", expected'),
        (
            "file/columns/手机号",
            "language",
            'file.columns: found "no phone", exp',
        ),
        (
            "file/columns/序号",
            "language",
            'file.columns: found "no id", expected',
        ),
        ("file/columns/=a", "id", 'file.columns.=a: found "=a", expected a text that'),
        (
            "file/columns/a",
            {"constant": "+1"},
            'file.columns.a: found "+1", expected a text that no spreadsheet',
        ),
        ("file/columns/a", {"secret": "A"}, "file.columns.a: found {'secret': 'A'}"),
        ("file/columns/a", "valid_until", "file.zone: found nothing, expected a time"),
        ("file/columns/a", "phone_national", "file.calling_code: found nothing"),
        (
            "file/zone",
            "Asia/Shanghai",
            'file.zone: found "Asia/Shanghai", expected n',
        ),
        (
            "file/calling_code",
            86,
            "file.calling_code: found 86, expected nothing",
        ),
        ("file/encoding", "base64", 'file.encoding: found "base64", expected a text'),
        (
            "file/encoding",
            "ascii",
            'file.columns.序号: found "序号", exp',
        ),
        ("file/delimiter", ",,", 'file.delimiter: found ",,", expected a comma'),
        (
            "file/line_ending",
            "cr",
            'file.line_ending: found "cr", expected',
        ),
        ("results/id", GONE, "results.id: found nothing, expected some text"),
        ("results/statuses", GONE, "results.statuses: found nothing, expected a table"),
        (
            "results/statuses/成功",
            "accepted",
            'results.statuses.成功: found "accepted", expected one of',
        ),
        (
            "results/codes/空号",
            "no-such",
            'results.codes.空号: found "no-such", expected one of account, bad-content',
        ),
        (
            "results/code",
            GONE,
            "results.codes: found {'空号': 'bad-number'}, exp",
        ),
        ("results/ignore", ["状态"], 'results.ignore: found "状态", expected columns'),
        ("results/ignore", "a", 'results.ignore: found "a", expected a list of column'),
    ],
)
def test_a_mistake_in_a_format_of_files_is_told(
    path: str, value: object, mistake: str
) -> None:
    assert any(one.startswith(mistake) for one in mistakes(changed(FILE, path, value)))


@pytest.mark.parametrize(
    ("path", "value", "mistake"),
    [
        (
            "http/url",
            "sms.example.org",
            'http.url: found "sms.example.org"',
        ),
        ("http/url", "https://me:pw@sms.example.org/", "http.url: found "),
        ("http/body", "xml", 'http.body: found "xml", expected one of form, json'),
        ("http/method", "PUT", "http.method: found an unknown key"),
        (
            "http/headers/X-Key",
            "phone",
            'http.headers.X-Key: found "phone", exp',
        ),
        (
            "http/headers/Host",
            "id",
            'http.headers.Host: found "Host", exp',
        ),
        ("http/headers/X Key", "id", "http.headers.X Key: found "),
        (
            "http/headers/X-Key",
            {"secret": "PERMIT_REMINDERS_KEY"},
            "http.headers.X-Key: found {'secret': 'PERMIT",
        ),
        (
            "http/fields/to.code",
            "id",
            'http.fields.to.code: found "to.code"',
        ),
        ("http/fields/ref", "body", 'http.fields: found "no id", expected'),
        ("http/answer/success/equals", 0, "http.answer.success.equals: found 0"),
        ("http/answer/success/field", GONE, "http.answer.success.field: found nothing"),
        (
            "http/answer/code",
            GONE,
            "http.answer.code: found nothing",
        ),
        (
            "http/codes/0",
            "account",
            'http.codes: found "0", expected no code that says',
        ),
        ("http/codes", GONE, "http.codes: found nothing, expected what kind of no"),
        (
            "http/answer/id",
            "task",
            'http.answer.id: found "the platform\'s id", expected',
        ),
        (
            "results/webhook/secret",
            "sms-token",
            'results.webhook.secret: found "sms-token", expected a variable',
        ),
        ("results/webhook/body", GONE, "results.webhook.body: found nothing"),
    ],
)
def test_a_mistake_in_a_format_of_posts_is_told(
    path: str, value: object, mistake: str
) -> None:
    found = mistakes(changed(HTTP, path, value))
    assert any(one.startswith(mistake) for one in found), found


def test_all_mistakes_are_named_together() -> None:
    document = changed(FILE, "file/format", "ods")
    document = changed(document, "results/id", 7)
    document = changed(document, "more", 1)
    found = [one.partition(":")[0] for one in mistakes(document)]
    assert found == ["file.format", "results.id", "more"]


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("%Y%m%d%H%M%S", True),
        ("%Y-%m-%d %H:%M", False),
        ("%H:%M:%S", False),
        ("soon", False),
    ],
)
def test_an_instant_is_written_in_the_format_s_zone_and_style(
    written: str, *, right: bool
) -> None:
    document = changed(FILE, "file/columns/a", "valid_until")
    document = changed(document, "file/zone", "Asia/Shanghai")
    document = changed(document, "file/time_format", written)
    if right:
        format_from(document, "format.toml", Path())
    else:
        assert mistakes(document)[0].startswith("file.time_format: found")


def test_a_relative_folder_is_beside_the_format_file(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(EXAMPLES[0].read_bytes())
    found = load_format(path)
    assert getattr(found.outgoing, "folder", None) == tmp_path / "outbox"
