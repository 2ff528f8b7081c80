from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.masked_text import mask_text

SEPARATORS = (
    *("", " ", "  ", "-", ".", "/", ",", "_", "~", ":", "|", " - ", ", ", "\n", "\t"),
    *("\u2010", "\u2013", "\u2014", "\u2212", "·", "•", "\u00a0", "\u3000"),
    *("，", "、", "。", "；", "：", "－", "．", "／", "～"),
    *("\u200b", "\u00ad", "\u202d", "\ufeff", "\u3164", "\ufe0f", "\u200b-\u202c"),
)


@pytest.mark.parametrize(
    ("groups", "masked"),
    [
        (("+1", "212", "555", "0142"), "+1212***0142"),
        (("1", "212", "555", "0142"), "121****0142"),
        (("212", "555", "0142"), "212***0142"),
        (("138", "0000", "0142"), "138****0142"),
        (("86", "138", "0000", "0142"), "861******0142"),
    ],
)
def test_a_phone_is_masked_whatever_separates_its_groups(
    groups: Sequence[str], masked: str
) -> None:
    written = [f"call {mark.join(groups)} at 10" for mark in SEPARATORS]
    shown = {text: mask_text(text) for text in written}
    assert shown == dict.fromkeys(written, f"call {masked} at 10")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("(212) 555-0142, ext. 12", "212***0142, ext. 12"),
        ("[212] 555 0142", "[212***0142"),
        ("（212）5550142转12", "212***0142转12"),
        ("+1 (212) 555-0142", "+1212***0142"),
        ("212-5550142 or 212555-0142", "212***0142 or 212***0142"),
        ("2 1 2 5 5 5 0 1 4 2", "212***0142"),
        ("２１２－５５５－０１４２", "212***0142"),
        ("①③⑧ 0000 0142", "138****0142"),
        ("٢١٢ ٥٥٥ ٠١٤٢", "212***0142"),
        ("tel:2125550142;ext=12", "tel:212***0142;ext=12"),
        ("Tel2125550142x12", "Tel212***0142x12"),
        ("张三13800000142打来", "张三138****0142打来"),
        ("call_2125550142.csv", "call_212***0142.csv"),
        ("1380000-0142, 138-00000142", "138****0142, 138****0142"),
        ("1380 000 0142, 1380 0000 142", "138****0142, 138****0142"),
        ("0086 138 0000 0142", "008********0142"),
        ("010-12345678", "010****5678"),
        ("0571 8765 4321", "057*****4321"),
        ("07700 900142", "077****0142"),
        ("+44 20 7946 0142", "+4420****0142"),
        ("0044 20 7946 0142", "004*******0142"),
        ("To=%2B12125550142&x=1", "To=+1212***0142&x=1"),
        ("To=%28212%29%20555%2D0142", "To=%28212***0142"),
        (r"'\u202d212\u200b555\xa00142'", r"'\u202d212***0142'"),
        (
            r"C:\New\Uses\X1 \U0001019d 212-555-0142",
            r"C:\New\Uses\X1 \U0001019d 212***0142",
        ),
        ("110101199001011234", "110***********1234"),
        ("110101 19900101 123X", "110**********1123"),
        ("***2125550142", "***212***0142"),
        ("+12125550142 and +12125550143", "+1212***0142 and +1212***0143"),
    ],
)
def test_every_way_to_write_a_phone_is_known(text: str, masked: str) -> None:
    assert mask_text(text) == masked
    assert mask_text(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        *("2026-12-31", "2026/12/31 10:20", "2026年12月31日", "31.12.2026 21:25"),
        *("2026-12-31T09:30:00.123456+10:00, 2026-12-31", "20261231 093000"),
        *("2024-W05", "127.0.0.1:43210", "172.16.213.234:8080"),
        "0190d3a1-7c1f-7d3e-8a6b-125550142123",
        "01901234-0123-7123-8123-212555014212",
        "SM12125550142f0123456789abcdef0123",
        "2125550142f0123456789abcdef0123a",
        *("91110108551234567X", "911101085512345678", "91990000MA00000142"),
        *("SC10199000000142", "JY25101000012345", "240000000001", "123456789012345"),
        *("0012345678", "1234567890", "6901234567892", "1016 1234 5678 9012"),
        *("1461260-DCA", "M2125550142", "2125550142A", "212555014", "21255501420"),
        *("2023-234567", "(粤)JZ安许证字[2023]234567", "国药准字H20203001"),
        *("国械注准20203140123", "TS2710123-2027", "1710123-2027", "XK13-014-00123"),
        *("310115-2345678", "310115-2024", "110-2024-0012", "0123-2024-0012"),
        *("2,125,550,142", "830 messages, 12 types, +4 %", "555-0142", "12345678"),
        *("212***0142", "+1212***0142  990000, 240000000001", "1 2 3 4 5 6 7 8 9"),
    ],
)
def test_what_is_no_phone_stays_readable(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("2345678901", "234***8901"),  # ten digits that may be American
        ("13012345678", "130****5678"),  # eleven that begin with 1
        ("0312345678", "031***5678"),  # ten to twelve that begin with one zero
        ("213, 555, 1234", "213***1234"),  # three counts in a row
    ],
)
def test_a_number_that_only_looks_like_a_phone_is_masked_too(
    text: str, masked: str
) -> None:
    assert mask_text(text) == masked


@given(before=st.text(max_size=30), after=st.text(max_size=30), data=st.data())
def test_no_text_around_it_gives_an_international_number_away(
    before: str, after: str, data: st.DataObject
) -> None:
    mark = data.draw(st.sampled_from(SEPARATORS))
    phone = mark.join(("+1", "212", "555", "0142"))
    assert phone not in mask_text(f"{before} {phone} {after}")
