import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from service.adapters.logs import configure_logging, mask_phones
from service.domain.errors import SetUpError

LOUD = ("aiohttp.access", "twilio")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Logging belongs to the whole process: leave it as it was."""
    root = logging.root
    handlers, level = root.handlers, root.level
    levels = {name: logging.getLogger(name).level for name in LOUD}
    hook = sys.excepthook
    yield
    sys.excepthook = hook
    root.handlers, root.level = handlers, level
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return [json.loads(line) for line in captured.err.splitlines()]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("sent to +12125550142.", "sent to +1212***0142."),
        ("+1 (212) 555-0142", "+1212***0142"),
        ("from +12125550142 to +15005550006", "from +1212***0142 to +1500***0006"),
        (
            "GET /Messages.json?To=%2B12125550142&x=1",
            "GET /Messages.json?To=+1212***0142&x=1",
        ),
        ("12125550142", "121****0142"),
        ("number 121 2555 0142, please", "number 121****0142, please"),
        ("8612125550142", "861******0142"),
        ("(212) 555-0142", "212***0142"),
        ("212-555-0142", "212***0142"),
        ("{'to': '+12125550142'}", "{'to': '+1212***0142'}"),
    ],
)
def test_what_looks_like_a_phone_is_masked(text: str, masked: str) -> None:
    assert mask_phones(None, "info", {"event": text}) == {"event": masked}


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-31T09:30:00+08:00",
        "2026-12-31 09:30:00.123456+08:00",
        "SM12125550142f0123456789abcdef0123",
        "0190d3a1-7c1f-7d3e-8a6b-12125550142a",
        "SC10600000000142",
        "cn-food-production-license@2020-03-01.1",
        "http://127.0.0.1:43210/healthz",
        "830 messages, 12 types, +4 %",
        "食品生产许可",
    ],
)
def test_what_is_no_phone_stays(text: str) -> None:
    assert mask_phones(None, "info", {"event": text}) == {"event": text}


def test_phones_are_masked_in_nested_values() -> None:
    phone = "+12125550142"
    deep = {"a": [{"b": (phone, 7, None, True)}, {phone}], phone: ValueError(phone)}
    shown = mask_phones(None, "info", {"deep": deep})
    assert shown == {
        "deep": {
            "a": [{"b": ["+1212***0142", 7, None, True]}, ["+1212***0142"]],
            "+1212***0142": "+1212***0142",
        }
    }


def test_our_own_lines_are_json_with_time_and_level(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging(json=True)
    structlog.get_logger().info("sent", to="+12125550142", segments=1)
    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "sent",
        "level": "info",
        "to": "+1212***0142",
        "segments": 1,
    }


def test_lines_of_libraries_are_written_the_same_way(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging(json=True)
    logging.getLogger("some.library").warning("cannot reach %s", "+12125550142")
    (line,) = lines(capsys)
    assert line["event"] == "cannot reach +1212***0142"
    assert (line["logger"], line["level"]) == ("some.library", "warning")


@pytest.mark.parametrize("form", ["json", "plain"])
def test_a_traceback_is_masked_too(
    capsys: pytest.CaptureFixture[str], form: str
) -> None:
    configure_logging(json=form == "json")
    phone = "+12125550142"
    try:
        int(f"{phone}!")
    except ValueError:
        structlog.get_logger().exception("ours")
        logging.getLogger("some.library").exception("theirs")
    written = capsys.readouterr().err
    assert written.count("ValueError: invalid literal") == 2
    assert "5550142" not in written


def test_an_error_that_ends_the_process_is_masked_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging(json=True)
    try:
        int("+1 212-555-0142")
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1].endswith("with base 10: '+1212***0142'")


def test_lines_for_people_are_plain(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(json=False)
    structlog.get_logger().info("sent", to="+12125550142")
    written = capsys.readouterr().err
    assert "sent" in written
    assert "to=+1212***0142" in written
    assert "\x1b" not in written


def test_a_name_that_is_no_unicode_does_not_break_the_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging(json=True)
    structlog.get_logger().info("read", file="caf\udce9.csv")
    assert lines(capsys)[0]["file"] == "caf\\udce9.csv"


def test_lines_below_the_level_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(json=True, level="warning")
    structlog.get_logger().info("quiet")
    logging.getLogger("some.library").info("quiet")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]


@pytest.mark.parametrize("name", ["aiohttp.access", "twilio.async_http_client"])
def test_loggers_that_log_urls_log_warnings_only(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    configure_logging(json=True, level="DEBUG")
    logging.getLogger(name).info("GET /v1/permits/r/110101199001011234")
    logging.getLogger(name).warning("trouble")
    assert [line["event"] for line in lines(capsys)] == ["trouble"]


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(SetUpError, match="found 'loud', expected DEBUG"):
        configure_logging(json=True, level="loud")
