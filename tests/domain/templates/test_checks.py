"""Each check on the smallest text that it minds, and the nearest that it does not."""

import pytest

from service.domain.law.rule import Language
from service.domain.templates.checks import (
    TURN,
    WHICH,
    Check,
    advised,
    advises,
    calm,
    free,
    includes,
    lasting,
    naming,
    past,
    plain,
    signed,
    spelt,
)
from service.domain.templates.trial_render import Marked, mark

DAY, TAIL, WHOSE = mark("closes_on"), mark("tail"), mark("signature")


def found(check: Check, text: str, language: Language, *given: str) -> list[str]:
    missing = frozenset({"late", "opens_on", "provisional"}) - {*given}
    one = Marked(text, language, frozenset(given), missing)
    return [what for what, _ in check(one)]


@pytest.mark.parametrize(
    ("check", "language", "text"),
    [
        (signed, "zh", f"【{WHOSE}】您的"),
        (signed, "en", f"{WHOSE}: Your"),
        (free, "zh", "提醒免费"),
        (free, "en", "Free notice"),
        (plain, "zh", f"建议最迟{DAY}，第2号令，咨询{TAIL}"),
        (plain, "en", f"by {DAY}. Free notice. No cost. Help {TAIL}5. 1234"),
        (plain, "en", f"Reply R to confirm. {mark('opt_out')}"),
        (spelt, "en", "don't [€]"),
        (spelt, "zh", "好"),
        (calm, "en", "You know: apply by then"),
        (calm, "zh", "请备材料"),
        (past, "en", "that day is past"),
        (advises, "zh", f"建议最迟{DAY}（含当日）申请"),
        (advises, "zh", f"建议最迟于{DAY}（含当日）申请"),
        (advises, "en", f"we advise applying by {DAY} (inclusive)"),
        (includes, "zh", f"到期，建议最迟{DAY}（含当日）申请"),
        (includes, "en", f"apply by {DAY} (inclusive)"),
        (advised, "zh", "请申请"),
        (advised, "en", "We advise applying"),
        (advises, "en", f"papers; We ADVISE by {DAY} (inclusive), at"),
    ],
)
def test_what_is_right_is_not_minded(
    check: Check, language: Language, text: str
) -> None:
    assert found(check, text, language) == []


@pytest.mark.parametrize(
    ("check", "language", "text", "what"),
    [
        (signed, "zh", f"{WHOSE}：您的", "another opening"),
        (signed, "zh", f"更正【{WHOSE}】您的", "another opening"),
        (signed, "en", f"【{WHOSE}】Your", "another opening"),
        (free, "zh", "提醒", "no '免费'"),
        (free, "en", "Notice", "no 'free'"),
        (plain, "zh", "申请截止日", "'截止'"),
        (plain, "en", "The Deadline is", "'Deadline'"),
        (plain, "en", "see https://a", "'://'"),
        (plain, "en", "see WWW.a", "'WWW.'"),
        (plain, "zh", "见a-b.gov.cn申请", "'a-b.gov.cn'"),
        (plain, "zh", "见gov．cn", "'gov.cn'"),
        (plain, "zh", "逾期不予受理", "'不予受理'"),
        (plain, "zh", "咨询12345", "'12345'"),
        (plain, "en", "call (212) 555-0101", "'212***0101'"),
        (plain, "zh", "先缴费", "'缴费'"),
        (plain, "zh", "如需退订，或回T", "'T'"),
        (plain, "zh", "拒收请回复：R", "'R'"),
        (plain, "en", "Reply N to opt out", "'N'"),
        (plain, "zh", "请交钱", "'交钱'"),
        (plain, "zh", "先缴 费", "'缴 费'"),
        (plain, "zh", "工本费", "'工本费'"),
        (plain, "zh", "共１００元", "'0元'"),
        (plain, "en", "Only £5", "'£5'"),
        (plain, "zh", "最后期限", "'最后期限'"),
        (plain, "zh", "见例子.中国", "'子.中国'"),
        (plain, "zh", "见gov。cn", "'gov。cn'"),
        (plain, "zh", "请扫码办理", "'扫码'"),
        (plain, "en", "Pay now", "'Pay'"),
        (plain, "en", "the fee of", "'fee'"),
        (spelt, "en", "【A】 don’t", "【 】 ’"),
        (calm, "en", "apply NOW", "'NOW'"),
        (calm, "zh", "请尽快申请", "'尽快'"),
        (calm, "zh", "越早越好", "'越早越好'"),
        (calm, "en", "ａｐｐｌｙ ｎｏｗ", "'now'"),
        (past, "zh", f"建议{DAY}", "{{ closes_on }}"),
        (includes, "en", f"apply by {DAY}", "the day told otherwise"),
        (includes, "zh", f"建议最迟{DAY}申请", "the day told otherwise"),
        (advised, "en", "Please apply", "no 'advise'"),
        (advises, "en", "we advise you", "no {{ closes_on }}"),
        (advises, "en", f"apply by {DAY} (inclusive)", "the day told otherwise"),
        (advises, "en", f"we advise. By {DAY} (inclusive)", "the day told otherwise"),
        (advises, "en", f"we advise by {DAY}", "the day told otherwise"),
        (advises, "zh", f"建议最迟{DAY}申请", "the day told otherwise"),
        (advises, "zh", f"建议最迟{DAY}前（含当日）", "the day told otherwise"),
        (advises, "zh", f"建议最迟。{DAY}（含当日）", "the day told otherwise"),
    ],
)
def test_what_is_wrong_is_named(
    check: Check, language: Language, text: str, what: str
) -> None:
    assert found(check, text, language) == [what]


@pytest.mark.parametrize(
    ("language", "text", "what"),
    [
        ("zh", f"建议最迟日约在{DAY}", []),
        ("zh", f"建议最迟{DAY}（含当日）", ["（含当日）"]),
        ("zh", f"约在{DAY}", ["no 建议最迟"]),
        ("en", f"last safe day likely in {DAY}", []),
        ("en", f"we advise by {DAY} (inclusive)", ["(inclusive)"]),
    ],
)
def test_a_day_that_is_not_sure_is_never_inclusive(
    language: Language, text: str, what: list[str]
) -> None:
    assert found(advises, text, language, "provisional") == what


def test_every_fact_that_a_holder_needs_is_missed() -> None:
    assert found(naming(WHICH, {"tail": "which"}, TURN), TAIL, "en") == [
        "no {{ certificate }}",
        "no {{ expires_on }}",
        "no {{ apply_at }}",
        "no {{ helpline }}",
        "no {{ opt_out }}",
    ]


def test_a_fact_that_may_be_missing_is_minded_only_where_it_is() -> None:
    text = f"{mark('late')}, {mark('opens_on')}"
    assert found(lasting, text, "en") == ["{{ late }}", "{{ opens_on }}"]
    assert found(lasting, text, "en", "late") == ["{{ opens_on }}"]
    assert found(lasting, text, "en", "late", "opens_on") == []
