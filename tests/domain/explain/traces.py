"""A small law to explain: a city counts the days, its province sends the texts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from service.adapters.calendars.holidays import china
from service.domain.explain.dates import build_trace
from service.domain.law.authority import Authority
from service.domain.law.period import Period
from service.domain.law.rule import BilingualText, Reference, Rule, Step, Version
from service.domain.lawbook.law import Law
from service.domain.lawbook.version_choice import (
    ExplainRequest,
    Revision,
    choose_version,
)
from tests.domain.offices import LINJIANG

CALENDARS = {"CN": china(2026)}
"""The calendar of November 2026, whatever is published since."""

PROVINCE = replace(LINJIANG, name=BilingualText("临江省", "Linjiang"))
CITY = replace(PROVINCE, code="990100", parent="990000", sends=False)
OFFICES = {one.code: one for one in (PROVINCE, CITY)}

LAST_CALL = Step("last-call", Period.parse("5 working days before closing"), "words")

CODE = "xx-permit"


def version(closes: str = "30 working days before expiry", **fields: Any) -> Version:  # noqa: ANN401 - fields
    """A version in force from 2000 on; its only step is a last call by default."""
    source = Reference("A law", "Article 1", date(2026, 11, 22), "read")
    usual: dict[str, Any] = {
        "in_force_from": date(2000, 1, 1),
        "steps": (LAST_CALL,),
        "reference": source,
    }
    if "opens" in fields:
        fields["opens"] = Period.parse(fields["opens"])
    return Version(rule=CODE, closes=Period.parse(closes), **(usual | fields))


def step(name: str, at: str, **fields: Any) -> Step:  # noqa: ANN401 - fields
    """A step of any template."""
    return Step(name, Period.parse(at), "words", **fields)


def law_of(*versions: Version, offices: Sequence[Authority] = (), **fields: Any) -> Law:  # noqa: ANN401 - fields
    """A law of one rule; `offices` replace the usual ones."""
    words = BilingualText("字", "word")
    rule = Rule(
        code=CODE,
        name=words,
        certificate=words,
        action=words,
        calendar="CN",
        holder="any",
        validity="5 years",
        number_tail=4,
        versions=versions,
        **fields,
    )
    changed = {one.code: one for one in offices}
    return Law({CODE: rule}, OFFICES | changed, CALENDARS)


def request(
    expires_on: str,
    authority: str = "990000",
    **fields: Any,  # noqa: ANN401 - fields
) -> ExplainRequest:
    """A request about an expiry date of the rule."""
    return ExplainRequest(CODE, authority, date.fromisoformat(expires_on), **fields)


def lines(
    law: Law, of: ExplainRequest, revisions: Sequence[Revision] = ()
) -> list[str]:
    """All lines of the explanation."""
    chosen = choose_version(law, of)
    reckoned = law.compute_ladder(of.rule, chosen, of.authority, of.expires_on)
    return [*build_trace(law, of, reckoned, revisions)]


def lines_with(subject: str, trace: Sequence[str]) -> list[str]:
    """The lines about one subject, without its name."""
    return [
        one.removeprefix(subject).lstrip(": ")
        for one in trace
        if one.startswith(subject)
    ]


def explain(
    version: Version,
    expires_on: str,
    subject: str = "",
    **office: Any,  # noqa: ANN401 - fields
) -> list[str]:
    """The lines about a subject, in an office with other settings than usual."""
    offices = [replace(PROVINCE, **office)]
    return lines_with(
        subject, lines(law_of(version, offices=offices), request(expires_on))
    )
