"""The files of the SMS templates: `sms/<name>.<language>.txt` below a folder."""

from pathlib import Path
from typing import Final, get_args

from service.domain.errors import SetUpError
from service.domain.law.rule import Language
from service.domain.messages.digest import DIGEST_TEMPLATES

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

TemplateKey = tuple[str, Language]


def template_names(folder: Path) -> frozenset[str]:
    """Name the templates that exist in both languages.

    Raises `SetUpError` for a folder without any.
    """
    found = [_names_in(folder, language) for language in LANGUAGES]
    known = frozenset.intersection(*found)
    if not known:
        message = f"{folder}: no sms/<name>.zh.txt and .en.txt; name the right folder"
        raise SetUpError(message)
    return known


def step_template_names(folder: Path) -> frozenset[str]:
    """Name those that a step may have; raises `SetUpError` for a folder without any."""
    return template_names(folder) - DIGEST_TEMPLATES


def read_template_texts(folder: Path) -> dict[TemplateKey, str]:
    """Read the templates that exist in both languages.

    Raises `SetUpError` for a folder without any.
    """
    return {
        (name, language): (folder / file_name(name, language)).read_text("utf-8")
        for name in sorted(template_names(folder))
        for language in LANGUAGES
    }


def file_name(name: str, language: Language) -> str:
    """The file of a template, from the folder on."""
    return f"sms/{name}.{language}.txt"


def _names_in(folder: Path, language: Language) -> frozenset[str]:
    ending = f".{language}.txt"
    files = (folder / "sms").glob(f"*{ending}")
    return frozenset(file.name.removesuffix(ending) for file in files)
