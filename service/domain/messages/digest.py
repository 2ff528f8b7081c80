"""One SMS about several permits: what it says, and who may share it.

Texts are joined where the same office tells the same phone of closings to come. A phone
that speaks for several holders is an agent's: it is told of "the permits you handle",
and no holder is named, as in every other text.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Final

from service.domain.law.rule import Language
from service.domain.messages.dates import format_day, format_edge
from service.domain.messages.facts import Facts

DIGEST: Final = "digest"
DIGEST_ITEM: Final = "digest-item"
DIGEST_TEMPLATES: Final = frozenset({DIGEST, DIGEST_ITEM})
"""Templates that no step has: they join what several steps tell."""


@dataclass(frozen=True, slots=True)
class MessagePart:
    """What one reminder would tell a phone; `at` is its place among those planned.

    `alone`: it shares its SMS with no other.
    """

    index: int
    office: str
    recipient: str
    holder: str
    alone: bool
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFacts:
    """Permits that one part of a digest names: alike but for their numbers."""

    language: Language
    certificate: str
    tails: str
    expires_on: date
    closes_on: date
    opens_on: date | None
    provisional: bool

    def template_values(self) -> Mapping[str, object]:
        """Give the facts under the same names, with the days as they are said."""
        opens_on = self._format_edge(self.opens_on) if self.opens_on else None
        return _field_values(self) | {
            "expires_on": format_day(self.expires_on, self.language),
            "closes_on": self._format_edge(self.closes_on),
            "opens_on": opens_on,
        }

    def _format_edge(self, day: date) -> str:
        return format_edge(
            day, self.expires_on, self.language, provisional=self.provisional
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFacts:
    """Everything a digest may say around its `items`.

    `late` and `action` are those of all its permits; None where they differ.
    """

    language: Language
    signature: str
    agent: bool
    addressee: str
    count: int
    items: str
    action: str | None
    late: str | None
    apply_at: str
    helpline: str
    opt_out: str

    def template_values(self) -> Mapping[str, object]:
        """Give the facts under the same names."""
        return _field_values(self)


ITEM_FACT_NAMES: Final = frozenset(one.name for one in fields(ItemFacts))
DIGEST_FACT_NAMES: Final = frozenset(one.name for one in fields(DigestFacts))


def bundle_parts(parts: Iterable[MessagePart]) -> list[list[MessagePart]]:
    """Put together what one SMS may say, in the order of the first of each."""
    found = dict[object, list[MessagePart]]()
    for one in parts:
        shared = (one.office, one.recipient, one.facts.language)
        found.setdefault(one.index if one.alone else shared, []).append(one)
    return list(found.values())


def digest_items(bundle: Sequence[MessagePart], today: date) -> list[ItemFacts]:
    """Name the permits of a digest, those alike together, what closes first first.

    A window is only said to open where it has not.
    """
    alike = dict[ItemFacts, list[str]]()
    for one in sorted(bundle, key=lambda it: it.facts.closes_on):
        alike.setdefault(_item(one.facts, today), []).append(one.facts.tail)
    joiner = {"zh": "、", "en": ", "}[bundle[0].facts.language]
    return [replace(it, tails=joiner.join(tails)) for it, tails in alike.items()]


def digest_facts(bundle: Sequence[MessagePart], items: Sequence[str]) -> DigestFacts:
    """Say what a digest says around its items, in the words of its first permit."""
    first = bundle[0].facts
    agent = len({one.holder for one in bundle}) > 1
    actions = {one.facts.action for one in bundle}
    lates = {one.facts.late for one in bundle}
    return DigestFacts(
        language=first.language,
        signature=first.signature,
        agent=agent,
        addressee=first.addressee,
        count=len(bundle),
        items={"zh": "；", "en": "; "}[first.language].join(items),
        action=first.action if len(actions) == 1 else None,
        late=first.late if len(lates) == 1 else None,
        apply_at=first.apply_at,
        helpline=first.helpline,
        opt_out=first.opt_out,
    )


def split_bundle(
    bundle: Sequence[MessagePart],
) -> tuple[list[MessagePart], list[MessagePart]]:
    """Cut a digest that is too long, what closes first into the first."""
    by_closing = sorted(bundle, key=lambda it: it.facts.closes_on)
    middle = (len(by_closing) + 1) // 2
    return by_closing[:middle], by_closing[middle:]


def _item(facts: Facts, today: date) -> ItemFacts:
    opens_on = facts.opens_on
    return ItemFacts(
        language=facts.language,
        certificate=facts.certificate,
        tails="",
        expires_on=facts.expires_on,
        closes_on=facts.closes_on,
        opens_on=opens_on if opens_on and opens_on > today else None,
        provisional=facts.provisional,
    )


def _field_values(facts: ItemFacts | DigestFacts) -> dict[str, object]:
    return {one.name: getattr(facts, one.name) for one in fields(facts)}
