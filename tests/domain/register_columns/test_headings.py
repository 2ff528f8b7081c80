import pytest

from service.domain.register_columns.headings import find_role, score_heading


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Unified Social Credit Code", "holder_code"),
        ("统一社会信用代码", "holder_code"),
        ("License Code", "number"),
        ("行政区划代码", "district"),
        ("Expiration Date", "expires_on"),
    ],
)
def test_a_heading_names_its_field_whatever_its_small_words(
    heading: str, field: str
) -> None:
    scores = score_heading(heading)
    assert max(scores, key=scores.__getitem__) == field


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("法定代表人联系电话", "representative"),
        ("法人手机", "representative"),
        ("Legal Representative Phone", "representative"),
        ("负责人电话", "manager"),
        ("Manager's mobile", "manager"),
        ("经办人手机号", "agent"),
        ("委托代理人电话", "agent"),
        ("Agent Tel.", "agent"),
        ("联系电话", None),
        ("法定代表人（负责人）电话", "representative"),
        ("法定代表人或负责人电话", None),
        ("Business phone", None),
    ],
)
def test_a_heading_may_say_whose_phone_it_is(heading: str, role: str | None) -> None:
    assert find_role(heading) == role
