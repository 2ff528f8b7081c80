import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.messages.segments import SmsSize, characters_outside_gsm7, measure

VECTORS = Path(__file__).parents[3] / "../shared/data/sms-segment-vectors.json"
HAN_EXT_B = "\U00020bb7"
CREE_EXT = "\U00011ab6"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        pytest.param("", SmsSize("GSM-7", 0, 1), id="empty"),
        pytest.param("a" * 160, SmsSize("GSM-7", 160, 1), id="160"),
        pytest.param("a" * 161, SmsSize("GSM-7", 161, 2), id="161"),
        pytest.param("a" * 306, SmsSize("GSM-7", 306, 2), id="306"),
        pytest.param("a" * 307, SmsSize("GSM-7", 307, 3), id="307"),
        pytest.param("许" * 70, SmsSize("UCS-2", 70, 1), id="70"),
        pytest.param("许" * 71, SmsSize("UCS-2", 71, 2), id="71"),
        pytest.param("许" * 134, SmsSize("UCS-2", 134, 2), id="134"),
        pytest.param("许" * 135, SmsSize("UCS-2", 135, 3), id="135"),
        pytest.param("€" * 80, SmsSize("GSM-7", 160, 1), id="80 pairs"),
        pytest.param("€" * 81, SmsSize("GSM-7", 162, 2), id="81 pairs"),
        pytest.param(HAN_EXT_B * 35, SmsSize("UCS-2", 70, 1), id="35 surrogates"),
        pytest.param(HAN_EXT_B * 36, SmsSize("UCS-2", 72, 2), id="36 surrogates"),
    ],
)
def test_a_text_is_cut_where_the_network_cuts_it(text: str, size: SmsSize) -> None:
    assert measure(text) == size


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        pytest.param("a" * 152 + "€" + "a" * 152, 3, id="pair at the seam"),
        pytest.param("a" * 151 + "€" + "a" * 153, 2, id="pair before the seam"),
        pytest.param("€" * 153, 3, id="pairs only"),
        pytest.param(CREE_EXT * 66, 2, id="66 surrogates"),
        pytest.param(CREE_EXT * 67, 3, id="67 surrogates"),
        pytest.param(CREE_EXT * 70, 3, id="70 surrogates"),
        pytest.param(CREE_EXT * 71, 3, id="71 surrogates"),
    ],
)
def test_a_pair_is_never_split_over_two_segments(text: str, segments: int) -> None:
    assert measure(text).segments == segments


def test_every_character_of_the_gsm_tables_stays_gsm() -> None:
    table = (
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
        "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
    )
    assert measure(table) == SmsSize("GSM-7", 127, 1)  # the 128th is the escape
    assert measure("^{}\\[~]|€\f") == SmsSize("GSM-7", 20, 1)


def test_the_characters_that_force_ucs2_are_named_in_order_each_once() -> None:
    assert characters_outside_gsm7("“`a” – `许” 许") == ("“", "`", "”", "–", "许")


def test_brackets_around_a_signature_turn_an_english_text_into_ucs2() -> None:
    assert characters_outside_gsm7("【PROV-AMR】Your licence") == ("【", "】")


@given(st.text(max_size=400), st.text(max_size=40))
def test_a_longer_text_never_costs_less(text: str, more: str) -> None:
    assert measure(text + more).segments >= measure(text).segments


def vectors() -> list[Any]:
    if not VECTORS.exists():
        return []
    rows = json.loads(VECTORS.read_text(encoding="utf-8"))
    return [row for row in rows if not row["smart_encoding"]]


@pytest.mark.skipif(not VECTORS.exists(), reason=f"needs {VECTORS.name} in ../shared")
def test_twilios_own_calculator_agrees() -> None:
    bits = {"GSM-7": 7, "UCS-2": 16}
    found = {row["name"]: measure(row["body"]) for row in vectors()}
    assert len(found) > 20
    assert {name: (one.encoding, one.segments) for name, one in found.items()} == {
        row["name"]: (row["encoding"], row["segments"]) for row in vectors()
    }
    assert {name: one.units * bits[one.encoding] for name, one in found.items()} == {
        row["name"]: row["message_bits"] for row in vectors()
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Reply R to opt out. [€{~}]", ()),
        ("don’t", ("’",)),
        ("【A】: don’t, don’t", ("【", "】", "’")),
        ("a\tb", ("\t",)),
        ("許可", ("許", "可")),
    ],
)
def test_what_forces_ucs_2_is_listed_once_in_order(
    text: str, found: tuple[str, ...]
) -> None:
    assert characters_outside_gsm7(text) == found
    assert measure(text).encoding == ("UCS-2" if found else "GSM-7")
