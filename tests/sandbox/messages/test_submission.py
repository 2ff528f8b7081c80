from datetime import UTC, datetime

import pytest

from service.sandbox.messages.submission import Submission, parse_submission
from service.sandbox.refusals import RefusedError

NOW = datetime(2024, 1, 29, 9, 0, tzinfo=UTC)
SERVICE = "MG" + "0" * 32
GOOD = {"To": "+12025550100", "From": "+15005550006", "Body": "Renew soon."}
SCHEDULED = {
    "To": "+12025550100",
    "MessagingServiceSid": SERVICE,
    "Body": "Renew soon.",
    "ScheduleType": "fixed",
}


def parse(form: dict[str, str]) -> Submission:
    return parse_submission(form, NOW)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"To": ""}, 21604),
        ({"From": ""}, 21603),
        ({"Body": ""}, 21602),
        ({"Body": "a" * 1601}, 21617),
        ({"To": "2025550100"}, 21211),
        ({"To": "+02025550100"}, 21211),
        ({"To": "+1202555010x"}, 21211),
        ({"To": "+1202555010012345"}, 21211),
        ({"To": "+12025550100\n"}, 21211),
        ({"To": "+15005550001"}, 21211),
        ({"To": "+15005550002"}, 21612),
        ({"To": "+15005550003"}, 21408),
        ({"To": "+15005550004"}, 21610),
        ({"To": "+15005550009"}, 21614),
        ({"From": "+15005550001"}, 21212),
        ({"From": "+15005550007"}, 21606),
        ({"From": "+15005550008"}, 21611),
        ({"From": "twelve chars"}, 21212),
        ({"From": "某省局"}, 21212),
        ({"MessagingServiceSid": "MG12"}, 21701),
        ({"ValidityPeriod": "0"}, 90014),
        ({"ValidityPeriod": "-1"}, 90014),
        ({"ValidityPeriod": "1.5"}, 90014),
        ({"ValidityPeriod": "36001"}, 90007),
        ({"ValidityPeriod": "9" * 5000}, 90007),
        ({"StatusCallback": "ftp://127.0.0.1/x"}, 21609),
        ({"StatusCallback": "/status"}, 21609),
        ({"StatusCallback": "http://127.0.0.1:99999/"}, 21609),
        ({"StatusCallback": "http://[::1/"}, 21609),
        ({"StatusCallback": "http://127.0.0.1/a b"}, 21609),
    ],
)
def test_a_form_twilio_would_refuse_is_refused_with_its_code(
    change: dict[str, str], code: int
) -> None:
    with pytest.raises(RefusedError) as refused:
        parse(GOOD | change)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "change",
    [
        {"Body": "a" * 1600},
        {"Body": "许" * 1600},
        {"From": "+12025550199"},
        {"From": "PROV-AMR"},
        {"From": "12345"},
        {"To": "+15005550006"},
        {"ValidityPeriod": "1"},
        {"ValidityPeriod": "36000"},
        {"StatusCallback": "http://127.0.0.1:8080/s?ref=1#rc=5&rp=all"},
        {"StatusCallback": "https://example.org"},
        {"Unheard": "of"},
    ],
)
def test_a_form_twilio_would_take_is_taken(change: dict[str, str]) -> None:
    assert parse(GOOD | change).status == "queued"


def test_the_first_of_several_reasons_is_named_in_the_vendors_order() -> None:
    for code, form in [
        (21604, {}),
        (21603, {"To": "x"}),
        (21602, {"To": "x", "From": "+15005550001"}),
        (21211, {"To": "x", "From": "+15005550001", "Body": "a"}),
    ]:
        with pytest.raises(RefusedError) as refused:
            parse(form)
        assert refused.value.code == code


def test_a_service_accepts_where_a_number_queues() -> None:
    by_service = parse({**GOOD, "From": "", "MessagingServiceSid": SERVICE})
    assert (by_service.status, by_service.sender) == ("accepted", None)


def test_a_service_may_stand_in_the_from_field() -> None:
    asked = parse(GOOD | {"From": SERVICE})
    assert (asked.service, asked.sender, asked.status) == (SERVICE, None, "accepted")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, 35111),
        ({"SendAt": "2024-01-29T09:04:59Z"}, 35114),
        ({"SendAt": "2024-03-04T09:00:01Z"}, 35114),
        ({"SendAt": "2024-01-30T09:00:00+08:00"}, 35114),
        ({"SendAt": "tomorrow"}, 35114),
        ({"ScheduleType": "soon", "SendAt": "2024-01-30T09:00:00Z"}, 35126),
    ],
)
def test_a_schedule_out_of_its_window_is_refused(
    change: dict[str, str], code: int
) -> None:
    with pytest.raises(RefusedError) as refused:
        parse(SCHEDULED | change)
    assert refused.value.code == code


@pytest.mark.parametrize("at", ["2024-01-29T09:05:00Z", "2024-03-04T09:00:00Z"])
def test_a_schedule_inside_its_window_is_accepted(at: str) -> None:
    asked = parse(SCHEDULED | {"SendAt": at})
    assert asked.status == "scheduled"
    assert asked.send_at == datetime.fromisoformat(at)


def test_a_schedule_without_a_service_is_dropped_and_the_message_goes_now() -> None:
    asked = parse(GOOD | {"ScheduleType": "fixed", "SendAt": "2024-01-30T09:00:00Z"})
    assert (asked.status, asked.send_at) == ("queued", None)
