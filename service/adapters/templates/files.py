"""Checks template files of an office: `<name>.<language>.txt`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from service.adapters.files.read import read_text
from service.adapters.templates.jinja import one_of
from service.adapters.templates.library import JinjaTemplateLibrary
from service.adapters.templates.names import LANGUAGES
from service.domain.errors import InvalidError, Mistake, SetUpError
from service.domain.templates.requirements import find_mistakes, render_longest


def check_templates(source: Path, library: JinjaTemplateLibrary) -> int:
    """Check a file, or all files of a folder or its subfolder `sms`; returns how many.

    Raises `SetUpError` if there is no file, and `InvalidError` with the mistakes of all
    files, each with its file name.
    """
    folder = source / "sms" if (source / "sms").is_dir() else source
    paths = sorted(folder.glob("*.txt")) if source.is_dir() else [source]
    if not paths:
        message = f"{source}: no templates (*.txt) here; name the right folder"
        raise SetUpError(message)
    mistakes = [
        replace(one, file=path.name)
        for path in paths
        for one in _mistakes_in_file(path, library)
    ]
    if mistakes:
        raise InvalidError(str(source), mistakes)
    return len(paths)


def _mistakes_in_file(path: Path, library: JinjaTemplateLibrary) -> Sequence[Mistake]:
    name, _, suffix = path.name.partition(".")
    for language in LANGUAGES:
        if suffix == f"{language}.txt" and name in library.all_names():
            try:
                template = library.compile(name, language, read_text(path))
            except InvalidError as error:
                return error.mistakes
            longest = render_longest(name, language, template.render, None)
            return find_mistakes(name, language, template.render, longest)
    expected = f"NAME.zh.txt or NAME.en.txt, NAME {one_of(sorted(library.all_names()))}"
    return [Mistake("file", path.name, expected)]
