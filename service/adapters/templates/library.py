"""The templates of SMS and reports, from files and from the office's own versions."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from service.adapters.templates.jinja import (
    JinjaTemplate,
    compile_template,
    join_lines,
    nonblank_lines,
)
from service.adapters.templates.names import (
    LANGUAGES,
    TemplateKey,
    file_name,
    read_template_texts,
)
from service.domain.errors import InvalidError, Mistake, SetUpError, UnknownError
from service.domain.law.rule import Language
from service.domain.messages.dates import format_day, format_moment, format_month_day
from service.domain.messages.digest import DIGEST_TEMPLATES
from service.domain.messages.facts import TemplateValues
from service.domain.reports.weekly import Report
from service.flow.office.templates import TemplateVersion


class SavedTemplates(Protocol):
    """The stored template versions of the office."""

    async def used_versions(self) -> tuple[str, list[TemplateVersion]]:
        """Return the digest of the law, and the template versions used under it."""


class JinjaTemplateLibrary:
    """The templates of a folder: `sms/<name>.<language>.txt`, `report/<part>.…`.

    `wordings`, the office's own versions, replace those of the folder; `current` reads
    the latest from `source`. Raises `InvalidError` with every mistake in the folder's
    SMS templates, and `SetUpError` for a folder without templates or a version that
    this release cannot use.
    """

    def __init__(
        self,
        folder: Path,
        source: SavedTemplates | None = None,
        wordings: Sequence[TemplateVersion] = (),
    ) -> None:
        self._folder, self._source = folder, source
        self._texts = read_template_texts(folder)
        self._templates = _compile_texts(folder, self._texts) | _compile_wordings(
            wordings
        )
        self._versions = {(one.name, one.language): one.version for one in wordings}
        self._reports = {one: _report_environment(folder, one) for one in LANGUAGES}
        self._latest: tuple[str, JinjaTemplateLibrary] | None = None

    async def current(self, law_digest: str) -> "JinjaTemplateLibrary":
        """Return the library with the office's versions under this digest, or later.

        Reads the versions only if the digest differs from that of the last call.
        """
        if self._source is None:
            return self
        if self._latest is None or self._latest[0] != law_digest:
            digest, wordings = await self._source.used_versions()
            self._latest = (
                digest,
                JinjaTemplateLibrary(self._folder, self._source, wordings),
            )
        return self._latest[1]

    def step_templates(self) -> frozenset[str]:
        """Return the names of the SMS templates that a step may have."""
        return self.all_names() - DIGEST_TEMPLATES

    def all_names(self) -> frozenset[str]:
        """Return the names of all SMS templates that exist in both languages."""
        return frozenset(name for name, _ in self._texts)

    def shipped_text(self, template: str, language: Language) -> str:
        """Return the text of version 0; raises `UnknownError` for an unknown name."""
        return self._texts[self._key(template, language)]

    def compile(self, template: str, language: Language, text: str) -> JinjaTemplate:
        """Compile another text of a template; raises `UnknownError`, `InvalidError`."""
        return compile_template(*self._key(template, language), text)

    def render_sms(self, template: str, facts: TemplateValues) -> str:
        """Return one line of text in the language of the facts.

        Raises `UnknownError` for a template that does not exist.
        """
        return self._templates[self._key(template, facts.language)].render(
            facts.template_values()
        )

    def version_of(self, template: str, language: Language) -> int:
        """Return the version that `render_sms` uses; 0 is the shipped one."""
        return self._versions.get(self._key(template, language), 0)

    def render_report(
        self,
        report: Report,
        language: Language,
        part: Literal["title", "headline", "notes"] = "headline",
    ) -> str:
        """Return a part of the report: a line, a paragraph, or notes line by line."""
        template = self._reports[language].get_template(f"report/{part}.{language}.txt")
        text = template.render(report=report)
        return (
            "\n".join(nonblank_lines(text))
            if part == "notes"
            else join_lines(text, language)
        )

    def _key(self, template: str, language: Language) -> TemplateKey:
        key = (template, language)
        if key not in self._texts:
            raise UnknownError("template", template, [*self.all_names()])
        return key


def _compile_texts(
    folder: Path, texts: Mapping[TemplateKey, str]
) -> dict[TemplateKey, JinjaTemplate]:
    templates, mistakes = dict[TemplateKey, JinjaTemplate](), list[Mistake]()
    for (name, language), text in texts.items():
        try:
            templates[name, language] = compile_template(
                name, language, text, file_name(name, language)
            )
        except InvalidError as error:
            mistakes += error.mistakes
    if mistakes:
        raise InvalidError(str(folder), mistakes)
    return templates


def _compile_wordings(
    wordings: Sequence[TemplateVersion],
) -> dict[TemplateKey, JinjaTemplate]:
    try:
        return {
            (version.name, version.language): compile_template(
                version.name, version.language, version.text, version.display_name
            )
            for version in wordings
        }
    except InvalidError as error:
        raise SetUpError(f"templates: {error.reason}; save another version") from None


def _report_environment(
    folder: Path, language: Language
) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=False,
        auto_reload=False,
    )
    environment.filters |= {
        "say_day": partial(format_day, language=language),
        "say_month_day": partial(format_month_day, language=language),
        "say_moment": partial(format_moment, language=language),
    }
    return environment
