"""An office's own templates: preview a text, and save it as the next version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.domain.errors import InvalidError, Mistake, UnknownError
from service.domain.law.rule import LANGUAGES, Language
from service.domain.lawbook.law import Law
from service.domain.messages.facts import FACT_NAMES, render_briefly
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
from service.flow.ports import Clock, LawStore, RevisionCheck


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """A version of a template in one language; the shipped one is version 0."""

    name: str
    language: Language
    version: int
    text: str
    saved_at: datetime | None = None
    saved_by: str | None = None

    @property
    def display_name(self) -> str:
        """The name for errors and lists: "renewal-open zh version 2"."""
        return f"{self.name} {self.language} version {self.version}"


class CompiledTemplate(Protocol):
    """A template that is ready to be rendered."""

    def render(self, values: TemplateContext) -> str:
        """Render the text, which is one line."""


class ShippedTemplates(Protocol):
    """The shipped templates, and a compiler for other texts."""

    def all_names(self) -> frozenset[str]:
        """The names of all templates."""

    def shipped_text(self, template: str, language: Language) -> str:
        """The text of version 0; raises `UnknownError`."""

    def compile(self, template: str, language: Language, text: str) -> CompiledTemplate:
        """Compile a text; raises `UnknownError`, and `InvalidError` for mistakes."""


class TemplateStore(Protocol):
    """Stores the versions that an office saved."""

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
        check: RevisionCheck | None = None,
    ) -> TemplateVersion:
        """Store a text as the next version, with its author `by`, in one transaction.

        Every process uses it from its next claim on. Raises `ConflictError` if the text
        equals the version in use, which is `shipped` if no other was saved. A dry run
        rolls everything back.
        """


@dataclass(frozen=True, slots=True)
class TemplateDeps:
    """The ports of template changes; examples are of `default_authority`, if set."""

    law_store: LawStore
    store: TemplateStore
    shipped_templates: ShippedTemplates
    clock: Clock
    default_authority: str | None


@dataclass(frozen=True, slots=True)
class RenderedExample:
    """The text about an example permit, and its size."""

    example: ExamplePermit
    text: str
    size: SmsSize


@dataclass(frozen=True, slots=True)
class TemplatePreview:
    """A template's text for an example permit, its longest text, and its mistakes.

    `rendered_example` is None if no installed rule and office would send the template,
    or if it is never sent alone.
    """

    name: str
    language: Language
    rendered_example: RenderedExample | None
    longest: LongestRendering
    mistakes: Sequence[Mistake]

    def refuse_mistakes(self) -> None:
        """Raise `InvalidError` with all mistakes, if there are any."""
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
    """Look up a version, by default the one in use; raises `UnknownError`."""
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
    """Render a text for a permit and with the longest values, and check it.

    Without an `example` permit one is made up. Raises `UnknownError` for an unknown
    template, and `InvalidError` for a text that cannot be compiled.
    """
    template = deps.shipped_templates.compile(name, language, normalize_text(text))
    law, today = await deps.law_store.current_law(), deps.clock.now().date()
    longest = render_longest(name, language, template.render, law)
    rendered = None
    if requirements_of(name).facts <= FACT_NAMES:
        permit = example or make_any_example(law, name, deps.default_authority, today)
        rendered = _render_example(name, template, language, permit) if permit else None
    mistakes = find_mistakes(name, language, template.render, longest)
    return TemplatePreview(name, language, rendered, longest, mistakes)


def example_of(law: Law, permit: PermitView) -> ExamplePermit:
    """Make the example of a registered permit, with its version and number."""
    return make_example(
        law,
        permit.rule,
        permit.authority,
        permit.expiry(),
        version=permit.version,
        number=permit.number,
    )


async def save_template_version(
    name: str,
    language: Language,
    text: str,
    deps: TemplateDeps,
    example: ExamplePermit | None = None,
    *,
    by: str,
    dry_run: bool = False,
    check: RevisionCheck | None = None,
) -> tuple[TemplateVersion, TemplatePreview]:
    """Save a text as the next version, and return both the version and its preview.

    To restore an old version, save its text again. Raises `InvalidError` with all
    mistakes, `ConflictError` for the text in use, and what `preview_template` raises.
    """
    preview = await preview_template(name, language, text, deps, example)
    preview.refuse_mistakes()
    shipped, now = _shipped_version(name, language, deps), deps.clock.now()
    version = await deps.store.save(
        shipped, normalize_text(text), now, by, dry_run=dry_run, check=check
    )
    return version, preview


def normalize_text(text: str) -> str:
    """Use plain line ends, and remove white space around the text."""
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
    name: str, template: CompiledTemplate, language: Language, example: ExamplePermit
) -> RenderedExample:
    facts = example.gather_facts(language, name)
    text = render_briefly(lambda one: template.render(one.template_values()), facts)
    return RenderedExample(example, text, measure(text))
