"""The office's own words: a text is tried, shown, and saved as the next version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.domain.errors import InvalidError, Mistake, UnknownError
from service.domain.law.rule import LANGUAGES, Language
from service.domain.lawbook.law import Law
from service.domain.messages.facts import FACT_NAMES
from service.domain.messages.segments import SmsSize, measure
from service.domain.templates.example import (
    ExamplePermit,
    make_any_example,
    make_example,
)
from service.domain.templates.requirements import (
    LongestRendering,
    find_mistakes,
    render_longest,
    requirements_of,
)
from service.domain.templates.trial_render import TemplateContext
from service.flow.permits.find import PermitView
from service.flow.ports import Clock, LawStore


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """A version of a template in one language; the shipped one is 0, by nobody."""

    name: str
    language: Language
    version: int
    text: str
    saved_at: datetime | None = None
    saved_by: str | None = None

    @property
    def display_name(self) -> str:
        """What it is called where something is said of it."""
        return f"{self.name} {self.language} version {self.version}"


class CompiledTemplate(Protocol):
    """A text that was read, ready to be given facts."""

    def render(self, values: TemplateContext) -> str:
        """One line of text."""


class ShippedTemplates(Protocol):
    """The shipped templates, and reading other texts of them."""

    def all_names(self) -> frozenset[str]:
        """The templates there are."""

    def shipped_text(self, template: str, language: Language) -> str:
        """The text of version 0; raises `UnknownError`."""

    def compile(self, template: str, language: Language, text: str) -> CompiledTemplate:
        """Make a page of a text; raises `UnknownError`, `InvalidError` for mistakes."""


class TemplateStore(Protocol):
    """The versions that an office saved."""

    async def saved_versions(self, name: str | None = None) -> list[TemplateVersion]:
        """Every version of one template, or of all, in the order of their numbers."""

    async def save(
        self,
        shipped: TemplateVersion,
        text: str,
        now: datetime,
        by: str,
        *,
        dry_run: bool,
    ) -> TemplateVersion:
        """Store a text as the next version in one transaction, and note who did.

        Every process words by it from its next claim. Raises `ConflictError` for the
        text that stands, which is the `shipped` one where no other was saved. A dry
        run takes everything back.
        """


@dataclass(frozen=True, slots=True)
class TemplateDeps:
    """What changing words needs; `authority` is the one meant where none is named."""

    law_store: LawStore
    store: TemplateStore
    shipped_templates: ShippedTemplates
    clock: Clock
    default_authority: str | None


@dataclass(frozen=True, slots=True)
class RenderedExample:
    """The text that the holder of a permit gets."""

    example: ExamplePermit
    text: str
    size: SmsSize


@dataclass(frozen=True, slots=True)
class TemplatePreview:
    """What a template says: to somebody, and at its longest; and what is wrong with it.

    `told` is None where there is no rule or office yet that would send it, and for what
    is never sent alone.
    """

    name: str
    language: Language
    rendered_example: RenderedExample | None
    longest: LongestRendering
    mistakes: Sequence[Mistake]

    def refuse_mistakes(self) -> None:
        """Raise `InvalidError` with all that is wrong."""
        if self.mistakes:
            raise InvalidError(f"{self.name} {self.language}", self.mistakes)


async def list_template_versions(
    deps: TemplateDeps, name: str | None = None
) -> list[TemplateVersion]:
    """List the versions of one template or all, by name, language and number.

    Raises `UnknownError`.
    """
    known = deps.shipped_templates.all_names()
    if name is not None and name not in known:
        raise UnknownError("template", name, [*known])
    names = sorted(known) if name is None else [name]
    shipped = [
        _shipped_version(one, language, deps) for one in names for language in LANGUAGES
    ]
    saved = [one for one in await deps.store.saved_versions(name) if one.name in known]
    order = {language: at for at, language in enumerate(LANGUAGES)}
    return sorted(
        [*shipped, *saved], key=lambda one: (one.name, order[one.language], one.version)
    )


async def find_template_version(
    name: str, language: Language, deps: TemplateDeps, version: int | None = None
) -> TemplateVersion:
    """Look up a version, by default the one used; raises `UnknownError`."""
    versions = [
        one
        for one in await list_template_versions(deps, name)
        if one.language == language
    ]
    for one in versions:
        if one.version == version:
            return one
    if version is None:
        return versions[-1]
    known = [str(one.version) for one in versions]
    raise UnknownError(f"version of {name} {language}", str(version), known)


async def preview_template(
    name: str,
    language: Language,
    text: str,
    deps: TemplateDeps,
    example: ExamplePermit | None = None,
) -> TemplatePreview:
    """Say what a text comes to, for a permit and at its longest.

    Without one that is to be `shown` a permit is made up. Raises `UnknownError` for an
    unknown template, and `InvalidError` for a text that nothing can be made of.
    """
    page = deps.shipped_templates.compile(name, language, normalize_text(text))
    law, today = await deps.law_store.current_law(), deps.clock.now().date()
    longest = render_longest(name, language, page.render, law)
    told = None
    if requirements_of(name).facts <= FACT_NAMES:
        meant = example or make_any_example(law, name, deps.default_authority, today)
        told = _render_example(page, language, meant) if meant else None
    wrong = find_mistakes(name, language, page.render, longest)
    return TemplatePreview(name, language, told, longest, wrong)


def example_of(law: Law, permit: PermitView) -> ExamplePermit:
    """A registered permit, as its holder would be told of it."""
    return make_example(
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
    to: TemplateDeps,
    shown: ExamplePermit | None = None,
    *,
    by: str,
    dry_run: bool = False,
) -> tuple[TemplateVersion, TemplatePreview]:
    """Save a text as the next version; what it comes to, for an example or in general.

    Going back is saving an old text again. Raises `InvalidError` with all that is
    wrong, `ConflictError` for the text that stands, and what `preview` raises.
    """
    seen = await preview_template(name, language, text, to, shown)
    seen.refuse_mistakes()
    shipped, now = _shipped_version(name, language, to), to.clock.now()
    made = await to.store.save(shipped, normalize_text(text), now, by, dry_run=dry_run)
    return made, seen


def normalize_text(text: str) -> str:
    """Say the same text in one form: plain line ends, none around it."""
    return text.replace("\r\n", "\n").strip("\n ")


def _shipped_version(
    name: str, language: Language, deps: TemplateDeps
) -> TemplateVersion:
    return TemplateVersion(
        name,
        language,
        0,
        normalize_text(deps.shipped_templates.shipped_text(name, language)),
    )


def _render_example(
    page: CompiledTemplate, language: Language, example: ExamplePermit
) -> RenderedExample:
    text = page.render(example.gather_facts(language).template_values())
    return RenderedExample(example, text, measure(text))
