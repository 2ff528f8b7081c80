from dataclasses import replace

import pytest

from service.adapters.templates.names import LANGUAGES
from service.domain.law.rule import Language
from tests.templates.restaurant import (
    ADVISING,
    AFTER,
    BEFORE,
    EVERY_TEXT,
    RESTAURANT,
    WORDS,
    text,
)


def test_there_is_a_template_for_every_step_and_purpose() -> None:
    assert WORDS.step_templates() == BEFORE | AFTER


def test_a_last_call_names_everything_a_holder_needs() -> None:
    assert text("renewal-last-call", "zh") == (
        "【某省市场监管局】您的食品经营许可证（尾号2345）2026年10月20日到期。"
        "如需延续，建议最迟9月21日（含当日）在省政务服务网或发证机关申请；"
        "到期后获批前须暂停经营。提醒免费，咨询12345，拒收请回复R"
    )
    assert text("renewal-last-call", "en") == (
        "PROV-AMR: Your food business licence (ending 2345) expires 20 Oct 2026. "
        "To renew, we advise applying by 21 Sep 2026 (inclusive) at the issuing "
        "office or online portal. If late, stop trading from expiry until approved. "
        "Free notice. Help 12345. Reply R to opt out."
    )


def test_a_first_text_names_the_opening_and_the_closing() -> None:
    assert text("renewal-prepare", "zh") == (
        "【某省市场监管局】您的食品经营许可证（尾号2345）2026年10月20日到期。"
        "如需延续请备材料，6月9日起可在省政务服务网或发证机关申请，"
        "建议最迟9月21日（含当日）。已申请请忽略。提醒免费，咨询12345，拒收请回复R"
    )
    assert text("renewal-prepare", "en") == (
        "PROV-AMR: Your food business licence (ending 2345) expires 20 Oct 2026. "
        "To renew, prepare papers; applications open 9 Jun 2026; we advise applying "
        "by 21 Sep 2026 (inclusive) at the issuing office or online portal. "
        "If applied, ignore. Free notice. Help 12345. Reply R to opt out."
    )


def test_a_window_without_an_opening_names_none() -> None:
    assert "，可在省政务服务网" in text("renewal-prepare", "zh", opens_on=None)
    assert "papers; we advise applying by 21 Sep 2026" in (
        text("renewal-prepare", "en", opens_on=None)
    )


def test_a_text_at_the_opening_says_that_it_is_open() -> None:
    assert "现可在省政务服务网或发证机关申请" in (
        text("renewal-open", "zh", opens_on=None)
    )
    assert "You can now apply to renew at" in (
        text("renewal-open", "en", opens_on=None)
    )


def test_a_text_at_the_opening_never_says_so_before_it() -> None:
    assert "6月9日起可在省政务服务网" in text("renewal-open", "zh")
    assert "From 9 Jun 2026 you can apply to renew at" in text("renewal-open", "en")


def test_a_first_text_after_the_opening_says_that_it_is_open() -> None:
    assert "请备材料，现可在省政务服务网或发证机关申请，建议最迟9月21日" in (
        text("renewal-prepare", "zh", opens_on=None, opened=True)
    )
    assert "papers; you can apply now; we advise applying by 21 Sep 2026" in (
        text("renewal-prepare", "en", opens_on=None, opened=True)
    )


@pytest.mark.parametrize(("name", "language", "provisional"), EVERY_TEXT)
def test_every_text_names_office_permit_date_place_and_opt_out(
    *, name: str, language: Language, provisional: bool
) -> None:
    body = text(name, language, provisional=provisional)
    values = replace(RESTAURANT[language], provisional=provisional).template_values()
    needed = ["signature", "certificate", "action", "tail", "expires_on"]
    needed += ["helpline", "opt_out"]
    if name != "contact-now":  # its holder calls, or goes to the office
        needed.append("apply_at")
    for fact in [*needed, "closes_on"] if name in BEFORE else needed:
        assert str(values[fact]) in body, fact
    assert ("提醒免费" if language == "zh" else "Free notice") in body


@pytest.mark.parametrize(("name", "language", "provisional"), EVERY_TEXT)
def test_every_text_is_one_line_of_plain_sentences(
    *, name: str, language: Language, provisional: bool
) -> None:
    body = text(name, language, provisional=provisional)
    assert body == body.strip()
    flaws = ("\n", "  ", " .", " ;", " ,", "..", "。。", "，，", "，。", "None", "http")
    assert not [flaw for flaw in flaws if flaw in body]


@pytest.mark.parametrize(("name", "language", "provisional"), ADVISING)
def test_a_closing_is_advice_with_an_exact_day_only_if_certain(
    *, name: str, language: Language, provisional: bool
) -> None:
    body = text(name, language, provisional=provisional)
    inclusive = {"zh": "（含当日）", "en": "(inclusive)"}[language]
    round_day = {"zh": "不晚于9月21日", "en": "not later than 21 Sep 2026"}[language]
    assert (inclusive in body) is not provisional
    assert (round_day in body) is provisional
    advice = {"zh": ("建议最迟", "建议不晚于"), "en": ("we advise", "we advise")}
    assert advice[language][provisional] in body


@pytest.mark.parametrize(("name", "language", "provisional"), EVERY_TEXT)
def test_no_text_mentions_a_deadline(
    *, name: str, language: Language, provisional: bool
) -> None:
    body = text(name, language, provisional=provisional).lower()
    assert not [word for word in ("截止", "deadline") if word in body]


@pytest.mark.parametrize("name", ["renewal-prepare", "correction"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_first_text_and_a_correction_never_urge_to_file_early(
    name: str, language: Language
) -> None:
    urging = ("尽快", "尽早", "及早", "立即", "soon", "early", "now", "at once")
    for provisional in (False, True):
        body = text(name, language, provisional=provisional).lower()
        assert not [word for word in urging if word in body]


@pytest.mark.parametrize("name", sorted(WORDS.step_templates() - {"correction"}))
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("provisional", [False, True])
def test_a_text_says_what_lateness_costs_or_to_ignore_it_after_applying(
    *, name: str, language: Language, provisional: bool
) -> None:
    late = str(RESTAURANT[language].late)
    ignore = {"zh": "已申请请忽略", "en": "If applied, ignore"}[language]
    body = text(name, language, provisional=provisional)
    warns = name in {"renewal-last-call", *AFTER}
    assert (late in body) is warns
    assert (ignore in body) is not warns
    assert ignore in text(name, language, provisional=provisional, late=None)
