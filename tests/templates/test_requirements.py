"""The checks of saved templates, applied to the shipped ones and to spoilt ones."""

import pytest

from service.adapters.templates.names import LANGUAGES
from service.domain.law.rule import Language
from service.domain.templates.requirements import (
    REQUIREMENTS,
    find_mistakes,
    render_longest,
)
from tests.schedules.catalogue import LAW, WORDS


def wrong(name: str, language: Language, text: str) -> list[str]:
    page = WORDS.compile(name, language, text)
    most = render_longest(name, language, page.render, LAW)
    return [str(one) for one in find_mistakes(name, language, page.render, most)]


def test_every_shipped_template_is_in_the_table() -> None:
    assert WORDS.all_names() == REQUIREMENTS.keys()


@pytest.mark.parametrize("name", sorted(WORDS.all_names()))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_template_fulfils_the_requirements(
    name: str, language: Language
) -> None:
    assert wrong(name, language, WORDS.shipped_text(name, language)) == []


@pytest.mark.parametrize(
    ("name", "language", "before", "after", "mistake"),
    [
        (
            "renewal-last-call",
            "zh",
            "（含当日）",
            "",
            "found the day in other words if not provisional, expected 建议最迟",
        ),
        (
            "renewal-last-call",
            "zh",
            "建议不晚于{{ closes_on }}在{{ apply_at }}",
            "建议不晚于{{ closes_on }}",
            "found no {{ apply_at }} if provisional, expected {{ apply_at }}: where",
        ),
        (
            "renewal-last-call",
            "en",
            "{% else %}If applied",
            "{% else %}{{ late }}. If applied",
            "found {{ late }} if not late, expected it only inside {% if late %}",
        ),
        ("renewal-last-call", "zh", "提醒免费，", "", "found no '免费', expected that"),
        ("renewal-open", "zh", "咨询", "到期前截止，咨询", "found '截止', expected"),
        ("renewal-open", "en", "Free", "Deadline near. Free", "found 'Deadline'"),
        ("renewal-open", "en", "Help", "See a.gov. Help", "found 'a.gov'"),
        ("renewal-open", "en", "{{ signature }}:", "【{{ signature }}】", "【 】"),
        ("digest", "zh", "：{{ items }}", "", "found no {{ items }}, expected"),
        ("digest", "zh", "提醒免费", "提醒", "found no '免费', expected"),
        ("digest", "zh", "如需", "如需" * 31, "3 segments, "),
        ("digest", "en", "we advise applying", "apply", "found no 'advise'"),
        (
            "digest",
            "en",
            "{% if late %}{{ late }}.{% else %}If applied, ignore.{% endif %}",
            "{{ late }}.",
            "found {{ late }} if not late, expected it only inside {% if late %}",
        ),
        ("digest-item", "en", "ending {{ tails }}", "one", "found no {{ tails }}"),
        ("digest-item", "en", " (inclusive)", "", "found the day in other words"),
        ("digest-item", "zh", "不晚于{{ closes_on }}", "近了", "no {{ closes_on }} if"),
        ("contact-now", "zh", "已过", "{{ closes_on }}已过", "found {{ closes_on }}"),
        ("correction", "en", "Sorry,", "Apply soon. Sorry,", "found 'soon'"),
        ("renewal-prepare", "zh", "请备材料", "请尽早备材料", "found '尽早'"),
        ("renewal-prepare", "en", "prepare", "pay the fee, prepare", "found 'pay'"),
        (
            "renewal-prepare",
            "zh",
            "已申请请忽略。",
            "已申请的，请忽略本短信。",
            "found 3 segments, 139 units of UCS-2 for the longest certificate",
        ),
    ],
)
def test_a_spoilt_text_is_refused_with_its_mistake(
    name: str, language: Language, before: str, after: str, mistake: str
) -> None:
    text = WORDS.shipped_text(name, language)
    assert before in text
    found = wrong(name, language, text.replace(before, after))
    assert any(mistake in one for one in found), found


def test_all_mistakes_are_reported_at_once_each_once() -> None:
    found = wrong("contact-now", "en", "Pay before the deadline: {{ late }} don’t")
    assert len(found) == len(set(found)) == 11
    assert found[0] == (
        "text: found another opening, expected {{ signature }} at the very beginning"
    )


def test_an_english_text_that_is_ucs_2_says_what_forces_it() -> None:
    text = WORDS.shipped_text("renewal-open", "en").replace("not later", "‘not later’")
    found = wrong("renewal-open", "en", text)
    assert found[0] == (
        "text: found ‘ ’ if provisional, expected characters of GSM-7: "
        "each of these forces UCS-2"
    )
    assert "units of UCS-2, forced by ‘ ’ for" in found[1]


def test_a_longer_office_makes_a_text_too_long_and_is_named() -> None:
    text = WORDS.shipped_text("renewal-prepare", "zh").replace("材料", "好材料")
    [mistake] = wrong("renewal-prepare", "zh", text)
    assert "3 segments, 135 units of UCS-2 for the longest certificate" in mistake
