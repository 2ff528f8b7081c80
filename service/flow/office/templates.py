"""The office's own words: a text is tried, shown, and saved as the next version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.domain.errors import InvalidError, Mistake, UnknownError
from service.domain.formats.authority_file import LANGUAGES
from service.domain.law.rule import Language
from service.domain.lawbook.law import Law
from service.domain.messages.facts import FACTS
from service.domain.messages.segments import Size, measure
from service.domain.templates.example import Example, any_example, example
from service.domain.templates.requirements import Longest, at_longest, demands, mistakes
from service.domain.templates.trial_render import Said
from service.flow.ports import Clock, LawStore
from service.flow.rows import ShownPermit


@dataclass(frozen=True, slots=True)
class Wording:
    """A version of a template in one language; the shipped one is 0, by nobody."""

    name: str
    language: Language
    version: int
    text: str
    saved_at: datetime | None = None
    saved_by: str | None = None

    @property
    def where(self) -> str:
        """What it is called where something is said of it."""
        return f"{self.name} {self.language} version {self.version}"


class Page(Protocol):
    """A text that was read, ready to be given facts."""

    def say(self, said: Said) -> str:
        """One line of text."""


class Pages(Protocol):
    """The shipped templates, and reading other texts of them."""

    def known(self) -> frozenset[str]:
        """The templates there are."""

    def shipped(self, template: str, language: Language) -> str:
        """The text of version 0; raises `UnknownError`."""

    def read(self, template: str, language: Language, text: str) -> Page:
        """Make a page of a text; raises `UnknownError`, `InvalidError` for mistakes."""


class TemplateStore(Protocol):
    """The versions that an office saved."""

    async def saved(self, name: str | None = None) -> list[Wording]:
        """Every version of one template, or of all, in the order of their numbers."""

    async def save(
        self, shipped: Wording, text: str, now: datetime, by: str, *, dry_run: bool
    ) -> Wording:
        """Store a text as the next version in one transaction, and note who did.

        Every process words by it from its next claim. Raises `ConflictError` for the
        text that stands, which is the `shipped` one where no other was saved. A dry
        run takes everything back.
        """


@dataclass(frozen=True, slots=True)
class Rewording:
    """What changing words needs; `authority` is the one meant where none is named."""

    laws: LawStore
    store: TemplateStore
    pages: Pages
    clock: Clock
    authority: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """The text that the holder of a permit gets."""

    example: Example
    text: str
    size: Size


@dataclass(frozen=True, slots=True)
class Preview:
    """What a template says: to somebody, and at its longest; and what is wrong with it.

    `told` is None where there is no rule or office yet that would send it, and for what
    is never sent alone.
    """

    name: str
    language: Language
    told: Told | None
    longest: Longest
    mistakes: Sequence[Mistake]

    def refuse_mistakes(self) -> None:
        """Raise `InvalidError` with all that is wrong."""
        if self.mistakes:
            raise InvalidError(f"{self.name} {self.language}", self.mistakes)


async def wordings(to: Rewording, name: str | None = None) -> list[Wording]:
    """List the versions of one template or all, by name, language and number.

    Raises `UnknownError`.
    """
    known = to.pages.known()
    if name is not None and name not in known:
        raise UnknownError("template", name, [*known])
    names = sorted(known) if name is None else [name]
    shipped = [_shipped(one, language, to) for one in names for language in LANGUAGES]
    saved = [one for one in await to.store.saved(name) if one.name in known]
    order = {language: at for at, language in enumerate(LANGUAGES)}
    return sorted(
        [*shipped, *saved], key=lambda one: (one.name, order[one.language], one.version)
    )


async def wording(
    name: str, language: Language, to: Rewording, version: int | None = None
) -> Wording:
    """Look up a version, by default the one used; raises `UnknownError`."""
    versions = [one for one in await wordings(to, name) if one.language == language]
    for one in versions:
        if one.version == version:
            return one
    if version is None:
        return versions[-1]
    known = [str(one.version) for one in versions]
    raise UnknownError(f"version of {name} {language}", str(version), known)


async def preview(
    name: str,
    language: Language,
    text: str,
    to: Rewording,
    shown: Example | None = None,
) -> Preview:
    """Say what a text comes to, for a permit and at its longest.

    Without one that is to be `shown` a permit is made up. Raises `UnknownError` for an
    unknown template, and `InvalidError` for a text that nothing can be made of.
    """
    page = to.pages.read(name, language, tidy(text))
    law, today = await to.laws.law(), to.clock.now().date()
    longest = at_longest(name, language, page.say, law)
    told = None
    if demands(name).facts <= FACTS:
        meant = shown or any_example(law, name, to.authority, today)
        told = _told(page, language, meant) if meant else None
    wrong = mistakes(name, language, page.say, longest)
    return Preview(name, language, told, longest, wrong)


def example_of(law: Law, permit: ShownPermit) -> Example:
    """A registered permit, as its holder would be told of it."""
    return example(
        law,
        permit.rule,
        permit.authority,
        permit.expires_on,
        version=permit.version,
        number=permit.number,
    )


async def save(
    name: str,
    language: Language,
    text: str,
    to: Rewording,
    shown: Example | None = None,
    *,
    by: str,
    dry_run: bool = False,
) -> tuple[Wording, Preview]:
    """Save a text as the next version; what it comes to, for an example or in general.

    Going back is saving an old text again. Raises `InvalidError` with all that is
    wrong, `ConflictError` for the text that stands, and what `preview` raises.
    """
    seen = await preview(name, language, text, to, shown)
    seen.refuse_mistakes()
    shipped, now = _shipped(name, language, to), to.clock.now()
    made = await to.store.save(shipped, tidy(text), now, by, dry_run=dry_run)
    return made, seen


def tidy(text: str) -> str:
    """Say the same text in one form: plain line ends, none around it."""
    return text.replace("\r\n", "\n").strip("\n ")


def _shipped(name: str, language: Language, to: Rewording) -> Wording:
    return Wording(name, language, 0, tidy(to.pages.shipped(name, language)))


def _told(page: Page, language: Language, meant: Example) -> Told:
    text = page.say(meant.facts(language).said())
    return Told(meant, text, measure(text))
