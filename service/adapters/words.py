"""Words from template files: the text of an SMS, the paragraphs of a report."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Literal, get_args

from jinja2 import FileSystemLoader, StrictUndefined, TemplateSyntaxError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from service.domain.compose import FACTS, Sayable, say_day, say_moment, say_month_day
from service.domain.digest import DIGEST, DIGEST_FACTS, ITEM, ITEM_FACTS
from service.domain.errors import InvalidError, Mistake, SetUpError, UnknownError
from service.domain.report import Report
from service.domain.rule import Language

LANGUAGES: tuple[Language, ...] = get_args(Language)
OTHER_FACTS = {DIGEST: DIGEST_FACTS, ITEM: ITEM_FACTS}
"""The templates that say something else than `FACTS`."""

_BEFORE_A_STOP = re.compile(r" (?=[,.;:)])")


class Words:
    """The templates of a folder: `sms/<name>.<language>.txt`, `report/<part>.…`.

    Templates run in Jinja2's immutable sandbox. Raises `InvalidError` with every SMS
    template that cannot be parsed or names something that is not among the facts, and
    `SetUpError` for a folder without any.
    """

    def __init__(self, folder: Path) -> None:
        self._in = {language: _environment(folder, language) for language in LANGUAGES}
        found = {language: _names(folder, language) for language in LANGUAGES}
        self._known = frozenset.intersection(*found.values())
        if not self._known:
            message = (
                f"{folder}: no sms/<name>.zh.txt and .en.txt; name the right folder"
            )
            raise SetUpError(message)
        mistakes = [
            mistake
            for language, names in found.items()
            for name in sorted(names)
            for mistake in _mistakes(folder, _sms(name, language), self._in[language])
        ]
        if mistakes:
            raise InvalidError(str(folder), mistakes)

    def names(self) -> frozenset[str]:
        """Name the SMS templates, in both languages, that a step may have."""
        return self._known - OTHER_FACTS.keys()

    def render_sms(self, template: str, facts: Sayable) -> str:
        """Write one line of text in the language of the facts.

        Raises `UnknownError` for a template that does not exist.
        """
        if template not in self._known:
            raise UnknownError(kind="template", code=template, known=[*self.names()])
        page = self._in[facts.language].get_template(_sms(template, facts.language))
        return _joined(page.render(facts.said()), facts.language)

    def render_report(
        self,
        report: Report,
        language: Language,
        part: Literal["title", "headline", "notes"] = "headline",
    ) -> str:
        """Say a part of the report: a line, a paragraph, or notes line by line."""
        page = self._in[language].get_template(f"report/{part}.{language}.txt")
        text = page.render(report=report)
        return "\n".join(_lines(text)) if part == "notes" else _joined(text, language)


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


def _sms(name: str, language: Language) -> str:
    return f"sms/{name}.{language}.txt"


def _mistakes(
    folder: Path, file: str, environment: ImmutableSandboxedEnvironment
) -> Iterator[Mistake]:
    source = (folder / file).read_text(encoding="utf-8")
    try:
        named = meta.find_undeclared_variables(environment.parse(source))
    except TemplateSyntaxError as wrong:
        line = f"{file} line {wrong.lineno}"
        yield Mistake(line, str(wrong.message), "a Jinja2 template")
        return
    known = OTHER_FACTS.get(Path(file).name.partition(".")[0], FACTS)
    for name in sorted(named - known):
        yield Mistake(file, f"{{{{ {name} }}}}", f"one of {', '.join(sorted(known))}")


def _joined(text: str, language: Language) -> str:
    """Make lines one: Chinese without a space, English as a sentence runs on."""
    if language == "zh":
        return "".join(_lines(text))
    return _BEFORE_A_STOP.sub("", " ".join(_lines(text)))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
