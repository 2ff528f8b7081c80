import json
from pathlib import Path

import pytest

from service.sandbox.messages.segments import segments

VECTORS = Path(__file__).parents[4] / "shared" / "data" / "sms-segment-vectors.json"


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("许" * 70, 1),
        ("许" * 71, 2),
        ("许" * 134, 2),
        ("许" * 135, 3),
        ("a" * 160 + "许", 3),
        ("𠮷" * 35, 1),
        ("𠮷" * 36, 2),
        ("a\tb", 1),
        ("a" * 70 + "`", 2),
    ],
)
def test_a_text_is_billed_by_its_alphabet(body: str, parts: int) -> None:
    assert segments(body) == parts


@pytest.mark.skipif(not VECTORS.exists(), reason=f"{VECTORS.name} is not there")
def test_the_vendors_own_calculator_agrees() -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    plain = [v for v in vectors if not v["smart_encoding"]]
    wrong = [v["name"] for v in plain if segments(v["body"]) != v["segments"]]
    assert plain
    assert wrong == []
