"""What the text of a template may hold, and that nothing else gets through."""

from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.adapters.templates.jinja import LONGEST_TEMPLATE, compile_template
from service.domain.errors import InvalidError
from service.domain.templates.trial_render import TemplateContext
from tests.depth import by_depth
from tests.templates.restaurant import RESTAURANT

NAME = "renewal-open"


def said(**changed: str | bool | None) -> TemplateContext:
    return {**RESTAURANT["en"].template_values(), **changed}


def refusals(text: str) -> list[str]:
    with pytest.raises(InvalidError) as caught:
        compile_template(NAME, "en", text)
    return [str(one) for one in caught.value.mistakes]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Until {{ tail }}, thanks", "Until 2345, thanks"),
        ("{{ action | capitalize }} it", "Renew it"),
        ("{{action|upper}}", "RENEW"),
        ("{# a note #}ok", "ok"),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ("{% if late %}{{ late }}{% else %}fine{% endif %}", "fine"),
        ("{% if not late and (opens_on or provisional) %}a{% endif %}b", "ab"),
        (
            "{% if late %}a{% elif provisional %}b{% elif opens_on %}c{% endif %}",
            "c",
        ),
        ("one\n{%- if late %} never {% endif %}\n two\n . ", "one two."),
    ],
)
def test_words_facts_and_conditions_make_a_text(text: str, told: str) -> None:
    page = compile_template(NAME, "en", text)
    assert (
        page.render(said(late=None, opens_on="1 May 2026", provisional=False)) == told
    )


def test_chinese_lines_are_joined_without_a_space() -> None:
    page = compile_template(NAME, "zh", "一\n 二{{ tail }}\n三")
    assert page.render(said(tail="9")) == "一二9三"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{% for x in tail %}{% endfor %}", "found for"),
        ("{% set x = 1 %}", "found assign"),
        ("{% set x %}{% endset %}", "found assignblock"),
        ("{% macro m() %}{% endmacro %}", "found macro"),
        ("{% call m() %}{% endcall %}", "found callblock"),
        ("{% filter upper %}a{% endfilter %}", "found filterblock"),
        ("{% with %}{% endwith %}", "found with"),
        ("{% block b %}{% endblock %}", "found block"),
        ("{% include 'a' %}", "found include"),
        ("{% import 'a' as a %}", "found import"),
        ("{% extends 'a' %}", "found extends"),
        ("{{ tail() }}", "found call"),
        ("{{ tail.a }}", "found getattr"),
        ("{{ tail[0] }}", "found getitem"),
        ("{{ tail[0:1] }}", "found getitem"),
        ("{{ tail + tail }}", "found add"),
        ("{{ tail * 9 }}", "found mul"),
        ("{{ tail ~ tail }}", "found concat"),
        ("{{ -tail }}", "found neg"),
        ("{{ tail == tail }}", "found compare"),
        ("{{ tail is none }}", "found test"),
        ("{{ tail if late }}", "found condexpr"),
        ("{{ not tail }}", "found not"),
        ("{{ (tail, tail) }}", "found tuple"),
        ("{{ [tail] }}", "found list"),
        ("{{ {} }}", "found dict"),
        ("{{ 'a' }}", "found const"),
        ("{{ none }}", "found const"),
        ("{% if true %}{% endif %}", "found const"),
        ("{% if late == '' %}{% endif %}", "found compare"),
        ("{% if late is defined %}{% endif %}", "found test"),
        ("{% if late | upper %}{% endif %}", "found filter"),
    ],
)
def test_a_construct_that_is_not_allowed_is_named(text: str, told: str) -> None:
    [only] = refusals(f"ok\n{text}")
    assert only == (
        f"text line 2: {told}, expected only words, {{{{ fact }}}}, "
        "{{ fact | filter }}, and {% if fact %} with and, or, not"
    )


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("{{ phone }}", "{{ phone }}", "one of action, addressee, apply_at"),
        ("{{ range }}", "{{ range }}", "one of action"),
        ("{{ provisional }}", "{{ provisional }}", "one of action"),
        ("{% if tail %}{% endif %}", "if tail", "one of grace_ends_on, late, opened"),
        ("{{ tail | shout }}", "| shout", "one of capitalize, lower, upper"),
        ("{{ tail | upper(1) }}", "| upper(…)", "| upper"),
        ("{{ tail | upper | attr('a') }}", "| attr", "one of capitalize"),
        ("{{ tail", "unexpected end of template", "a Jinja2 template"),
        ("{% nonsense %}", "Encountered unknown tag", "a Jinja2 template"),
        ("a\u200bb", "U+200B", "characters that are seen"),
        ("a\tb", "U+0009", "characters that are seen"),
        ("\ue000tail\ue001", "U+E000", "characters that are seen"),
        ("\ud800", "U+D800", "characters that are seen"),
    ],
)
def test_a_wrong_name_is_answered_with_the_known_names(
    text: str, found: str, expected: str
) -> None:
    told = refusals(f"ok\n{text}")[0]
    assert told.startswith(f"text line 2: found {found}")
    assert f"expected {expected}" in told


def test_every_mistake_is_named_with_its_line() -> None:
    text = "{{ phone }}\n{% if tail %}\n{{ holder }}{% endif %}\n{% set x = 1 %}"
    assert [one.partition(": ")[0] for one in refusals(text)] == [
        "text line 1",
        "text line 2",
        "text line 3",
        "text line 4",
    ]


def test_a_text_that_is_too_long_is_refused() -> None:
    assert (
        compile_template(NAME, "en", "a" * LONGEST_TEMPLATE).render(said())
        == "a" * LONGEST_TEMPLATE
    )
    assert refusals("a" * (LONGEST_TEMPLATE + 1)) == [
        (
            f"text: found {LONGEST_TEMPLATE + 1} characters, "
            f"expected at most {LONGEST_TEMPLATE}"
        )
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{% if late %}" * 9 + "{% endif %}" * 9,
        "{% if late %}" * 80 + "{% endif %}" * 80,
        "{% if " + "not " * 400 + "late %}{% endif %}",
        "{% if " + "(" * 900 + "late" + ")" * 900 + " %}{% endif %}",
        "{% if " + "late and " * 200 + "late %}{% endif %}",
        "{{ tail" + "|upper" * 300 + " }}",
        "{{ " + "[" * 900,
    ],
)
def test_a_text_that_nests_too_deep_is_refused(text: str) -> None:
    assert refusals(text)


PIECES = st.sampled_from(
    [
        *("{{ tail }}", "{{ late }}", "{{", "}}", "{%", "%}", "{% if late %}", "if"),
        *("{% endif %}", "{% else %}", "{% elif opens_on %}", "not", "and", "(", ")"),
        *("|upper", "|lower", " ", "\n", "a", "好", "'", '"', "\\", "{#", "#}", "0"),
        *("late", "tail", ".", "[", "]", "-", "for x in tail", "{% raw %}"),
    ]
)


@settings(max_examples=by_depth(quick=80, deep=400))
@given(st.lists(PIECES, max_size=30).map("".join))
@example("{% if late %}{{ late }}{% elif opens_on %}{{ opens_on }}{% endif %}")
def test_any_text_is_either_rendered_or_refused(text: str) -> None:
    try:
        page = compile_template(NAME, "en", text)
    except InvalidError:
        return
    for late, opens_on, sure in product(("x", None), ("y", None), (True, False)):
        told = page.render(said(late=late, opens_on=opens_on, provisional=not sure))
        assert "\n" not in told
