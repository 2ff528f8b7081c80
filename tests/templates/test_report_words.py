import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.law.rule import BilingualText, Language
from service.domain.reminders.reasons import BEFORE_START, REASONS_IN_WORDS
from service.domain.reports.period import parse_iso_week, period_between
from service.domain.reports.tally import Tally, TypeRow
from service.domain.reports.weekly import ReportFigures, build_report

WORDS = JinjaTemplateLibrary(Path(__file__).parents[2] / "templates")
ZONE = ZoneInfo("Asia/Shanghai")
QUIET = ReportFigures(
    period=parse_iso_week("2024-W05", ZONE),
    as_of=datetime(2024, 2, 5, 1, tzinfo=UTC),
    authority=BilingualText("某省市场监督管理局", "Province market regulator"),
    lines=(),
    not_reminded={},
)
BUSY = replace(
    QUIET,
    lines=(
        TypeRow(
            rule="xx-food",
            name=BilingualText("食品生产许可", "Food production"),
            this=Tally(reminded=287, messages=278, segments=560),
            previous=Tally(messages=241),
            year=Tally(reminded=857, messages=830),
            total=Tally(messages=830, delivered=797, failed=24),
        ),
    ),
    not_reminded={"opted out": 3, "renewal filed": 5, "no mobile number": 6},
    permits_reminded=857,
    filed_after_reminding=312,
    forecast=263,
)


def headline(figures: ReportFigures, language: Language) -> str:
    return WORDS.render_report(build_report(figures), language)


def with_messages(this: int, previous: int) -> ReportFigures:
    (line,) = BUSY.lines
    changed = replace(
        line, this=Tally(messages=this), previous=Tally(messages=previous)
    )
    return replace(BUSY, lines=(changed,))


def test_the_chinese_headline_follows_the_form_of_the_bulletin() -> None:
    assert headline(BUSY, "zh") == (
        "本周，应提醒许可证301件，实际提醒287件（占比95.35%），发送短信278条，"
        "较上周增加37条、增长15.35%；未提醒14件，其中无有效手机号6件、"
        "已提交延续申请5件、持证人停收3件。今年以来，累计提醒857件次、发送830条。"
        "截至目前，服务已覆盖1类许可事项；累计发送的短信中，已送达797条，"
        "送达率96.02%，未送达24条、待回执9条，未送达的请窗口人工联系。"
        "已提醒的857件许可证中，有312件在提醒后提交申请，占比36.41%。"
        "下周（2月5日—2月11日）预计提醒263件。"
    )


def test_the_english_headline_says_the_same() -> None:
    assert headline(BUSY, "en") == (
        "This week, of 301 reminders due, 287 were sent (95.35%) in 278 messages, "
        "37 more than last week (up 15.35%); 14 were not: no mobile number 6, "
        "renewal filed 5, opted out 3. Since 1 January, 857 reminders in 830 "
        "messages. The service has texted for 1 permit type; of all messages since "
        "the start, 797 were delivered (96.02%), 24 failed and need a call by the "
        "office, 9 await a receipt. Of 857 permits reminded of, 312 were then "
        "applied for (36.41%). Next week (5 Feb to 11 Feb), 263 reminders are "
        "expected."
    )


def test_clauses_without_figures_are_left_out() -> None:
    assert headline(QUIET, "zh") == (
        "本周，应提醒许可证0件，实际提醒0件，发送短信0条，与上周持平。"
        "今年以来，累计提醒0件次、发送0条。"
    )
    assert headline(QUIET, "en") == (
        "This week, of 0 reminders due, 0 were sent in 0 messages, as many as last "
        "week. Since 1 January, 0 reminders in 0 messages."
    )


def test_a_first_issue_compares_with_nothing() -> None:
    assert "发送短信278条（首期，无可比数据）；未提醒" in (
        headline(replace(BUSY, first_issue=True), "zh")
    )
    assert "278 messages (first issue, nothing to compare with); 14" in (
        headline(replace(BUSY, first_issue=True), "en")
    )


def test_fewer_messages_are_called_fewer() -> None:
    assert "较上周减少37条、下降13.31%；" in headline(with_messages(241, 278), "zh")
    assert "37 fewer than last week (down 13.31%)" in (
        headline(with_messages(241, 278), "en")
    )


def test_growth_from_nothing_has_no_rate() -> None:
    assert "较上周增加5条；" in headline(with_messages(5, 0), "zh")
    assert "5 more than last week; 14" in headline(with_messages(5, 0), "en")


def test_a_range_of_dates_is_called_a_period() -> None:
    ten_days = period_between(date(2024, 2, 1), date(2024, 2, 10), ZONE)
    figures = replace(BUSY, period=ten_days)
    assert headline(figures, "zh").startswith("本期，")
    assert "下期（2月11日—2月20日）" in headline(figures, "zh")
    assert "more than last period" in headline(figures, "en")


def test_counts_from_the_sandbox_are_called_simulated() -> None:
    figures = replace(BUSY, simulated=True)
    assert headline(figures, "zh").startswith("（模拟数据：以下短信均发往沙箱")
    assert headline(figures, "en").startswith("(Simulated: every message went to")
    title = WORDS.render_report(build_report(figures), "zh", "title")
    assert title.endswith("【模拟数据】")


@pytest.mark.parametrize(
    "reason", [*REASONS_IN_WORDS.keys() - {BEFORE_START}, "refused"]
)
def test_every_reason_of_the_ledger_has_words_in_chinese(reason: str) -> None:
    text = headline(replace(BUSY, not_reminded={reason: 1}), "zh")
    [words] = re.findall("未提醒1件，其中(.*?)1件", text)
    assert not re.search("[a-z]", words)


def test_a_reason_without_words_is_shown_as_it_is_stored() -> None:
    figures = replace(BUSY, not_reminded={"carrier on strike": 2})
    assert "其中carrier on strike2件" in headline(figures, "zh")


def test_waiting_reminders_are_counted_separately() -> None:
    assert "；另有4件待发送。" in headline(replace(BUSY, waiting=4), "zh")
    assert "; 4 are still waiting." in headline(replace(BUSY, waiting=4), "en")


def test_notes_say_what_is_counted_and_what_came_before_the_start() -> None:
    notes = WORDS.render_report(
        build_report(replace(BUSY, before_start=7)), "zh", "notes"
    )
    assert notes.startswith("注：\n1.“件”为一件许可证的一次提醒")
    assert "计费条数为560条" in notes
    assert "5.服务启用前提醒时点已过的7件" in notes
    assert "5." not in WORDS.render_report(build_report(BUSY), "zh", "notes")
    assert "5. 7 reminders whose day" in (
        WORDS.render_report(build_report(replace(BUSY, before_start=7)), "en", "notes")
    )
