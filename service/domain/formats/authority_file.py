"""An authority file as parsed TOML becomes the tree of Authorities."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, fields
from functools import partial
from types import MappingProxyType
from typing import Final, Literal, TypeVar, get_args

from service.domain.errors import InvalidError
from service.domain.formats import values as reader
from service.domain.formats.table import Table
from service.domain.formats.version_file import parse_bilingual
from service.domain.law.authority import Authority, UnqualifiedDays
from service.domain.law.rule import LANGUAGES, BilingualText

UNQUALIFIED_DAYS: Final[tuple[UnqualifiedDays, ...]] = get_args(UnqualifiedDays)
WEEKDAYS: Final = (
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
)
DEFAULTS: Final = {field.name: field.default for field in fields(Authority)}

NO_AUTHORITIES: Final[Mapping[str, Authority]] = MappingProxyType({})

SendingDays = Literal["working"] | frozenset[int]
T = TypeVar("T")


def parse_authorities(
    values: Mapping[str, object],
    where: str,
    *,
    calendars: Collection[str],
    installed: Mapping[str, Authority] = NO_AUTHORITIES,
) -> dict[str, Authority]:
    """Read the offices of a file by their codes; `known` are installed already.

    Raises `InvalidError` at `where` with all the mistakes: unknown keys, values of
    the wrong form, calendars not among the known, a code given twice, parents that
    nobody knows or that go round in a circle, offices nobody sends for.
    """
    table = Table("", values)
    read = partial(_authority, calendars=calendars)
    offices = table.tables("authorities", read, least=1)
    table.refuse_unread()
    if not table.mistakes:
        placed = [(f"authorities[{at}].", one) for at, one in enumerate(offices, 1)]
        _refuse_bad_tree(table, placed, installed)
    if table.mistakes:
        raise InvalidError(where, table.mistakes)
    return {office.code: office for office in offices}


def parse_authority(
    values: Mapping[str, object],
    where: str,
    *,
    calendars: Collection[str],
    installed: Mapping[str, Authority],
) -> Authority:
    """Read one office, as `authorities_from` reads several."""
    table = Table("", values)
    office = _authority(table, calendars=calendars)
    table.refuse_unread()
    if not table.mistakes:
        _refuse_bad_tree(table, [("", office)], installed)
    if table.mistakes:
        raise InvalidError(where, table.mistakes)
    return office


def _authority(table: Table, *, calendars: Collection[str]) -> Authority:
    office = Authority(
        code=table.read("code", reader.slug),
        name=table.table("name", parse_bilingual),
        zone=table.read("zone", reader.zone),
        calendar=table.read("calendar", reader.one_of(calendars)),
        signature=table.table("signature", _signature),
        apply_at=table.table("apply_at", parse_bilingual),
        helpline=table.read("helpline", reader.text),
        opt_out=table.table("opt_out", parse_bilingual),
        sends_from=_read_or_default(table, "sends_from", reader.clock_time),
        sends_until=_read_or_default(table, "sends_until", reader.clock_time),
        sending_days=_read_or_default(table, "sending_days", _sending_days),
        language=_read_or_default(table, "language", reader.one_of(LANGUAGES)),
        unqualified_days=_read_or_default(
            table, "unqualified_days", reader.one_of(UNQUALIFIED_DAYS)
        ),
        margin_working_days=_read_or_default(
            table, "margin_working_days", reader.whole(0)
        ),
        parent=_read_or_default(table, "parent", reader.slug),
        sends=_read_or_default(table, "sends", reader.flag),
        sent_from=_read_or_default(table, "sent_from", reader.sender),
        messages_per_second=_read_or_default(table, "messages_per_second", reader.rate),
        segments_per_second=_read_or_default(table, "segments_per_second", reader.rate),
        daily_limit=_read_or_default(table, "daily_limit", reader.whole(1)),
        recipient_daily_limit=_read_or_default(
            table, "recipient_daily_limit", reader.whole(1)
        ),
    )
    if not table.mistakes and office.sends_until <= office.sends_from:
        table.add_mistake(
            "sends_until", office.sends_until, f"after {office.sends_from}"
        )
    return office


def _read_or_default(table: Table, key: str, read: Callable[[object], T]) -> T:
    return table.read(key, read, default=DEFAULTS[key])


def _signature(table: Table) -> BilingualText:
    return BilingualText(
        table.read("zh", _name_without_brackets),
        table.read("en", _name_without_brackets),
    )


def _name_without_brackets(value: object) -> str:
    name = reader.text(value)
    if "【" in name or "】" in name:
        expected = "the bare name: templates add 【】 where a language needs it"
        raise reader.ExpectedError(expected)
    return name


def _sending_days(value: object) -> SendingDays:
    if value == "working":
        return "working"
    if isinstance(value, list) and value and all(day in WEEKDAYS for day in value):
        return frozenset(WEEKDAYS.index(day) + 1 for day in value)
    expected = f'"working", or a list of {", ".join(WEEKDAYS)}'
    raise reader.ExpectedError(expected)


def _refuse_bad_tree(
    table: Table,
    offices: Sequence[tuple[str, Authority]],
    installed: Mapping[str, Authority],
) -> None:
    """Note what is wrong with where offices stand; each comes with its path."""
    new = {office.code: office for _, office in offices}
    tree = {**installed, **new}
    for here, office in offices:
        if new[office.code] is not office:
            table.add_mistake(f"{here}code", office.code, "a code given once")
        elif office.parent is not None and office.parent not in tree:
            expected = "the code of one in this file, or of one installed"
            table.add_mistake(f"{here}parent", office.parent, expected)
        elif _lineage(office, tree)[-1].parent in tree:
            table.add_mistake(f"{here}parent", office.parent, "no circle of parents")
        elif not any(one.sends for one in _lineage(office, tree)):
            table.add_mistake(f"{here}sends", office.sends, "true, here or further up")


def _lineage(office: Authority, tree: Mapping[str, Authority]) -> list[Authority]:
    """List an office and those above it; in a circle the last still has a parent."""
    line = [office]
    while (above := tree.get(line[-1].parent or "")) and len(line) <= len(tree):
        line.append(above)
    return line


def authority_to_dict(office: Authority) -> dict[str, object]:
    """Say an office as `authorities_from` reads it, in nothing but what JSON knows."""
    days = office.sending_days
    said = asdict(office) | {
        "zone": office.zone.key,
        "sends_from": office.sends_from.isoformat("minutes"),
        "sends_until": office.sends_until.isoformat("minutes"),
        "sending_days": days
        if days == "working"
        else [WEEKDAYS[day - 1] for day in sorted(days)],
    }
    return {name: value for name, value in said.items() if value is not None}
