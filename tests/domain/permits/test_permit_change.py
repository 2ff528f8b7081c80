from datetime import date

import pytest

from service.domain.permits.permit_change import compare_fields, find_kind

BEFORE = {
    "holder": "A",
    "expires_on": date(2026, 12, 31),
    "status": "active",
    "status_reason": None,
    "replaced": False,
}


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"holder": "B"}, "changed"),
        ({"expires_on": date(2027, 1, 1)}, "renewed"),
        ({"expires_on": None}, "renewed"),
        ({"expires_on": date(2026, 1, 1)}, "changed"),
        ({"status": "suspended"}, "changed"),
        ({"status": "withdrawn", "expires_on": None}, "withdrawn"),
        ({"replaced": True}, "renewed"),
    ],
)
def test_a_change_is_named_by_what_happens_to_the_permit(
    changed: dict[str, object], kind: str
) -> None:
    assert find_kind(compare_fields(BEFORE, BEFORE | changed)) == kind
    if kind == "withdrawn" or "replaced" in changed:
        back = compare_fields(BEFORE | changed, BEFORE)
        assert find_kind(back) == "reopened"


def test_a_personal_field_is_only_named() -> None:
    fields = compare_fields(
        BEFORE | {"phones": []}, BEFORE | {"holder": "B", "phones": ["1"]}
    )
    assert fields == {"holder": None, "phones": ([], ["1"])}
