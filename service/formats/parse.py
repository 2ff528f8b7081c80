"""Values into a model; what pydantic finds wrong becomes our list of mistakes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from service.domain.errors import InvalidError, Mistake
from service.domain.untrusted.text import safe_label
from service.formats.file_model import LIST, TABLE, FileContext, Shown, Wanted

Model = TypeVar("Model", bound=BaseModel)

_NEW: Final = FileContext()

SHOWN: Final = 60
"""Characters of a wrong value that its mistake repeats."""

_KINDS: Final = {
    "bool_type": "true or false",
    "dict_type": "a table",
    "model_type": "a table",
    "tuple_type": "a list",
}
"""What is expected instead of a value of another kind, by pydantic's error type."""

_KEY: Final = "[key]"
"""The end of a place where not the value is wrong but its key."""

_MARKS: Final = frozenset({_KEY, LIST, TABLE})
"""Parts of a place that say what stands there, and that no file has."""

_QUOTED: Final = re.compile(r"'([^']*)'")


def parse(
    model: type[Model],
    values: Mapping[str, object],
    where: str,
    context: FileContext = _NEW,
) -> Model:
    """Check values by a model; `context` is what its validators need to know.

    Raises `InvalidError` at `where` with all the mistakes.
    """
    try:
        return model.model_validate(values, context=context)
    except ValidationError as error:
        mistakes = [_mistake(model, one) for one in error.errors(include_url=False)]
        raise InvalidError(where, mistakes) from None


def show(found: object) -> str:
    """Repeat a wrong value in one line: phones masked, the rest cut."""
    if found is None or found == ():
        return "nothing"
    if isinstance(found, Shown):
        return safe_label(found, SHOWN)
    return safe_label(f'"{found}"' if isinstance(found, str) else str(found), SHOWN)


def _mistake(model: type[BaseModel], error: ErrorDetails) -> Mistake:
    place = tuple(one for one in error["loc"] if one not in _MARKS)
    if error["type"] == "string_unicode":  # a key that has half a character
        place = (*place, error["input"])
    *outer, key = place or ("file",)
    path, owner = _path(place), _model_at(model, outer)
    fields = owner.model_fields if owner else {}
    match error["type"]:
        case "extra_forbidden" | "string_unicode":
            return Mistake(path, "an unknown key", f"only {', '.join(sorted(fields))}")
        case "missing":
            return Mistake(path, "nothing", _wanted(fields[str(key)]))
        case _:
            return Mistake(path, show(error["input"]), _expected(error))


def _path(loc: Sequence[int | str]) -> str:
    """A key as people write it: `versions[1].steps[2].at`, counted from 1."""
    parts = (f"[{one + 1}]" if isinstance(one, int) else f".{one}" for one in loc)
    return safe_label("".join(parts).removeprefix(".") or "file", SHOWN)


def _expected(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "literal_error" | "enum":
            return _one_of(_QUOTED.findall(context["expected"]))
        case "too_short":
            return _tables(context["min_length"])
        case "too_long":
            return f"at most {context['max_length']} of them"
        case kind:
            return _KINDS.get(kind, error["msg"])


def _wanted(field: FieldInfo) -> str:
    """What a field expects, by its declaration."""
    for one in field.metadata:
        if isinstance(one, Wanted):
            return one.text
    kind = field.annotation
    if kind is bool:
        return "true or false"
    if get_origin(kind) is tuple:
        return _tables(1)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "a table"
    return _one_of(get_args(kind))


def _one_of(words: Sequence[str]) -> str:
    return f"one of {', '.join(sorted(words))}"


def _tables(least: int) -> str:
    return f"a list of {least} or more tables"


def _model_at(
    model: type[BaseModel], loc: Sequence[int | str]
) -> type[BaseModel] | None:
    """Find the model whose table stands at a place of a file."""
    found: type[BaseModel] | None = model
    for key in loc:
        if found and isinstance(key, str):
            field = found.model_fields.get(key)
            found = next(_models_in(field.annotation), None) if field else None
    return found


def _models_in(kind: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - an annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for inner in get_args(kind):
        yield from _models_in(inner)
