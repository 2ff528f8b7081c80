"""Rows of a file that state the same permit: repeated, or contradicting each other."""

from array import array
from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter
from typing import Final

from service.adapters.registers.register_row import RegisterRow
from service.domain.errors import InvalidError, Mistake
from service.domain.permits.filing import Filing
from service.domain.permits.permit import Permit, PermitStatus
from service.domain.permits.permit_fields import FIELDS
from service.domain.permits.phone import ContactRole
from service.domain.permits.row_permit import Withdrawal
from service.domain.untrusted.raw_fields import MOST_PHONES

_Named = Permit | Withdrawal | Filing

_Key = tuple[str, str, str]
"""(authority, rule, number): what identifies a permit."""

_Stated = tuple[int, int]
"""A line, and a hash of what it says of its permit but for the phones."""

_Phones = tuple[tuple[str, ContactRole | None], ...]
"""Phones as written, each with its role."""

_other_fields: Final = attrgetter(
    *(name for name in FIELDS if name not in {"holder", "phones"})
)

_PARTS: Final = 256
"""Parts in which equal names are looked for, each in little memory."""

_AGREED: Final = "one row, or the same in all rows of a permit"


class RowsByPermit:
    """What the rows of a file say of each permit, and the phones they add.

    Of a permit that stands in one row it keeps the hash of its name only: of a million
    permits 8 MB.
    """

    def __init__(self) -> None:
        self._hashes = [array("q") for _ in range(_PARTS)]
        self._first: dict[_Key, _Stated] = {}
        self._later: dict[_Key, list[_Stated]] = {}
        self._phones: dict[_Key, _Phones] = {}
        self._taken: set[_Key] = set()

    def add(self, row: RegisterRow) -> None:
        """Note which permit a row names."""
        if named := row.named:
            name = hash(_key(named))
            self._hashes[name % _PARTS].append(name)

    def compare(self, rows: Iterable[RegisterRow]) -> None:
        """Note what rows say of permits that several name, before one is checked.

        `rows` are all that were added; they are read only if there is such a permit.
        """
        repeated = {name for part in self._hashes for name in _find_repeated(part)}
        self._hashes.clear()
        if not repeated:
            return
        for row in rows:
            named = row.named
            if named and hash(_key(named)) in repeated:
                self._note(row, named)

    def _note(self, row: RegisterRow, named: _Named) -> None:
        key, stated = _key(named), (row.line, _content(named))
        if key not in self._first:
            self._first[key] = stated
            return
        self._later.setdefault(key, []).append(stated)
        phones = _phones_of(row.permit) if row.permit else ()
        self._phones[key] = (*self._phones.get(key, ()), *phones)

    def check(self, row: RegisterRow, where: str) -> RegisterRow:
        """Refuse a row that another one contradicts; mark one that says it again.

        Rows that differ only in their phones state one permit: the first of them gets
        the phones of all, in their order. Rows are checked once, in their order.
        """
        named = row.named
        if not self._later or named is None or _key(named) not in self._later:
            return row
        key, content = _key(named), _content(named)
        first = self._first[key]
        for line, other in (first, *self._later[key]):
            if other != content:
                found = f"other values than line {line}"
                error = InvalidError(where, [Mistake("number", found, _AGREED)])
                return replace(_unnamed(row), error=error, number=named.number)
        if key in self._taken:  # not by its line: a row may state a permit twice
            return replace(_unnamed(row), repeats=first[0])
        self._taken.add(key)
        if row.permit is None:
            return row
        contacts = _add_phones(_phones_of(row.permit), self._phones[key])
        return replace(row, permit=_with_phones(row.permit, contacts))


def _unnamed(row: RegisterRow) -> RegisterRow:
    return replace(row, permit=None, withdraws=None, filing=None)


def _find_repeated(names: Iterable[int]) -> set[int]:
    """Those that are there more than once."""
    seen, repeated = set[int](), set[int]()
    for name in names:
        (repeated if name in seen else seen).add(name)
    return repeated


def _key(named: _Named) -> _Key:
    if isinstance(named, Filing):  # a permit's renewal may be filed several times
        number = f"{named.number} {named.filed_on}"
        return named.authority or "", named.rule or "", number
    return named.authority, named.rule, named.number


def _content(permit: _Named) -> int:
    if isinstance(permit, Filing):
        return hash(permit.state)
    if isinstance(permit, Withdrawal) or permit.status is PermitStatus.WITHDRAWN:
        return hash(PermitStatus.WITHDRAWN)  # whatever else they say, they agree
    holder = " ".join(permit.holder.casefold().split())
    return hash((holder, _other_fields(permit)))


def _phones_of(permit: Permit) -> _Phones:
    roles = permit.phone_roles or (None,) * len(permit.phones)
    return tuple(zip(permit.phones, roles, strict=True))


def _with_phones(permit: Permit, contacts: _Phones) -> Permit:
    roles = tuple(role for _, role in contacts)
    phones = tuple(phone for phone, _ in contacts)
    return replace(permit, phones=phones, phone_roles=roles if any(roles) else ())


def _add_phones(phones: _Phones, more: _Phones) -> _Phones:
    """The phones with those of other rows, each once, however it is spelled."""
    by_digits: dict[str, tuple[str, ContactRole | None]] = {}
    for one, role in (*phones, *more):
        digits = "".join(filter(str.isdecimal, one)) or one
        by_digits.setdefault(digits, (one, role))
    return tuple(by_digits.values())[:MOST_PHONES]
