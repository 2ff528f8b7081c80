import pytest

from service.domain.register_columns.headings import score_heading


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Unified Social Credit Code", "holder_code"),
        ("统一社会信用代码", "holder_code"),
        ("License Code", "number"),
        ("Expiration Date", "expires_on"),
    ],
)
def test_a_heading_names_its_field_whatever_its_small_words(
    heading: str, field: str
) -> None:
    scores = score_heading(heading)
    assert max(scores, key=scores.__getitem__) == field
