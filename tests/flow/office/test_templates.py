"""An office's own templates: saved, used from the next claim on, checked before."""

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import date

import pytest

from service.adapters.store.office.templates import SqlTemplateStore
from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.errors import (
    ConflictError,
    InvalidError,
    SetUpError,
    UnknownError,
)
from service.domain.law.rule import Language
from service.domain.templates.example import make_example
from service.flow.office.templates import (
    TemplateDeps,
    TemplateVersion,
    find_template_version,
    list_template_versions,
    normalize_text,
    preview_template,
    save_template_version,
)
from service.settings import shipped_folder
from tests.flow.ledger import (
    FOOD,
    LAST_CALL,
    OFFICE,
    PHONE_1,
    PREPARE,
    Ledger,
    permit,
)

NAME = "renewal-prepare"
LAST = "renewal-last-call"


@dataclass
class Office:
    """A ledger whose texts use the templates that its office saved."""

    ledger: Ledger
    to: TemplateDeps

    async def save(
        self, after: str, before: str = "如需", language: Language = "zh"
    ) -> TemplateVersion:
        """Save the shipped first text with some words replaced."""
        text = self.to.shipped_templates.shipped_text(NAME, language).replace(
            before, after
        )
        made, _ = await save_template_version(NAME, language, text, self.to, by="li")
        return made

    def bodies(self) -> list[str]:
        """The texts POSTed so far."""
        return [one.body for one in self.ledger.provider.posted]


@pytest.fixture
async def office(ledger: Ledger) -> Office:
    store = SqlTemplateStore(ledger.database)
    words = JinjaTemplateLibrary(shipped_folder("templates"), store)
    worded = replace(ledger, sending=replace(ledger.sending, templates=words))
    to = TemplateDeps(ledger.office, store, words, ledger.clock, OFFICE)
    return Office(worded, to)


async def test_a_text_is_saved_as_the_next_version_and_noted(office: Office) -> None:
    made = [await office.save("要"), await office.save("想"), await office.save("要")]
    assert [(one.version, one.saved_by) for one in made] == [
        (1, "li"),
        (2, "li"),
        (3, "li"),
    ]
    known = await list_template_versions(office.to, NAME)
    assert [(one.language, one.version) for one in known] == [
        ("zh", 0),
        ("zh", 1),
        ("zh", 2),
        ("zh", 3),
        ("en", 0),
    ]
    assert (await find_template_version(NAME, "zh", office.to)).text == made[0].text
    assert await find_template_version(NAME, "zh", office.to, 2) == made[1]
    noted = office.ledger.rows(
        "SELECT * FROM actions WHERE what = 'templates save' ORDER BY id"
    )
    assert json.loads(noted[0]["detail"]) == {
        "name": NAME,
        "language": "zh",
        "version": 1,
    }
    assert {one["by"] for one in noted} == {"li"}


async def test_two_who_save_at_once_get_two_versions(office: Office) -> None:
    made = await asyncio.gather(*(office.save(word) for word in ("要", "想", "需")))
    assert sorted(one.version for one in made) == [1, 2, 3]
    newest = await find_template_version(NAME, "zh", office.to)
    assert newest == next(one for one in made if one.version == 3)


async def test_the_two_languages_have_versions_of_their_own(office: Office) -> None:
    await office.save("要")
    made = await office.save("For", before="To", language="en")
    assert made.version == 1
    assert (await find_template_version(NAME, "zh", office.to)).version == 1


@pytest.mark.parametrize("ends", ["", "\n", "\r\n", "\n\n  \n"])
async def test_the_text_in_use_is_not_saved_again(office: Office, ends: str) -> None:
    text = normalize_text(office.to.shipped_templates.shipped_text(NAME, "zh"))
    with pytest.raises(ConflictError, match="renewal-prepare zh version 0 says that"):
        await save_template_version(NAME, "zh", text + ends, office.to, by="li")
    made = await office.save("要")
    with pytest.raises(ConflictError, match="version 1 says that"):
        await save_template_version(
            NAME, "zh", made.text.replace("\n", "\r\n") + ends, office.to, by="li"
        )


async def test_going_back_is_saving_an_old_text_again(office: Office) -> None:
    await office.save("要")
    text = (await find_template_version(NAME, "zh", office.to, 0)).text
    made, _ = await save_template_version(NAME, "zh", text, office.to, by="wang")
    assert (made.version, made.text) == (2, text)


async def test_a_dry_run_gives_the_version_number_and_stores_nothing(
    office: Office,
) -> None:
    text = office.to.shipped_templates.shipped_text(NAME, "zh").replace("如需", "要")
    made, seen = await save_template_version(
        NAME, "zh", text, office.to, by="li", dry_run=True
    )
    assert made.version == 1
    assert seen.rendered_example
    assert office.ledger.rows("SELECT * FROM templates") == []
    assert office.ledger.rows("SELECT * FROM actions WHERE what LIKE 'templ%'") == []


async def test_a_text_with_mistakes_is_not_saved(office: Office) -> None:
    with pytest.raises(InvalidError) as caught:
        await office.save("截止缴费", before="提醒免费")
    assert [one.found for one in caught.value.mistakes] == [
        "no '免费'",
        "'截止'",
        "'缴费'",
    ]
    with pytest.raises(InvalidError, match="text line 2: found getattr"):
        await office.save("{{ tail.x }}")
    with pytest.raises(UnknownError, match="unknown template 'hello'"):
        await save_template_version("hello", "zh", "x", office.to, by="li")
    assert office.ledger.rows("SELECT * FROM templates") == []


async def test_a_saved_text_is_used_from_the_next_pass_on(office: Office) -> None:
    ledger = office.ledger
    await ledger.register(permit(), permit("SC-0002", phones=("+12125550102",)))
    await ledger.expand(PREPARE)
    assert await ledger.send() == 2
    assert all("如需延续请备材料" in body for body in office.bodies())
    made = await office.save("需要")
    await ledger.register(permit("SC-0003", phones=("+12125550103",)))
    assert await ledger.send_at(PREPARE) == 1
    assert "需要延续请备材料" in office.bodies()[-1]
    law = await ledger.office.current_law()
    words = await ledger.sending.templates.current(law.digest)
    assert words.version_of(NAME, "zh") == made.version == 1
    used = ledger.rows("SELECT template_version FROM messages ORDER BY id")
    assert [one["template_version"] for one in used] == [0, 0, 1]
    assert words.version_of(NAME, "en") == 0
    assert await ledger.audit() == []


async def test_a_digest_uses_the_saved_digest_templates(office: Office) -> None:
    ledger, to = office.ledger, office.to
    text = to.shipped_templates.shipped_text("digest", "zh").replace(
        "将到期", "快到期了"
    )
    made, seen = await save_template_version("digest", "zh", text, to, by="li")
    assert seen.rendered_example is None
    await ledger.register(permit(), permit("SC-0002", phones=(PHONE_1,)))
    assert await ledger.send_at(PREPARE) == 1
    [body] = office.bodies()
    assert "2件证照快到期了" in body
    assert ledger.message()["template_version"] == made.version == 1


async def test_texts_going_out_while_one_is_saved_are_worded_again(
    office: Office,
) -> None:
    ledger = office.ledger
    await ledger.register(permit())
    await ledger.expand(PREPARE)

    class Late(JinjaTemplateLibrary):
        """Templates: after they are read once, another version is saved."""

        saved = False

        async def current(self, law_digest: str) -> JinjaTemplateLibrary:
            found = await super().current(law_digest)
            if not self.saved:
                self.saved = True
                await office.save("需要")
            return found

    words = Late(shipped_folder("templates"), SqlTemplateStore(ledger.database))
    late = replace(ledger, sending=replace(ledger.sending, templates=words))
    assert await late.send() == 1
    [body] = office.bodies()
    assert "需要延续请备材料" in body


async def test_templates_are_read_again_only_if_the_digest_changed(
    office: Office,
) -> None:
    asked = list[str]()

    class Counting(SqlTemplateStore):
        async def used_versions(self) -> tuple[str, list[TemplateVersion]]:
            stamp, found = await super().used_versions()
            asked.append(stamp)
            return stamp, found

    words = JinjaTemplateLibrary(
        shipped_folder("templates"), Counting(office.ledger.database)
    )
    for _ in range(3):
        await words.current((await office.ledger.office.current_law()).digest)
    assert len(asked) == 1
    await office.save("需要")
    for _ in range(3):
        await words.current((await office.ledger.office.current_law()).digest)
    assert len(asked) == len(set(asked)) == 2


async def test_a_wording_that_no_release_can_use_is_named(office: Office) -> None:
    await office.save("需要")
    office.ledger.tamper("UPDATE templates SET text = '{{ phone }}'")
    with pytest.raises(SetUpError, match=r"renewal-prepare zh version 1 line 1.*save"):
        await office.ledger.sending.templates.current("another digest")
    assert (await office.save("要")).version == 2
    words = await office.ledger.sending.templates.current("a third")
    assert words.version_of(NAME, "zh") == 2


async def test_a_preview_is_the_text_that_is_sent(office: Office) -> None:
    ledger = office.ledger
    await ledger.register(permit())
    await ledger.send_at(LAST_CALL)
    law = await ledger.office.current_law()
    someone = make_example(law, FOOD, OFFICE, date(2024, 12, 31), number="SC-0001")
    text = office.to.shipped_templates.shipped_text(LAST, "zh")
    seen = await preview_template(LAST, "zh", text, office.to, someone)
    assert seen.rendered_example
    assert [seen.rendered_example.text] == office.bodies()
    assert seen.rendered_example.size.segments == 2
    assert seen.longest.size.units >= seen.rendered_example.size.units
    assert seen.mistakes == []


async def test_without_a_chosen_permit_one_is_made_up(office: Office) -> None:
    text = office.to.shipped_templates.shipped_text(LAST, "zh")
    seen = await preview_template(LAST, "zh", text, office.to)
    assert seen.rendered_example
    assert seen.rendered_example.example.office.code == OFFICE
    assert seen.rendered_example.example.window.expires_on == date(2025, 2, 28)
    assert seen.rendered_example.example.number == "1234"
    overdue = office.to.shipped_templates.shipped_text("renewal-overdue", "zh")
    nobody = await preview_template("renewal-overdue", "zh", overdue, office.to)
    assert nobody.rendered_example is None
    assert nobody.longest.values_from == "the longest certificate and number"
