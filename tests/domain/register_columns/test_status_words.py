import pytest

from service.domain.register_columns.status_words import our_status


@pytest.mark.parametrize(
    ("word", "ours"),
    [
        ("Active", "active"),
        ("LICENSED", "active"),
        ("in_force", "active"),
        ("有效", "active"),
        ("有效状态", "active"),
        ("Suspended", "suspended"),
        ("已暂停", "suspended"),
        ("Inactive", "withdrawn"),
        ("已注销", "withdrawn"),
        ("被吊销", "withdrawn"),
        ("无效", "withdrawn"),
        ("Expired", "withdrawn"),
        ("Pending", "skip"),
        ("受理中", "skip"),
        ("证书过期待核实", None),
        ("Probation", None),
        ("", None),
    ],
)
def test_a_status_of_a_register_has_our_word(word: str, ours: str | None) -> None:
    assert our_status(word) == ours
