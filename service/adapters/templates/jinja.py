"""A template's text, read by Jinja2: what it may hold is a list of a few things.

Words, facts and conditions on facts that may be missing; nothing that loops, calls,
counts or reaches into a value. So all the texts that it can become are few, and each
of them can be tried. It runs in Jinja2's immutable sandbox all the same.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from service.domain.errors import InvalidError, Mistake
from service.domain.law.rule import Language
from service.domain.templates.requirements import Demands, demands
from service.domain.templates.trial_render import Said

LONGEST: Final = 2000
"""Characters of a template's text, comments and conditions included."""

FILTERS: Final = ("capitalize", "lower", "upper")

_DEEPEST: Final = 8
_ALLOWED: Final = (
    "words, {{ fact }}, {{ fact | filter }}, and {% if fact %} with and, or, not"
)
_ENVIRONMENT: Final = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False
)
_BEFORE_A_STOP: Final = re.compile(r" (?=[,.;:)])")


class Page:
    """A text that was read and found harmless, ready to be given facts."""

    def __init__(self, template: Template, language: Language) -> None:
        self._template, self._language = template, language

    def say(self, said: Said) -> str:
        """Write one line; every fact that the template may use must be given.

        The context is the facts and nothing else: Jinja2's globals are of no use here,
        and to copy them each time would take half the time of writing a text.
        """
        context = self._template.new_context(dict(said), shared=True)
        text = "".join(self._template.root_render_func(context))
        return joined(text, self._language)


def read(name: str, language: Language, text: str, where: str = "text") -> Page:
    """Read the text of a template; raises `InvalidError` with all that is wrong.

    Each mistake says the line of `where`, what stands there and what is allowed.
    """
    _refuse(name, _unreadable(text, where))
    tree = _parsed(name, text, where)
    _refuse(name, _Reader(demands(name), where).body(tree.body))
    return Page(_ENVIRONMENT.from_string(tree), language)


def joined(text: str, language: Language) -> str:
    """Make lines one: Chinese without a space, English as a sentence runs on."""
    if language == "zh":
        return "".join(lines(text))
    return _BEFORE_A_STOP.sub("", " ".join(lines(text)))


def lines(text: str) -> list[str]:
    """Split into lines that say something, without the blanks around them."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _refuse(name: str, found: Iterable[Mistake]) -> None:
    if mistakes := list(found):
        raise InvalidError(name, mistakes)


def _parsed(name: str, text: str, where: str) -> nodes.Template:
    try:
        return _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as wrong:
        line = f"{where} line {wrong.lineno}"
        mistake = Mistake(line, str(wrong.message), "a Jinja2 template")
    except RecursionError:
        mistake = Mistake(where, "brackets in brackets without end", f"only {_ALLOWED}")
    raise InvalidError(name, [mistake])


def _unreadable(text: str, where: str) -> Iterator[Mistake]:
    if len(text) > LONGEST:
        expected = f"at most {LONGEST}"
        yield Mistake(where, f"{len(text)} characters", expected)
        return
    for number, line in enumerate(text.split("\n"), start=1):
        for char in dict.fromkeys(line):
            if not char.isprintable():
                expected = "characters that are seen, and ordinary blanks"
                yield Mistake(f"{where} line {number}", f"U+{ord(char):04X}", expected)


class _Reader:
    """Walks a parsed template and finds whatever is not on the list."""

    def __init__(self, asked: Demands, where: str) -> None:
        self._where = where
        self._said = asked.facts - asked.flags
        self._asked = asked.optional | asked.flags

    def body(self, found: Iterable[nodes.Node], depth: int = 0) -> Iterator[Mistake]:
        """Look at what may stand by itself: words, facts, conditions."""
        for node in found:
            match node:
                case nodes.Output():
                    for one in node.nodes:
                        yield from self._output(one)
                case nodes.If() if depth < _DEEPEST:
                    yield from self._condition(node.test)
                    inside = [*node.body, *node.elif_, *node.else_]
                    yield from self.body(inside, depth + 1)
                case _:
                    yield self._refused(node, depth)

    def _output(self, node: nodes.Expr, depth: int = 0) -> Iterator[Mistake]:
        match node:
            case nodes.TemplateData():
                pass
            case nodes.Name():
                yield from self._fact(node, self._said)
            case nodes.Filter(node=nodes.Expr() as inner) if depth < _DEEPEST:
                if node.name not in FILTERS:
                    yield self._wrong(node, f"| {node.name}", one_of(FILTERS))
                elif node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
                    yield self._wrong(node, f"| {node.name}(…)", f"| {node.name}")
                yield from self._output(inner, depth + 1)
            case _:
                yield self._refused(node, depth)

    def _condition(self, node: nodes.Node, depth: int = 0) -> Iterator[Mistake]:
        match node:
            case nodes.Name():
                yield from self._fact(node, self._asked)
            case nodes.Not() if depth < _DEEPEST:
                yield from self._condition(node.node, depth + 1)
            case nodes.And() | nodes.Or() if depth < _DEEPEST:
                yield from self._condition(node.left, depth + 1)
                yield from self._condition(node.right, depth + 1)
            case _:
                yield self._refused(node, depth)

    def _fact(self, node: nodes.Name, known: frozenset[str]) -> Iterator[Mistake]:
        if node.name not in known:
            asked = known is self._asked
            found = f"if {node.name}" if asked else f"{{{{ {node.name} }}}}"
            yield self._wrong(node, found, one_of(sorted(known)))

    def _refused(self, node: nodes.Node, depth: int) -> Mistake:
        kind = type(node).__name__.lower()
        found = f"{kind} in {depth} others" if depth == _DEEPEST else kind
        return self._wrong(node, found, f"only {_ALLOWED}")

    def _wrong(self, node: nodes.Node, found: str, expected: str) -> Mistake:
        return Mistake(f"{self._where} line {node.lineno}", found, expected)


def one_of(names: Iterable[str]) -> str:
    """Say which names there are."""
    return f"one of {', '.join(names)}"
