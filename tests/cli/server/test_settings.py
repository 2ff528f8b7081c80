import os
from typing import get_args

import pytest

from service.domain.delivery.pause import PROVIDERS
from service.settings import Settings
from tests.cli.commands import Run

P = "PERMIT_REMINDERS_"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DATABASE_URL", "mysql://host/permits", "sqlite:///FILE or postgresql://"),
        ("DATABASE_URL", "permits.db", "sqlite:///FILE or postgresql://"),
        ("DATABASE_URL", "sqlite://", "sqlite:///FILE or postgresql://"),
        ("PORT", "http", "0 to 65535"),
        ("PORT", "65536", "0 to 65535"),
        ("PROVIDER", "Twilio", "'sandbox', 'twilio' or 'outbox'"),
        ("PUBLIC_URL", "permits.example.org", "an http or https address without"),
        ("PUBLIC_URL", "https://permits.example.org/", "an http or https address"),
        ("PUBLIC_URL", "http://permits.example.org:99999", "an http or https address"),
        ("PUBLIC_URL", "http://[::1", "an http or https address"),
        ("PROXY", "http://proxy:port", "an http or https address"),
        ("AUTHORITY", "x" * 65, "the code of an authority"),
        ("HOST", "x" * 256, "an IP address or localhost"),
        ("SETTLE", "0", "seconds, from 0.001 to 86400"),
        ("SETTLE", "5m", "seconds, from 0.001 to 86400"),
        ("TICK", "inf", "seconds, from 0.1 to 86400"),
        ("TICK", "nan", "seconds, from 0.1 to 86400"),
        ("LOG_FORMAT", "xml", "'text' or 'json'"),
        ("LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_a_wrong_value_is_told_with_its_name_and_what_was_expected(
    name: str, value: str, expected: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(P + name, value)
    found = f"'{value}'"[:200]
    start = f"permit-reminders: settings: {P}{name}: found {found}, expected "
    assert run("audit").refusal.startswith(start + expected)


@pytest.mark.parametrize(
    "name", [f"{P}AUTHORITY", f"{P}OUTBOX", f"{P}LOG_LEVEL", "TWILIO_FROM"]
)
def test_bytes_that_are_no_text_are_no_setting(
    name: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, os.fsdecode(b"caf\xe9"))
    assert run("audit").refusal == (
        f"permit-reminders: settings: {name}: found bytes that are no text, expected "
        "text in UTF-8"
    )


@pytest.mark.usefixtures("installed")
def test_whoever_acts_has_a_name_that_can_be_stored(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", os.fsdecode(b"caf\xe9\x1b[31m") + "x" * 5000)
    assert run("pause", "--reason", "x").code == 0
    assert run("audit").answer == "the ledger adds up\n"


def test_an_address_that_no_client_takes_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in ("http://a:99999", "http://a\x1b", "http://[::1"):
        monkeypatch.setenv("TWILIO_API_URL", value)
        assert "TWILIO_API_URL: found 'http" in run("audit").refusal


def test_the_resends_of_every_provider_can_be_paused() -> None:
    assert get_args(Settings.model_fields["provider"].annotation) == PROVIDERS


def test_all_wrong_settings_are_told_at_once(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{P}PORT", "http")
    monkeypatch.setenv(f"{P}TICK", "-1")
    assert run("audit").refusal == (
        "permit-reminders: settings:\n"
        f"  {P}PORT: found 'http', expected 0 to 65535\n"
        f"  {P}TICK: found '-1', expected seconds, from 0.1 to 86400"
    )


def test_a_mistyped_name_is_not_a_silent_default(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{P}AUTORITY", "990000")
    monkeypatch.setenv(f"{P}TWILIO", "{}")
    refusal = run("audit").refusal
    for name in ("AUTORITY", "TWILIO"):
        assert f"{P}{name}: found a setting nobody knows, expected one of" in refusal
    assert f"{P}DATABASE_URL, {P}FAILOVER_WINDOW, {P}HOST" in refusal


def test_an_empty_setting_is_none(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{P}PORT", "")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "")
    assert run("db", "status").code == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql+asyncpg://ann:open-sesame@db/permits"),
        ("DATABASE_URL", "postgresql+asyncpg://ann:open/@sesame@db/permits"),
        ("PROXY", "http://ann:open-sesame@proxy/"),
    ],
)
def test_the_password_in_a_wrong_address_is_not_repeated(
    name: str, value: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(P + name, value)
    refusal = run("audit").refusal
    assert "//***@" in refusal
    assert "sesame" not in refusal


def test_twilio_s_variables_alone_send_nothing_real(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_FROM", "+15005550006")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "open-sesame")
    for path in (("tick",), ("serve",), ("audit",), ("db", "status")):
        refusal = run(*path).refusal
        assert refusal == (
            "permit-reminders: TWILIO_AUTH_TOKEN, TWILIO_FROM set, but "
            "PERMIT_REMINDERS_PROVIDER is not: set it to twilio to send real SMS, or "
            "unset TWILIO_*"
        )


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        (
            {f"{P}PROVIDER": "outbox"},
            (
                f"{P}OUTBOX: set it to the format file of the office's own SMS "
                f"platform, as {P}PROVIDER is outbox"
            ),
        ),
        (
            {f"{P}OUTBOX": "format.toml"},
            (
                f"{P}OUTBOX set, but {P}PROVIDER is sandbox: set it to outbox, or "
                f"unset {P}OUTBOX"
            ),
        ),
        (
            {f"{P}OUTBOX": "format.toml", f"{P}PROVIDER": "twilio"},
            (
                f"{P}OUTBOX set, but {P}PROVIDER is twilio: set it to outbox, or unset "
                f"{P}OUTBOX"
            ),
        ),
        (
            {
                f"{P}OUTBOX": "format.toml",
                f"{P}PROVIDER": "outbox",
                "TWILIO_FROM": "+15005550006",
            },
            (
                f"TWILIO_FROM set, but {P}PROVIDER is outbox: set it to twilio to send "
                "real SMS, or unset TWILIO_*"
            ),
        ),
        (
            {
                f"{P}OUTBOX": "format.toml",
                f"{P}PROVIDER": "outbox",
                f"{P}SETTLE": "59",
            },
            (
                f"settings: {P}SETTLE: found 59.0, expected at least 60 with a real "
                "provider"
            ),
        ),
    ],
)
def test_an_outbox_has_a_format_and_nothing_else_of_a_provider(
    given: dict[str, str], refused: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    for path in (("tick",), ("audit",)):
        assert run(*path).refusal == f"permit-reminders: {refused}"


def test_a_wrong_variable_of_twilio_is_told_by_its_own_name(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_API_URL", "localhost")
    start = "permit-reminders: settings: TWILIO_API_URL: found 'localhost', expected an"
    assert run("audit").refusal.startswith(start)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: set both"),
        (
            {"ACCOUNT_SID": "AC1", "AUTH_TOKEN": "t"},
            "TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM: set one",
        ),
        (
            {
                "ACCOUNT_SID": "AC1",
                "AUTH_TOKEN": "t",
                "FROM": "+15005550006",
                "MESSAGING_SERVICE_SID": "MG1",
            },
            "TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM: set one",
        ),
        (
            {
                "ACCOUNT_SID": "AC1",
                "AUTH_TOKEN": "t",
                "FROM": "+15005550006",
                "API_KEY": "SK1",
            },
            "TWILIO_API_KEY and TWILIO_API_SECRET: set both or none",
        ),
    ],
)
@pytest.mark.usefixtures("installed")
def test_twilio_needs_its_variables(
    given: dict[str, str], missing: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{P}PROVIDER", "twilio")
    for name, value in given.items():
        monkeypatch.setenv(f"TWILIO_{name}", value)
    for path in (("tick",), ("serve",)):
        assert run(*path).refusal == f"permit-reminders: {missing}"


@pytest.mark.usefixtures("office")
def test_nothing_real_is_sent_by_a_simulated_clock(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{P}PROVIDER", "twilio")
    for path in (("tick",), ("tick", "--now", "2024-02-01T00:00Z"), ("serve",)):
        assert run(*path).refusal == (
            "permit-reminders: PERMIT_REMINDERS_PROVIDER: this database is simulated, "
            "so only the sandbox sends from it; unset it, or choose another database"
        )
