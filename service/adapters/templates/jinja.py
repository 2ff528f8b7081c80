"""Parses templates with Jinja2, limited to a few constructs.

Allowed are words, facts, three filters, and conditions on facts that may be missing; no
loops, calls or attributes. So a template has few possible texts, and each can be tried.
It also runs in Jinja2's immutable sandbox.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from service.domain.errors import InvalidError, Mistake
from service.domain.law.rule import Language
from service.domain.templates.requirements import TemplateRequirements, requirements_of
from service.domain.templates.trial_render import TemplateContext

LONGEST_TEMPLATE: Final = 2000
"""Characters of a template's text, comments and conditions included."""

MAX_COMPILED: Final = 256
"""Compiled texts in memory: the shipped ones, and some versions of each office."""

FILTERS: Final = ("capitalize", "lower", "upper")

_DEEPEST_NESTING: Final = 8
_ALLOWED: Final = (
    "words, {{ fact }}, {{ fact | filter }}, and {% if fact %} with and, or, not"
)
_ENVIRONMENT: Final = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False
)
_SPACE_BEFORE_PUNCTUATION: Final = re.compile(r" (?=[,.;:)])")


class JinjaTemplate:
    """A checked template, ready to be rendered."""

    def __init__(self, template: Template, language: Language) -> None:
        self._template, self._language = template, language

    def render(self, values: TemplateContext) -> str:
        """Return the text as one line; `values` must have every fact it may use.

        The context has the facts only: Jinja2's globals are not used here, and copying
        them would take half of the rendering time.
        """
        context = self._template.new_context(dict(values), shared=True)
        text = "".join(self._template.root_render_func(context))
        return join_lines(text, self._language)


@lru_cache(maxsize=MAX_COMPILED)
def compile_template(
    name: str, language: Language, text: str, where: str = "text"
) -> JinjaTemplate:
    """Compile the text of a template; raises `InvalidError` with all mistakes.

    Each mistake names the line of `where`, what was found and what is allowed. A text
    that was compiled before is not compiled again.
    """
    _refuse(name, _unprintable(text, where))
    tree = _parse(name, text, where)
    _refuse(name, _TemplateChecker(requirements_of(name), where).check_body(tree.body))
    return JinjaTemplate(_ENVIRONMENT.from_string(tree), language)


def join_lines(text: str, language: Language) -> str:
    """Join the lines: Chinese without spaces, English with them."""
    if language == "zh":
        return "".join(nonblank_lines(text))
    return _SPACE_BEFORE_PUNCTUATION.sub("", " ".join(nonblank_lines(text)))


def nonblank_lines(text: str) -> list[str]:
    """Split a text into its lines that are not blank, each stripped."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _refuse(name: str, found: Iterable[Mistake]) -> None:
    if mistakes := list(found):
        raise InvalidError(name, mistakes)


def _parse(name: str, text: str, where: str) -> nodes.Template:
    try:
        return _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as wrong:
        line = f"{where} line {wrong.lineno}"
        mistake = Mistake(line, str(wrong.message), "a Jinja2 template")
    except RecursionError:
        mistake = Mistake(where, "brackets in brackets without end", f"only {_ALLOWED}")
    raise InvalidError(name, [mistake])


def _unprintable(text: str, where: str) -> Iterator[Mistake]:
    if len(text) > LONGEST_TEMPLATE:
        expected = f"at most {LONGEST_TEMPLATE}"
        yield Mistake(where, f"{len(text)} characters", expected)
        return
    for number, line in enumerate(text.split("\n"), start=1):
        for char in dict.fromkeys(line):
            if not char.isprintable():
                expected = "characters that are seen, and ordinary blanks"
                yield Mistake(f"{where} line {number}", f"U+{ord(char):04X}", expected)


class _TemplateChecker:
    """Walks a parsed template and finds every construct that is not allowed."""

    def __init__(self, requirements: TemplateRequirements, where: str) -> None:
        self._where = where
        self._printable = requirements.facts - requirements.flags
        self._conditions = requirements.optional | requirements.flags

    def check_body(
        self, found: Iterable[nodes.Node], depth: int = 0
    ) -> Iterator[Mistake]:
        """Find the mistakes of statements: words, facts, conditions."""
        for node in found:
            match node:
                case nodes.Output():
                    for one in node.nodes:
                        yield from self._check_output(one)
                case nodes.If() if depth < _DEEPEST_NESTING:
                    yield from self._check_condition(node.test)
                    inside = [*node.body, *node.elif_, *node.else_]
                    yield from self.check_body(inside, depth + 1)
                case _:
                    yield self._not_allowed(node, depth)

    def _check_output(self, node: nodes.Expr, depth: int = 0) -> Iterator[Mistake]:
        match node:
            case nodes.TemplateData():
                pass
            case nodes.Name():
                yield from self._check_fact(node, self._printable)
            case nodes.Filter(node=nodes.Expr() as inner) if depth < _DEEPEST_NESTING:
                if node.name not in FILTERS:
                    yield self._mistake(node, f"| {node.name}", one_of(FILTERS))
                elif node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
                    yield self._mistake(node, f"| {node.name}(…)", f"| {node.name}")
                yield from self._check_output(inner, depth + 1)
            case _:
                yield self._not_allowed(node, depth)

    def _check_condition(self, node: nodes.Node, depth: int = 0) -> Iterator[Mistake]:
        match node:
            case nodes.Name():
                yield from self._check_fact(node, self._conditions)
            case nodes.Not() if depth < _DEEPEST_NESTING:
                yield from self._check_condition(node.node, depth + 1)
            case nodes.And() | nodes.Or() if depth < _DEEPEST_NESTING:
                yield from self._check_condition(node.left, depth + 1)
                yield from self._check_condition(node.right, depth + 1)
            case _:
                yield self._not_allowed(node, depth)

    def _check_fact(self, node: nodes.Name, known: frozenset[str]) -> Iterator[Mistake]:
        if node.name not in known:
            is_condition = known is self._conditions
            found = f"if {node.name}" if is_condition else f"{{{{ {node.name} }}}}"
            yield self._mistake(node, found, one_of(sorted(known)))

    def _not_allowed(self, node: nodes.Node, depth: int) -> Mistake:
        kind = type(node).__name__.lower()
        found = f"{kind} in {depth} others" if depth == _DEEPEST_NESTING else kind
        return self._mistake(node, found, f"only {_ALLOWED}")

    def _mistake(self, node: nodes.Node, found: str, expected: str) -> Mistake:
        return Mistake(f"{self._where} line {node.lineno}", found, expected)


def one_of(names: Iterable[str]) -> str:
    """Return "one of" and the names."""
    return f"one of {', '.join(names)}"
