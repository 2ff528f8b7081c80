from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.law.rule import Language
from service.domain.messages.digest import (
    DIGEST,
    DIGEST_ITEM,
    MessagePart,
    bundle_parts,
    digest_facts,
    digest_items,
    split_bundle,
)
from service.domain.messages.facts import MOST_SEGMENTS, Facts
from service.domain.messages.segments import measure
from service.settings import shipped_folder

WORDS = JinjaTemplateLibrary(shipped_folder("templates"))

FOOD = Facts(
    language="zh",
    signature="临江省市场监管局",
    addressee="贵单位",
    certificate="食品经营许可证",
    action="延续",
    tail="0142",
    expires_on=date(2024, 12, 31),
    closes_on=date(2024, 11, 18),
    opens_on=None,
    provisional=False,
    late="到期未获延续的，不得继续生产",
    apply_at="省政务服务网或发证机关",
    helpline="12345",
    opt_out="拒收请回复R",
)
ENGLISH = replace(
    FOOD,
    language="en",
    signature="LINJIANG-AMR",
    addressee="Your",
    certificate="Food Business Licence",
    action="renew",
    late="Unless renewed by expiry, trading must stop",
    apply_at="the issuing office or online portal",
    opt_out="Reply R to opt out",
)


def part(at: int, facts: Facts = FOOD, **changed: object) -> MessagePart:
    known = {"office": "990000", "recipient": "p1", "holder": "H", "alone": False}
    known |= {"template": "renewal-last-call"}
    return MessagePart(index=at, facts=facts, **known | changed)  # type: ignore[arg-type] # fields by name


def text(*bundle: MessagePart) -> str:
    items = [WORDS.render_sms(DIGEST_ITEM, one) for one in digest_items(bundle)]
    return WORDS.render_sms(DIGEST, digest_facts(bundle, items))


@pytest.mark.parametrize(
    ("other", "together"),
    [
        ({}, True),
        ({"holder": "another's"}, True),
        ({"recipient": "p2"}, False),
        ({"office": "990100"}, False),
        ({"alone": True}, False),
        ({"facts": ENGLISH}, False),
        ({"template": "renewal-open"}, False),
        ({"facts": replace(FOOD, closes_on=date(2024, 12, 2), tail="0200")}, True),
        ({"facts": replace(FOOD, opened=True)}, False),
        ({"facts": replace(FOOD, action="换证")}, False),
        ({"facts": replace(FOOD, late=None)}, False),
        ({"facts": replace(FOOD, apply_at="检验机构")}, False),
        ({"facts": replace(FOOD, helpline="96333")}, False),
    ],
)
def test_parts_that_say_the_same_to_one_phone_share_an_sms(
    other: dict[str, object], *, together: bool
) -> None:
    found = bundle_parts([part(0), part(1, **other)])  # type: ignore[arg-type] # fields by name
    assert [[one.index for one in bundle] for bundle in found] == (
        [[0, 1]] if together else [[0], [1]]
    )


def test_similar_permits_make_one_item_earliest_closing_first() -> None:
    later = replace(FOOD, tail="0200", closes_on=date(2024, 12, 2))
    body = text(
        part(0, later),
        part(1),
        part(2, replace(FOOD, tail="0143")),
    )
    assert body == (
        "【临江省市场监管局】贵单位3件证照将到期。"
        "如需延续，请在省政务服务网或发证机关申请："
        "食品经营许可证（尾号0142、0143）2024年12月31日到期，"
        "建议最迟11月18日（含当日）；"
        "食品经营许可证（尾号0200）2024年12月31日到期，"
        "建议最迟12月2日（含当日）；"
        "到期未获延续的，不得继续生产。提醒免费，咨询12345，拒收请回复R"
    )


def test_similar_permits_make_one_item_in_english_too() -> None:
    body = text(part(0, ENGLISH), part(1, replace(ENGLISH, tail="0143")))
    assert body == (
        "LINJIANG-AMR: 2 of your permits: to renew, we advise applying at the issuing "
        "office or online portal: Food Business Licence (ending 0142, 0143), expiry "
        "31 Dec 2024, apply by 18 Nov 2024 (inclusive). Unless renewed by expiry, "
        "trading must stop. Free notice. Help 12345. Reply R to opt out."
    )


@pytest.mark.parametrize(
    ("facts", "days"),
    [
        (FOOD, "10月8日起可申请，建议最迟11月18日（含当日）；"),
        (ENGLISH, "apply from 8 Oct 2024 and by 18 Nov 2024 (inclusive)."),
        (
            replace(ENGLISH, provisional=True),
            "apply from 8 Oct 2024 and not later than 18 Nov 2024.",
        ),
    ],
)
def test_an_item_says_from_when_one_may_apply(facts: Facts, days: str) -> None:
    ahead = replace(facts, opens_on=date(2024, 10, 8))
    assert days in text(part(0, ahead), part(1, replace(ahead, tail="0143")))


@pytest.mark.parametrize(
    ("facts", "handled"), [(FOOD, "您经办的2件"), (ENGLISH, "2 permits you handle")]
)
def test_an_agents_digest_names_permits_and_no_holder(
    facts: Facts, handled: str
) -> None:
    body = text(part(0, facts), part(1, facts, holder="Another"))
    assert handled in body
    assert "Another" not in body


def test_an_opening_is_named_before_it_and_said_to_have_come_after_it() -> None:
    ahead = replace(FOOD, opens_on=date(2024, 10, 8))
    assert "10月8日起可申请" in text(part(0, ahead), part(1, ahead))
    opened = replace(FOOD, opened=True)
    assert "如需延续，现可在省政务服务网" in text(part(0, opened), part(1, opened))
    english = replace(ENGLISH, opened=True)
    now = "2 of your permits: you can now apply to renew at the issuing office"
    assert now in text(part(0, english), part(1, english))


def test_a_closing_that_may_move_is_written_as_not_later_than() -> None:
    unsure = replace(FOOD, provisional=True)
    body = text(part(0, unsure), part(1, unsure))
    assert "建议不晚于11月18日；" in body
    assert "含当日" not in body


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_digest_takes_fewer_segments_than_the_texts_it_stands_for(
    language: Language,
) -> None:
    facts = FOOD if language == "zh" else ENGLISH
    one = measure(WORDS.render_sms("renewal-prepare", facts)).segments
    for count in range(2, 9):
        many = [
            part(
                at,
                replace(
                    facts, tail=f"{at:04}", certificate=f"{facts.certificate} {at}"
                ),
            )
            for at in range(count)
        ]
        assert measure(text(*many)).segments < count * one, count


def test_licences_that_differ_in_their_numbers_only_fit_into_two_segments() -> None:
    many = [part(at, replace(FOOD, tail=f"{at:04}")) for at in range(3)]
    assert measure(text(*many)).segments == MOST_SEGMENTS


@given(st.lists(st.dates(date(2024, 10, 1), date(2025, 3, 1)), min_size=1))
def test_a_digest_that_is_split_keeps_every_permit_in_order_of_closing(
    closings: list[date],
) -> None:
    many = [part(at, replace(FOOD, closes_on=day)) for at, day in enumerate(closings)]
    pieces = list(split_bundle(many, lambda piece: len(piece) <= 3))
    assert sorted(one.index for piece in pieces for one in piece) == list(
        range(len(many))
    )
    assert [len(piece) for piece in pieces[:-1]] == [3] * (len(pieces) - 1)
    days = [one.facts.closes_on for piece in pieces for one in piece]
    assert days == sorted(days)


def test_every_digest_template_is_shipped_in_both_languages() -> None:
    folder = Path(shipped_folder("templates")) / "sms"
    for name in (DIGEST, DIGEST_ITEM):
        assert {file.name for file in folder.glob(f"{name}.??.txt")} == {
            f"{name}.zh.txt",
            f"{name}.en.txt",
        }
