"""A case file with a mistake is refused with its name."""

from pathlib import Path

import pytest

from tests.cases.casefile import CaseFileError, read_cases

GOOD = """
rule = "xx-permit"

[[cases]]
why = "an ordinary year"
expires_on = 2026-12-31
version = "xx-permit@2020-03-01"
closes_on = 2026-11-18
steps = { prepare = 2026-09-20 }
"""
AGAIN = GOOD.split("\n\n")[1]


def written(folder: Path, text: str) -> Path:
    path = folder / "xx-permit.toml"
    path.write_text(text, "utf-8")
    return path


def test_fields_that_a_case_leaves_out_have_defaults(tmp_path: Path) -> None:
    found = read_cases(written(tmp_path, GOOD), {"xx-permit"})
    assert found.authority == "990000"
    (case,) = found.cases
    assert case.answer().closes_on_lenient == case.closes_on
    assert case.answer().opens_on is None
    assert not case.provisional


@pytest.mark.parametrize(
    ("slip", "meant", "error"),
    [
        ("closes_at = ", "closes_on = ", "cases.0.closes_at: Extra inputs"),
        ("closes_at = ", "closes_on = ", "cases.0.closes_on: Field required"),
        ('version = ""\nholder = ', "version = ", "cases.0.holder: Extra inputs"),
        ('expires_on = "2026-12-31"', "expires_on = 2026-12-31", "expires_on: Input"),
        ("{ prepare = 3 }", "{ prepare = 2026-09-20 }", "steps.prepare: Input"),
        ("today = 2026-09-20\nwhy", "why", "`today` and `stands` come together"),
        ('unqualified_days = "any"\nwhy', "why", "unqualified_days: Input should"),
        ('rule = "xx-other"', 'rule = "xx-permit"', "rule: no rule file has code"),
        ('rule = "yy-permit"', 'rule = "xx-permit"', "expected 'xx-permit'"),
        ("rule = xx-permit", 'rule = "xx-permit"', "Invalid value"),
        (f"{AGAIN}\n[[cases]]", "[[cases]]", "two cases say 'an ordinary year'"),
        ("[cases]", "[[cases]]", "cases: Input should be a valid list"),
    ],
)
def test_a_mistake_is_reported_with_its_file_and_key(
    slip: str, meant: str, error: str, tmp_path: Path
) -> None:
    path = written(tmp_path, GOOD.replace(meant, slip))
    with pytest.raises(CaseFileError) as refusal:
        read_cases(path, {"xx-permit", "yy-permit"})
    assert str(refusal.value).startswith("xx-permit.toml: ")
    assert error in str(refusal.value)
