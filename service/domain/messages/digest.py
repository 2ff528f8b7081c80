"""A digest: one SMS about several permits.

Texts of one office to one phone are joined if they say the same of different permits:
the same template, action, price of being late, place to apply and number to call. If
the permits have different holders, the phone is an agent's: the digest says "the
permits you handle". No text names a holder.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    equal for permits of one holder. `alone`: it must not share an SMS. `template` is
    the wording it has alone.
    """

    index: int
    template: str
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
        return format_edge(day, self.expires_on, self.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFacts:
    """What a digest may say around its `items`.

    `agent`: the permits have several holders. `opened`: all their openings have passed.
    """

    language: Language
    signature: str
    agent: bool
    addressee: str
    count: int
    items: str
    opened: bool
    action: str
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
        key = part.index if part.alone else (part.office, part.recipient, _frame(part))
        bundles.setdefault(key, []).append(part)
    return list(bundles.values())


def digest_items(bundle: Sequence[MessagePart]) -> list[ItemFacts]:
    """The items of a digest, earliest closing first; similar permits make one item."""
    tails_by_item = dict[ItemFacts, list[str]]()
    for part in sorted(bundle, key=lambda part: part.facts.closes_on):
        item = _item(part.facts)
        tails_by_item.setdefault(item, []).append(part.facts.tail)
    joiner = {"zh": "、", "en": ", "}[bundle[0].facts.language]
    return [
        replace(item, tails=joiner.join(tails)) for item, tails in tails_by_item.items()
    ]


def digest_facts(bundle: Sequence[MessagePart], items: Sequence[str]) -> DigestFacts:
    """The facts around a digest's items; all its parts have the same."""
    first = bundle[0].facts
    agent = len({part.holder for part in bundle}) > 1
    return DigestFacts(
        language=first.language,
        signature=first.signature,
        agent=agent,
        addressee=first.addressee,
        count=len(bundle),
        items={"zh": "；", "en": "; "}[first.language].join(items),
        opened=first.opened,
        action=first.action,
        late=first.late,
        apply_at=first.apply_at,
        helpline=first.helpline,
        opt_out=first.opt_out,
    )


def split_bundle(
    bundle: Sequence[MessagePart], fits: Callable[[Sequence[MessagePart]], bool]
) -> Iterator[list[MessagePart]]:
    """Split a bundle, earliest closing first, into pieces as large as fit in an SMS.

    `fits` is asked about pieces of two and more parts.
    """
    piece = list[MessagePart]()
    for part in sorted(bundle, key=lambda part: part.facts.closes_on):
        if piece and not fits([*piece, part]):
            yield piece
            piece = []
        piece.append(part)
    if piece:
        yield piece


def _frame(part: MessagePart) -> tuple[object, ...]:
    """What a text says of more than its own permit; equal for all parts of a digest."""
    facts = part.facts
    contact = (facts.apply_at, facts.helpline)
    return (
        part.template,
        facts.language,
        facts.opened,
        facts.action,
        facts.late,
        contact,
    )


def _item(facts: Facts) -> ItemFacts:
    return ItemFacts(
        language=facts.language,
        certificate=facts.certificate,
        tails="",
        expires_on=facts.expires_on,
        closes_on=facts.closes_on,
        opens_on=facts.opens_on,
        provisional=facts.provisional,
    )


def _field_values(facts: ItemFacts | DigestFacts) -> dict[str, object]:
    return {fact.name: getattr(facts, fact.name) for fact in fields(facts)}
