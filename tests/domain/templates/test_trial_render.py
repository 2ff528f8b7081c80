from service.domain.templates.trial_render import Said, mark, marked


def test_a_template_meets_every_set_of_facts_that_may_be_missing() -> None:
    found = list(marked(lambda _: "", "en", {"tail"}, {"late", "opens_on"}))
    assert [sorted(one.given) for one in found] == [
        [],
        ["late"],
        ["opens_on"],
        ["late", "opens_on"],
    ]
    assert all(one.given | one.missing == {"late", "opens_on"} for one in found)


def test_a_missing_fact_is_untrue_and_yet_seen_where_it_is_said() -> None:
    def render(said: Said) -> str:
        return f"{'there' if said['late'] else 'missing'} {said['late']}"

    without, with_it = marked(render, "en", {"late"}, {"late"})
    assert without.text == f"missing {mark('late')}"
    assert without.names("late")
    assert with_it.text == f"there {mark('late')}"


def test_own_words_have_a_hole_where_a_fact_is() -> None:
    def render(said: Said) -> str:
        return f"no. {said['tail']}5"

    [one] = marked(render, "en", {"tail"}, ())
    assert one.own == "no. \ue0005"
    assert one.bare == "no. 5"
    assert not one.names("late")


def test_what_filters_make_of_a_mark_is_still_the_mark() -> None:
    [one] = marked(lambda said: str(said["tail"]).upper(), "en", {"tail"}, ())
    assert one.names("tail")
