from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from service.sandbox.callbacks.signature import sign

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    token=TEXT,
    path=st.from_regex(r"[a-z0-9/]{0,9}(\?[a-z0-9=&]{1,9})?", fullmatch=True),
    fields=st.dictionaries(TEXT.filter(bool), TEXT, max_size=6),
)
def test_the_vendors_validator_accepts_whatever_is_signed(
    token: str, path: str, fields: dict[str, str]
) -> None:
    url = f"http://127.0.0.1:8080/{path}"
    assert RequestValidator(token).validate(url, fields, sign(token, url, fields))


def test_the_query_and_every_field_are_part_of_the_signature() -> None:
    url, fields = "https://example.org/status?ref=1", {"To": "+12025550100", "Z": ""}
    signature = sign("token", url, fields)
    validator = RequestValidator("token")
    assert validator.validate(url, fields, signature)
    assert not validator.validate("https://example.org/status", fields, signature)
    assert not validator.validate(url, {"To": "+12025550101", "Z": ""}, signature)
    assert not validator.validate(url, {"To": "+12025550100"}, signature)
