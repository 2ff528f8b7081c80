from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from service.domain.reports.findings import (
    Finding,
    ProviderState,
    RegisterAge,
    Severity,
)
from service.domain.reports.permit_findings import judge_registers
from service.domain.reports.sending_findings import (
    judge_last_pass,
    judge_provider,
    judge_room,
)

NOW = datetime(2024, 1, 29, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MIB = 1 << 20


def severities(found: Iterable[Finding]) -> list[Severity]:
    return [one.severity for one in found]


@pytest.mark.parametrize(
    ("free", "expected"),
    [
        (1024 * MIB, []),
        (1024 * MIB - 1, [Severity.SOON]),
        (100 * MIB, [Severity.SOON]),
        (100 * MIB - 1, [Severity.STOPS]),
    ],
)
def test_little_room_is_soon_a_full_disk(free: int, expected: list[Severity]) -> None:
    assert severities(judge_room(free, "/srv")) == expected


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(days=26, hours=23), []),
        (timedelta(days=27), [Severity.SOON]),
        (timedelta(days=30), [Severity.SOON]),
        (timedelta(days=30, seconds=1), [Severity.MISSES]),
    ],
)
def test_a_register_of_30_days_is_named_3_days_before(
    age: timedelta, expected: list[Severity]
) -> None:
    registers = [
        RegisterAge("city", NOW - age, 30),
        RegisterAge("api", NOW - age, None),
    ]
    assert severities(judge_registers(registers, NOW)) == expected


@pytest.mark.parametrize(
    ("last_pass_at", "is_live", "parts"),
    [
        (NOW - 5 * MINUTE, True, []),
        (NOW - 6 * MINUTE, True, ["sending"]),
        (NOW - 6 * MINUTE, False, []),
        (None, True, ["sending"]),
        (None, False, []),
        (NOW + 2 * MINUTE, False, ["clock"]),
    ],
)
def test_who_does_not_tick_is_named_once_something_is_live(
    last_pass_at: datetime | None, parts: list[str], *, is_live: bool
) -> None:
    found = judge_last_pass(last_pass_at, NOW, is_live=is_live)
    assert [one.part for one in found] == parts


@pytest.mark.parametrize("off", [timedelta(minutes=-3), timedelta(minutes=3)])
def test_a_clock_that_differs_from_the_provider_s_is_wrong(off: timedelta) -> None:
    state = ProviderState("twilio", is_real=True, answered_at=NOW + off)
    assert [one.part for one in judge_provider(state, NOW)] == ["clock"]
    state = ProviderState("twilio", is_real=True, answered_at=NOW + off / 6)
    assert not [*judge_provider(state, NOW)]
