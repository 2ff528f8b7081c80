"""Template files as an office keeps them: `<name>.<language>.txt`, checked."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from service.adapters.files.read import read_text
from service.adapters.templates.jinja import one_of
from service.adapters.templates.library import LANGUAGES, Words
from service.domain.errors import InvalidError, Mistake, SetUpError
from service.domain.templates.requirements import at_longest, mistakes


def check_templates(place: Path, words: Words) -> int:
    """Check one file, or every one of a folder or of `sms` in it; how many there are.

    Raises `SetUpError` where there is no file, and `InvalidError` with the mistakes of
    all files, each naming its file.
    """
    inside = place / "sms" if (place / "sms").is_dir() else place
    paths = sorted(inside.glob("*.txt")) if place.is_dir() else [place]
    if not paths:
        message = f"{place}: no templates (*.txt) here; name the right folder"
        raise SetUpError(message)
    wrong = [
        replace(one, field=f"{path.name}: {one.field}")
        for path in paths
        for one in _mistakes(path, words)
    ]
    if wrong:
        raise InvalidError(str(place), wrong)
    return len(paths)


def _mistakes(path: Path, words: Words) -> Sequence[Mistake]:
    name, _, ending = path.name.partition(".")
    for language in LANGUAGES:
        if ending == f"{language}.txt" and name in words.known():
            try:
                page = words.read(name, language, read_text(path))
            except InvalidError as error:
                return error.mistakes
            most = at_longest(name, language, page.say, None)
            return mistakes(name, language, page.say, most)
    expected = f"NAME.zh.txt or NAME.en.txt, NAME {one_of(sorted(words.known()))}"
    return [Mistake("file", path.name, expected)]
