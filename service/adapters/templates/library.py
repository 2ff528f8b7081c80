"""Words: the texts of SMS, and the paragraphs of a report, from template files."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, Literal, Protocol, get_args

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from service.adapters.templates.jinja import Page, joined, lines, read
from service.domain.errors import InvalidError, Mistake, SetUpError, UnknownError
from service.domain.law.rule import Language
from service.domain.messages.digest import JOINING
from service.domain.messages.facts import Sayable, say_day, say_moment, say_month_day
from service.domain.reports.weekly import Report
from service.flow.office.templates import Wording

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

Key = tuple[str, Language]


class Saved(Protocol):
    """Where the office's own wordings are kept."""

    async def newest(self) -> tuple[str, list[Wording]]:
        """The digest of the law, and with it the wordings used."""


class Words:
    """The templates of a folder, `sms/<name>.<language>.txt`, `report/<part>.…`.

    Over them lie `own` wordings of the office; `current` gives those `saved` by now.
    Raises `InvalidError` with every mistake in an SMS template of the folder, and
    `SetUpError` for a folder without any, or a wording that this release cannot use.
    """

    def __init__(
        self, folder: Path, saved: Saved | None = None, own: Sequence[Wording] = ()
    ) -> None:
        self._folder, self._saved = folder, saved
        self._texts = _texts(folder)
        self._pages = _pages(folder, self._texts) | _own_pages(own)
        self._versions = {(one.name, one.language): one.version for one in own}
        self._reports = {one: _environment(folder, one) for one in LANGUAGES}
        self._latest: tuple[str, Words] | None = None

    async def current(self, law: str) -> "Words":
        """The words as the office has them under this digest of the law, or later.

        They are read only where the digest is another one than the last time.
        """
        if self._saved is None:
            return self
        if self._latest is None or self._latest[0] != law:
            stamp, own = await self._saved.newest()
            self._latest = stamp, Words(self._folder, self._saved, own)
        return self._latest[1]

    def names(self) -> frozenset[str]:
        """Name the SMS templates, in both languages, that a step may have."""
        return self.known() - JOINING

    def known(self) -> frozenset[str]:
        """Name every SMS template that exists in both languages."""
        return frozenset(name for name, _ in self._texts)

    def shipped(self, template: str, language: Language) -> str:
        """The text of version 0; raises `UnknownError` for an unknown template."""
        return self._texts[self._key(template, language)]

    def read(self, template: str, language: Language, text: str) -> Page:
        """Make a page of another text; raises `UnknownError` or `InvalidError`."""
        return read(*self._key(template, language), text)

    def render_sms(self, template: str, facts: Sayable) -> str:
        """Write one line of text in the language of the facts.

        Raises `UnknownError` for a template that does not exist.
        """
        return self._pages[self._key(template, facts.language)].say(facts.said())

    def version_of(self, template: str, language: Language) -> int:
        """Which version `render_sms` writes by: 0 is the shipped one."""
        return self._versions.get(self._key(template, language), 0)

    def render_report(
        self,
        report: Report,
        language: Language,
        part: Literal["title", "headline", "notes"] = "headline",
    ) -> str:
        """Say a part of the report: a line, a paragraph, or notes line by line."""
        page = self._reports[language].get_template(f"report/{part}.{language}.txt")
        text = page.render(report=report)
        return "\n".join(lines(text)) if part == "notes" else joined(text, language)

    def _key(self, template: str, language: Language) -> Key:
        key = (template, language)
        if key not in self._texts:
            raise UnknownError("template", template, [*self.known()])
        return key


def _texts(folder: Path) -> dict[Key, str]:
    """Read the templates that exist in both languages."""
    found = {language: _names(folder, language) for language in LANGUAGES}
    known = sorted(frozenset.intersection(*found.values()))
    if not known:
        message = f"{folder}: no sms/<name>.zh.txt and .en.txt; name the right folder"
        raise SetUpError(message)
    return {
        (name, language): (folder / _file(name, language)).read_text(encoding="utf-8")
        for name in known
        for language in LANGUAGES
    }


def _pages(folder: Path, texts: Mapping[Key, str]) -> dict[Key, Page]:
    pages, mistakes = dict[Key, Page](), list[Mistake]()
    for (name, language), text in texts.items():
        try:
            pages[name, language] = read(name, language, text, _file(name, language))
        except InvalidError as error:
            mistakes += error.mistakes
    if mistakes:
        raise InvalidError(str(folder), mistakes)
    return pages


def _own_pages(own: Sequence[Wording]) -> dict[Key, Page]:
    try:
        return {
            (it.name, it.language): read(it.name, it.language, it.text, it.where)
            for it in own
        }
    except InvalidError as error:
        raise SetUpError(f"templates: {error.reason}; save another version") from None


def _environment(folder: Path, language: Language) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=False,
        auto_reload=False,
    )
    for say in (say_day, say_month_day, say_moment):
        environment.filters[say.__name__] = partial(say, language=language)
    return environment


def _names(folder: Path, language: Language) -> frozenset[str]:
    ending = f".{language}.txt"
    files = (folder / "sms").glob(f"*{ending}")
    return frozenset(file.name.removesuffix(ending) for file in files)


def _file(name: str, language: Language) -> str:
    return f"sms/{name}.{language}.txt"
