"""Each check, with a minimal text that it refuses and a similar one that it accepts."""

import pytest

from service.domain.law.rule import Language
from service.domain.templates.checks import (
    CONTACT_FACTS,
    PERMIT_FACTS,
    TextCheck,
    check_advice,
    check_english_advice,
    check_free,
    check_gsm7,
    check_inclusive_day,
    check_no_closing,
    check_no_urging,
    check_optional_facts,
    check_signature,
    check_wording,
    find_forbidden_words,
    require_facts,
)
from service.domain.templates.trial_render import MarkedText, marker_for

DAY, TAIL, WHOSE = marker_for("closes_on"), marker_for("tail"), marker_for("signature")


def found(check: TextCheck, text: str, language: Language, *given: str) -> list[str]:
    missing = frozenset({"late", "opens_on", "provisional"}) - {*given}
    one = MarkedText(text, language, frozenset(given), missing)
    return [what for what, _ in check(one)]


@pytest.mark.parametrize(
    ("check", "language", "text"),
    [
        (check_signature, "zh", f"【{WHOSE}】您的"),
        (check_signature, "en", f"{WHOSE}: Your"),
        (check_free, "zh", "提醒免费"),
        (check_free, "en", "Free notice"),
        (check_wording, "zh", f"建议最迟{DAY}，第2号令，咨询{TAIL}"),
        (check_wording, "en", f"by {DAY}. Free notice. No cost. Help {TAIL}5. 1234"),
        (check_wording, "en", f"Reply R to confirm. {marker_for('opt_out')}"),
        (check_gsm7, "en", "don't [€]"),
        (check_gsm7, "zh", "好"),
        (check_no_urging, "en", "You know: apply by then"),
        (check_no_urging, "zh", "请备材料"),
        (check_no_closing, "en", "that day is past"),
        (check_advice, "zh", f"建议最迟{DAY}（含当日）申请"),
        (check_advice, "zh", f"建议最迟于{DAY}（含当日）申请"),
        (check_advice, "en", f"we advise applying by {DAY} (inclusive)"),
        (check_inclusive_day, "zh", f"到期，建议最迟{DAY}（含当日）申请"),
        (check_inclusive_day, "en", f"apply by {DAY} (inclusive)"),
        (check_english_advice, "zh", "请申请"),
        (check_english_advice, "en", "We advise applying"),
        (check_advice, "en", f"papers; We ADVISE by {DAY} (inclusive), at"),
    ],
)
def test_a_right_text_passes(check: TextCheck, language: Language, text: str) -> None:
    assert found(check, text, language) == []


@pytest.mark.parametrize(
    ("check", "language", "text", "what"),
    [
        (check_signature, "zh", f"{WHOSE}：您的", "another opening"),
        (check_signature, "zh", f"更正【{WHOSE}】您的", "another opening"),
        (check_signature, "en", f"【{WHOSE}】Your", "another opening"),
        (check_free, "zh", "提醒", "no '免费'"),
        (check_free, "en", "Notice", "no 'free'"),
        (check_wording, "zh", "申请截止日", "'截止'"),
        (check_wording, "en", "The Deadline is", "'Deadline'"),
        (check_wording, "en", "see https://a", "'://'"),
        (check_wording, "en", "see WWW.a", "'WWW.'"),
        (check_wording, "zh", "见a-b.gov.cn申请", "'a-b.gov.cn'"),
        (check_wording, "zh", "见gov．cn", "'gov.cn'"),
        (check_wording, "zh", "逾期不予受理", "'不予受理'"),
        (check_wording, "zh", "咨询12345", "'12345'"),
        (check_wording, "en", "call (212) 555-0101", "'212***0101'"),
        (check_wording, "zh", "先缴费", "'缴费'"),
        (check_wording, "zh", "如需退订，或回T", "'T'"),
        (check_wording, "zh", "拒收请回复：R", "'R'"),
        (check_wording, "en", "Reply N to opt out", "'N'"),
        (check_wording, "zh", "请交钱", "'交钱'"),
        (check_wording, "zh", "先缴 费", "'缴 费'"),
        (check_wording, "zh", "工本费", "'工本费'"),
        (check_wording, "zh", "共１００元", "'0元'"),
        (check_wording, "en", "Only £5", "'£5'"),
        (check_wording, "zh", "最后期限", "'最后期限'"),
        (check_wording, "zh", "见例子.中国", "'子.中国'"),
        (check_wording, "zh", "见gov。cn", "'gov。cn'"),
        (check_wording, "zh", "请扫码办理", "'扫码'"),
        (check_wording, "en", "Pay now", "'Pay'"),
        (check_wording, "en", "the fee of", "'fee'"),
        (check_gsm7, "en", "【A】 don’t", "【 】 ’"),
        (check_no_urging, "en", "apply NOW", "'NOW'"),
        (check_no_urging, "zh", "请尽快申请", "'尽快'"),
        (check_no_urging, "zh", "越早越好", "'越早越好'"),
        (check_no_urging, "en", "ａｐｐｌｙ ｎｏｗ", "'now'"),
        (check_no_closing, "zh", f"建议{DAY}", "{{ closes_on }}"),
        (check_inclusive_day, "en", f"apply by {DAY}", "the day in other words"),
        (check_inclusive_day, "zh", f"建议最迟{DAY}申请", "the day in other words"),
        (check_english_advice, "en", "Please apply", "no 'advise'"),
        (check_advice, "en", "we advise you", "no {{ closes_on }}"),
        (check_advice, "en", f"apply by {DAY} (inclusive)", "the day in other words"),
        (
            check_advice,
            "en",
            f"we advise. By {DAY} (inclusive)",
            "the day in other words",
        ),
        (check_advice, "en", f"we advise by {DAY}", "the day in other words"),
        (check_advice, "zh", f"建议最迟{DAY}申请", "the day in other words"),
        (check_advice, "zh", f"建议最迟{DAY}前（含当日）", "the day in other words"),
        (check_advice, "zh", f"建议最迟。{DAY}（含当日）", "the day in other words"),
    ],
)
def test_a_wrong_text_is_refused_with_what_was_found(
    check: TextCheck, language: Language, text: str, what: str
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
def test_a_provisional_day_is_never_inclusive(
    language: Language, text: str, what: list[str]
) -> None:
    assert found(check_advice, text, language, "provisional") == what


def test_every_fact_that_a_holder_needs_is_required() -> None:
    assert found(
        require_facts(PERMIT_FACTS, {"tail": "which"}, CONTACT_FACTS), TAIL, "en"
    ) == [
        "no {{ certificate }}",
        "no {{ expires_on }}",
        "no {{ apply_at }}",
        "no {{ helpline }}",
        "no {{ opt_out }}",
    ]


def test_an_optional_fact_is_refused_only_in_texts_without_it() -> None:
    text = f"{marker_for('late')}, {marker_for('opens_on')}"
    assert found(check_optional_facts, text, "en") == ["{{ late }}", "{{ opens_on }}"]
    assert found(check_optional_facts, text, "en", "late") == ["{{ opens_on }}"]
    assert found(check_optional_facts, text, "en", "late", "opens_on") == []


@pytest.mark.parametrize("filler", ["a", "a."])
def test_words_of_any_length_are_searched_for_links(filler: str) -> None:
    """Time that grew with the square of the length would outlast the time-out."""
    assert list(find_forbidden_words(300_000 * filler)) == []
