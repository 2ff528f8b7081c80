"""Template files as an office keeps them: `<name>.<language>.txt`, checked."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from service.adapters.files.read import read_text
from service.adapters.templates.jinja import one_of
from service.adapters.templates.library import JinjaTemplateLibrary
from service.adapters.templates.names import LANGUAGES
from service.domain.errors import InvalidError, Mistake, SetUpError
from service.domain.templates.requirements import find_mistakes, render_longest


def check_templates(source: Path, words: JinjaTemplateLibrary) -> int:
    """Check one file, or every one of a folder or of `sms` in it; how many there are.

    Raises `SetUpError` where there is no file, and `InvalidError` with the mistakes of
    all files, each naming its file.
    """
    inside = source / "sms" if (source / "sms").is_dir() else source
    paths = sorted(inside.glob("*.txt")) if source.is_dir() else [source]
    if not paths:
        message = f"{source}: no templates (*.txt) here; name the right folder"
        raise SetUpError(message)
    wrong = [
        replace(one, file=path.name)
        for path in paths
        for one in _mistakes_in_file(path, words)
    ]
    if wrong:
        raise InvalidError(str(source), wrong)
    return len(paths)


def _mistakes_in_file(path: Path, words: JinjaTemplateLibrary) -> Sequence[Mistake]:
    name, _, ending = path.name.partition(".")
    for language in LANGUAGES:
        if ending == f"{language}.txt" and name in words.all_names():
            try:
                page = words.compile(name, language, read_text(path))
            except InvalidError as error:
                return error.mistakes
            most = render_longest(name, language, page.render, None)
            return find_mistakes(name, language, page.render, most)
    expected = f"NAME.zh.txt or NAME.en.txt, NAME {one_of(sorted(words.all_names()))}"
    return [Mistake("file", path.name, expected)]
