import pytest

from service.sandbox.messages.fates import delivery_to


@pytest.mark.parametrize(
    ("digits", "final", "error_code"),
    [
        ("00", "delivered", None),
        ("89", "delivered", None),
        ("90", "undelivered", 30003),
        ("91", "undelivered", 30005),
        ("92", "undelivered", 30006),
        ("93", "undelivered", 30008),
        ("94", "failed", 30007),
        ("95", "sent", None),
        ("96", "delivered", None),
    ],
)
def test_the_last_two_digits_of_a_fiction_number_decide(
    digits: str, final: str, error_code: int | None
) -> None:
    fate = delivery_to(f"+120255501{digits}")
    assert (fate.final, fate.error_code) == (final, error_code)


@pytest.mark.parametrize("number", ["+12025550290", "+15005550006", "+442025550190"])
def test_any_other_number_gets_its_message(number: str) -> None:
    assert delivery_to(number).final == "delivered"


@pytest.mark.parametrize(
    ("status", "number", "ahead"),
    [
        ("accepted", "+12025550100", ("queued", "sent", "delivered")),
        ("scheduled", "+12025550100", ("queued", "sent", "delivered")),
        ("queued", "+12025550100", ("sent", "delivered")),
        ("queued", "+12025550194", ("failed",)),
        ("sent", "+12025550100", ("delivered",)),
        ("sent", "+12025550195", ()),
        ("delivered", "+12025550100", ()),
        ("canceled", "+12025550100", ()),
    ],
)
def test_a_message_goes_on_from_where_it_stands(
    status: str, number: str, ahead: tuple[str, ...]
) -> None:
    assert delivery_to(number).statuses_after(status) == ahead
