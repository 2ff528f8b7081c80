from service.domain.templates.trial_render import (
    TemplateContext,
    marker_for,
    render_marked,
)


def test_a_template_is_rendered_with_every_set_of_missing_facts() -> None:
    found = list(render_marked(lambda _: "", "en", {"tail"}, {"late", "opens_on"}))
    assert [sorted(one.present_facts) for one in found] == [
        [],
        ["late"],
        ["opens_on"],
        ["late", "opens_on"],
    ]
    assert all(
        one.present_facts | one.missing_facts == {"late", "opens_on"} for one in found
    )


def test_a_missing_fact_is_false_but_visible_if_rendered() -> None:
    def render(values: TemplateContext) -> str:
        return f"{'there' if values['late'] else 'missing'} {values['late']}"

    without, with_it = render_marked(render, "en", {"late"}, {"late"})
    assert without.text == f"missing {marker_for('late')}"
    assert without.mentions("late")
    assert with_it.text == f"there {marker_for('late')}"


def test_own_words_have_a_placeholder_for_each_fact() -> None:
    def render(values: TemplateContext) -> str:
        return f"no. {values['tail']}5"

    [one] = render_marked(render, "en", {"tail"}, ())
    assert one.own_words == "no. \ue0005"
    assert one.joined_words == "no. 5"
    assert not one.mentions("late")


def test_a_filtered_marker_is_still_recognised() -> None:
    [one] = render_marked(
        lambda values: str(values["tail"]).upper(), "en", {"tail"}, ()
    )
    assert one.mentions("tail")
