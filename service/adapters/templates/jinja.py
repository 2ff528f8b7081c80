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
from service.domain.templates.requirements import TemplateRequirements, requirements_of
from service.domain.templates.trial_render import TemplateContext

LONGEST_TEMPLATE: Final = 2000
"""Characters of a template's text, comments and conditions included."""

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
    """A text that was read and found harmless, ready to be given facts."""

    def __init__(self, template: Template, language: Language) -> None:
        self._template, self._language = template, language

    def render(self, values: TemplateContext) -> str:
        """Write one line; every fact that the template may use must be given.

        The context is the facts and nothing else: Jinja2's globals are of no use here,
        and to copy them each time would take half the time of writing a text.
        """
        context = self._template.new_context(dict(values), shared=True)
        text = "".join(self._template.root_render_func(context))
        return join_lines(text, self._language)


def compile_template(
    name: str, language: Language, text: str, where: str = "text"
) -> JinjaTemplate:
    """Read the text of a template; raises `InvalidError` with all that is wrong.

    Each mistake says the line of `where`, what stands there and what is allowed.
    """
    _refuse(name, _unprintable(text, where))
    tree = _parse(name, text, where)
    _refuse(name, _TemplateChecker(requirements_of(name), where).check_body(tree.body))
    return JinjaTemplate(_ENVIRONMENT.from_string(tree), language)


def join_lines(text: str, language: Language) -> str:
    """Make lines one: Chinese without a space, English as a sentence runs on."""
    if language == "zh":
        return "".join(nonblank_lines(text))
    return _SPACE_BEFORE_PUNCTUATION.sub("", " ".join(nonblank_lines(text)))


def nonblank_lines(text: str) -> list[str]:
    """Split into lines that say something, without the blanks around them."""
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
    """Walks a parsed template and finds whatever is not on the list."""

    def __init__(self, asked: TemplateRequirements, where: str) -> None:
        self._where = where
        self._said = asked.facts - asked.flags
        self._asked = asked.optional | asked.flags

    def check_body(
        self, found: Iterable[nodes.Node], depth: int = 0
    ) -> Iterator[Mistake]:
        """Look at what may stand by itself: words, facts, conditions."""
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
                yield from self._check_fact(node, self._said)
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
                yield from self._check_fact(node, self._asked)
            case nodes.Not() if depth < _DEEPEST_NESTING:
                yield from self._check_condition(node.node, depth + 1)
            case nodes.And() | nodes.Or() if depth < _DEEPEST_NESTING:
                yield from self._check_condition(node.left, depth + 1)
                yield from self._check_condition(node.right, depth + 1)
            case _:
                yield self._not_allowed(node, depth)

    def _check_fact(self, node: nodes.Name, known: frozenset[str]) -> Iterator[Mistake]:
        if node.name not in known:
            asked = known is self._asked
            found = f"if {node.name}" if asked else f"{{{{ {node.name} }}}}"
            yield self._mistake(node, found, one_of(sorted(known)))

    def _not_allowed(self, node: nodes.Node, depth: int) -> Mistake:
        kind = type(node).__name__.lower()
        found = f"{kind} in {depth} others" if depth == _DEEPEST_NESTING else kind
        return self._mistake(node, found, f"only {_ALLOWED}")

    def _mistake(self, node: nodes.Node, found: str, expected: str) -> Mistake:
        return Mistake(f"{self._where} line {node.lineno}", found, expected)


def one_of(names: Iterable[str]) -> str:
    """Say which names there are."""
    return f"one of {', '.join(names)}"
