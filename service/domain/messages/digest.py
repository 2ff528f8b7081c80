"""A digest: one SMS about several permits.

Texts of one office to one phone are joined if they are about closings to come. If the
permits have different holders, the phone is an agent's: the digest says "the permits
you handle". No text names a holder.
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
"""Templates that no step uses: they join the texts of several steps."""


@dataclass(frozen=True, slots=True)
class MessagePart:
    """The text of one reminder, before texts are joined.

    `index` is its position among the reminders of the claim; `holder` a key that is
    equal for permits of one holder. `alone`: it must not share an SMS.
    """

    index: int
    office: str
    recipient: str
    holder: str
    alone: bool
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFacts:
    """What one item of a digest says: permits that differ only in their numbers."""

    language: Language
    certificate: str
    tails: str
    expires_on: date
    closes_on: date
    opens_on: date | None
    provisional: bool

    def template_values(self) -> Mapping[str, object]:
        """The facts by name, with days in words."""
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
    """What a digest may say around its `items`.

    `agent`: the permits have several holders. `late` and `action` are None if they are
    not the same for all permits.
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
        """The facts by name."""
        return _field_values(self)


ITEM_FACT_NAMES: Final = frozenset(fact.name for fact in fields(ItemFacts))
DIGEST_FACT_NAMES: Final = frozenset(fact.name for fact in fields(DigestFacts))


def bundle_parts(parts: Iterable[MessagePart]) -> list[list[MessagePart]]:
    """Group the parts that may share an SMS, in the order of each group's first."""
    bundles = dict[object, list[MessagePart]]()
    for part in parts:
        shared_key = (part.office, part.recipient, part.facts.language)
        bundles.setdefault(part.index if part.alone else shared_key, []).append(part)
    return list(bundles.values())


def digest_items(bundle: Sequence[MessagePart], today: date) -> list[ItemFacts]:
    """The items of a digest, earliest closing first; similar permits make one item.

    An item names the opening only if it is after `today`.
    """
    tails_by_item = dict[ItemFacts, list[str]]()
    for part in sorted(bundle, key=lambda part: part.facts.closes_on):
        item = _item(part.facts, today)
        tails_by_item.setdefault(item, []).append(part.facts.tail)
    joiner = {"zh": "、", "en": ", "}[bundle[0].facts.language]
    return [
        replace(item, tails=joiner.join(tails)) for item, tails in tails_by_item.items()
    ]


def digest_facts(bundle: Sequence[MessagePart], items: Sequence[str]) -> DigestFacts:
    """The facts around a digest's items; the office's words are from its first part."""
    first = bundle[0].facts
    agent = len({part.holder for part in bundle}) > 1
    actions = {part.facts.action for part in bundle}
    lates = {part.facts.late for part in bundle}
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
    """Cut a digest that is too long in two halves, the earlier closings first."""
    by_closing = sorted(bundle, key=lambda part: part.facts.closes_on)
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
    return {fact.name: getattr(facts, fact.name) for fact in fields(facts)}
