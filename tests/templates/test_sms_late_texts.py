"""Texts after something went wrong: a wrong day announced, or the closing missed."""

from dataclasses import replace
from datetime import date

import pytest

from service.adapters.templates.names import LANGUAGES
from service.domain.law.rule import Language
from tests.templates.restaurant import AFTER, RESTAURANT, text


def test_a_correction_says_sorry_and_withdraws_the_later_day() -> None:
    assert text("correction", "zh") == (
        "【某省市场监管局】更正：您的食品经营许可证（尾号2345）2026年10月20日到期。"
        "如需延续，建议最迟9月21日（含当日）在省政务服务网或发证机关申请。"
        "此前告知的日期偏晚，请勿参照，抱歉。"
        "提醒免费，咨询12345，拒收请回复R"
    )
    assert text("correction", "en") == (
        "PROV-AMR: Your food business licence (ending 2345) expires 20 Oct 2026. "
        "To renew, we advise applying by 21 Sep 2026 (inclusive) at the issuing "
        "office or online portal. Sorry, ignore the later date we sent. "
        "Free notice. Help 12345. Reply R to opt out."
    )


def test_a_late_holder_is_sent_to_the_office_before_expiry() -> None:
    assert text("contact-now", "zh") == (
        "【某省市场监管局】您的食品经营许可证（尾号2345）2026年10月20日到期，"
        "建议申请日已过。如需延续，到期前仍可申请，"
        "请尽快致电12345或到发证机关办理；到期后获批前须暂停经营。"
        "提醒免费，拒收请回复R"
    )
    assert text("contact-now", "en") == (
        "PROV-AMR: Your food business licence (ending 2345) expires 20 Oct 2026. "
        "The advised day is past; you may still renew before expiry: call 12345 or go "
        "to the issuing office now. If late, stop trading from expiry until approved. "
        "Free notice. Reply R to opt out."
    )


def test_the_holder_of_an_expired_permit_reads_that_it_can_still_be_renewed() -> None:
    assert text("renewal-overdue", "zh") == (
        "【某省市场监管局】您的食品经营许可证（尾号2345）已于2026年10月20日到期。"
        "如需延续，仍可办理，请尽快在省政务服务网或发证机关申请；"
        "到期后获批前须暂停经营。提醒免费，咨询12345，拒收请回复R"
    )
    assert text("renewal-overdue", "en") == (
        "PROV-AMR: Your food business licence (ending 2345) expired on 20 Oct 2026. "
        "You may still renew: apply now at the issuing office or online portal. "
        "If late, stop trading from expiry until approved. Free notice. "
        "Help 12345. Reply R to opt out."
    )


def test_an_overdue_text_names_the_day_until_which_it_holds() -> None:
    grace = date(2026, 12, 18)
    assert "仍可办理，建议最迟12月18日（含当日）在省政务服务网" in (
        text("renewal-overdue", "zh", grace_ends_on=grace)
    )
    assert "You may still renew: we advise applying by 18 Dec 2026 (inclusive) at" in (
        text("renewal-overdue", "en", grace_ends_on=grace)
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_correction_without_a_day_still_withdraws_the_later_one(
    language: Language,
) -> None:
    body = text("correction", language, provisional=True)
    withdrawn = {"zh": "此前告知的日期偏晚", "en": "ignore the later date we sent"}
    assert withdrawn[language] in body
    assert str(
        replace(RESTAURANT[language], provisional=True).template_values()["closes_on"]
    ) in (body)


@pytest.mark.parametrize("name", sorted(AFTER))
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_after_the_day_names_no_day_to_apply_by(
    name: str, language: Language
) -> None:
    day = RESTAURANT[language].template_values()["closes_on"]
    assert str(day) not in text(name, language)
