"""Word the texts of a claim: one about a permit, or a digest about several."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from service.domain.law.rule import Language
from service.domain.messages.digest import (
    DIGEST,
    DIGEST_ITEM,
    MessagePart,
    digest_facts,
    digest_items,
)
from service.domain.messages.facts import (
    MOST_SEGMENTS,
    Facts,
    render_briefly,
    says_late,
)
from service.domain.messages.segments import measure
from service.flow.ports import TemplateLibrary


@dataclass(frozen=True, slots=True)
class TextWriter:
    """Words texts with one state of the templates."""

    templates: TemplateLibrary
    _says_late: dict[tuple[str, Language], bool] = field(
        default_factory=dict, init=False, compare=False
    )

    def without_unsaid_late(self, template: str, facts: Facts) -> Facts:
        """The facts without what being late costs, if the template does not say it.

        So a digest says neither more nor less than the texts it stands for.
        """
        if not facts.late:
            return facts
        key = template, facts.language
        if key not in self._says_late:
            render = partial(self.templates.render_sms, template)
            self._says_late[key] = says_late(render, facts)
        return facts if self._says_late[key] else replace(facts, late=None)

    def fits(self, bundle: Sequence[MessagePart]) -> bool:
        """Whether a digest of these parts fits into one SMS."""
        return measure(self._digest(bundle)).segments <= MOST_SEGMENTS

    def write(self, bundle: Sequence[MessagePart]) -> tuple[str, str]:
        """The template and the text of an SMS about these parts."""
        if len(bundle) > 1:
            return DIGEST, self._digest(bundle)
        [part] = bundle
        render = partial(self.templates.render_sms, part.template)
        return part.template, render_briefly(render, part.facts)

    def _digest(self, bundle: Sequence[MessagePart]) -> str:
        items = [
            self.templates.render_sms(DIGEST_ITEM, item)
            for item in digest_items(bundle)
        ]
        return self.templates.render_sms(DIGEST, digest_facts(bundle, items))
