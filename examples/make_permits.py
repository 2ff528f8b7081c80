"""Makes permits.csv: the register of a fictional province.

Run `python examples/make_permits.py`; the file is the same every time. It holds no real
data: the division code 990000 is not assigned, so neither are the permit, credit and
identity numbers that contain it, and the phones are +1 NXX 555-01NN, which are reserved
for fiction in North America. Their last two digits choose how the sandbox delivers.
"""

import csv
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from string import ascii_uppercase, digits
from zoneinfo import ZoneInfo

from service.adapters.calendars.holidays import calendars
from service.adapters.phones import read_phone
from service.adapters.rules.files import read_authorities, read_rules
from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.lawbook.law import Law
from service.domain.permits.permit_fields import FIELDS
from service.domain.permits.phone import PhoneLine
from service.domain.untrusted.check_characters import is_credit_code
from service.settings import shipped_folder

OFFICE = "990000"
ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2024, 1, 29, tzinfo=ZONE).astimezone(UTC)
SATURDAY = MONDAY + timedelta(days=5)
FIRST, LAST = date(2024, 2, 5), date(2028, 6, 30)


@dataclass(frozen=True)
class Kind:
    """A permit type: its rule, count, years of validity, number format and trade."""

    rule: str
    reminded: int
    years: int
    number: str
    trade: str


KINDS = (
    Kind("food-production-license", 168, 5, "SC10199000{n:06}", "食品厂"),
    Kind("food-business-license", 246, 5, "JY1990000{n:07}", "餐饮店"),
    Kind("inspection-testing-cma", 142, 6, "2499{n:08}", "检测有限公司"),
    Kind("special-equipment-production-license", 36, 4, "TS22990{n:03}-{y}", "机电厂"),
    Kind("cylinder-filling-license", 28, 4, "TS42990{n:03}-{y}", "燃气站"),
    Kind(
        "mobile-pressure-vessel-filling-license", 12, 4, "TS92990{n:03}-{y}", "气体厂"
    ),
    Kind("special-equipment-operator-certificate", 74, 4, "99000019900101{n:04}", ""),
    Kind("industrial-product-production-license", 41, 5, "XK16-990-{n:05}", "线缆厂"),
    Kind(
        "legal-metrology-institution-authorization", 6, 5, "临法计990{n:03}", "检定所"
    ),
    Kind("special-metrology-authorization", 9, 5, "临专计990{n:03}", "计量站"),
    Kind("food-workshop-registration-local", 57, 3, "LJXZF990000{n:05}", "作坊"),
    Kind("foreign-representative-office", 11, 3, "9900005{n:08}", "代表处"),
)

PER_REMINDED = 5.4
"""Permits without a reminder in the week, for each permit with one."""

UNSENT = 27
"""Permits due in the week whose holder has applied or has no mobile phone."""

FAILING = {91: 9, 92: 8, 94: 7, 95: 9}
"""Last two digits that the sandbox never delivers, with the number of permits."""

ORDINARY = range(90)
"""Last two digits of all others; 90 and 93 are left out, as they are retried."""

BRANCHES = {"food-business-license": 22, "special-equipment-operator-certificate": 9}
"""Further permits of holders with a reminder: one SMS covers both permits."""

TOWNS = ("临江", "清河", "云溪", "石桥", "南浦", "柳湾", "青枫", "白鹭")
NAMES = tuple("安福广和恒华嘉康利隆明宁鹏瑞盛泰通祥兴永裕元泽正")

COLUMNS = tuple(name for name in FIELDS if name != "district")


def main() -> None:
    """Write the file."""
    path = Path(__file__).with_name("permits.csv")
    rows = register()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} permits in {path.name}")


def register() -> list[dict[str, str]]:
    """Return the rows of the file, the same at every call."""
    return sorted(_permits(random.Random(830)), key=lambda row: row["number"])


def _permits(chance: random.Random) -> Iterator[dict[str, str]]:
    law = shipped_law()
    phones = _phones(chance)
    endings = [ending for ending, count in FAILING.items() for _ in range(count)]
    reminded = sum(kind.reminded for kind in KINDS)
    plan = endings + [None] * (reminded - len(endings))
    chance.shuffle(plan)
    unsent = chance.sample(range(len(KINDS) * 9), UNSENT)
    for index, kind in enumerate(KINDS):
        due, other = split(law, f"cn-{kind.rule}")
        spare = sum(index * 9 <= one < index * 9 + 9 for one in unsent)
        dates = [chance.choice(due) for _ in range(kind.reminded + spare)]
        dates += [
            chance.choice(other) for _ in range(round(kind.reminded * PER_REMINDED))
        ]
        for n, expires_on in enumerate(dates, start=1):
            row = _row(kind, n, expires_on, chance)
            if n <= kind.reminded:
                row["phones"] = _phone(phones, plan.pop())
            elif n <= kind.reminded + spare:
                row |= _unsent(n, phones)
            else:
                row["phones"] = _phone(phones, None)
            yield row
            if n <= BRANCHES.get(kind.rule, 0):
                number = kind.number.format(n=len(dates) + n, y=expires_on.year)
                yield row | {"number": number}


def shipped_law() -> Law:
    """Return the shipped rules with the office of the fictional province."""
    known = calendars()
    words = JinjaTemplateLibrary(shipped_folder("templates"))
    rules = read_rules(
        shipped_folder("schedules"), templates=words.step_templates(), calendars=known
    )
    offices = shipped_folder("examples") / "authorities.toml"
    return Law(rules, read_authorities(offices, calendars=known), known)


def split(law: Law, code: str) -> tuple[list[date], list[date]]:
    """Return the expiry dates with a step due in the week, and those without."""
    due: list[date] = []
    other: list[date] = []
    for offset in range((LAST - FIRST).days + 1):
        expires_on = FIRST + timedelta(days=offset)
        version = law.rule(code).version_for(expires_on)
        slots = law.ladder(code, version, OFFICE, expires_on).slots
        now = any(MONDAY <= slot.due_at < SATURDAY for slot in slots)
        (due if now else other).append(expires_on)
    return due, other


def _row(kind: Kind, n: int, expires_on: date, chance: random.Random) -> dict[str, str]:
    issued_on = expires_on.replace(year=expires_on.year - kind.years, day=1)
    row = {
        "authority": OFFICE,
        "rule": f"cn-{kind.rule}",
        "number": kind.number.format(n=n, y=expires_on.year),
        "holder": f"持证人{n:04}",
        "issued_on": str(issued_on),
        "expires_on": str(expires_on),
        "status": "active",
    }
    if kind.trade:
        name = "".join(chance.sample(NAMES, 2))
        row["holder"] = f"{chance.choice(TOWNS)}{name}{kind.trade}"
        row["holder_code"] = _credit_code(f"91990000MA{KINDS.index(kind):02}{n:05}")
    return row


def _credit_code(body: str) -> str:
    """The code with its check character."""
    codes = (f"{body}{check}" for check in f"{digits}{ascii_uppercase}")
    return next(filter(is_credit_code, codes))


def _unsent(n: int, phones: Mapping[int, list[str]]) -> dict[str, str]:
    if n % 2:
        return {"phones": _phone(phones, None), "renewal_filed_on": "2024-01-22"}
    return {"phones": "+18005550199"}


def _phones(chance: random.Random) -> dict[int, list[str]]:
    """Return fictional numbers by their last two digits, each used once."""
    areas = [area for area in range(201, 990) if _takes_texts(f"+1{area}5550100")]
    chance.shuffle(areas)
    return {
        ending: [f"+1{area}55501{ending:02}" for area in areas] for ending in range(100)
    }


def _phone(phones: Mapping[int, list[str]], ending: int | None) -> str:
    if ending is not None:
        return phones[ending].pop()
    most = max(ORDINARY, key=lambda one: len(phones[one]))
    return phones[most].pop()


def _takes_texts(number: str) -> bool:
    return read_phone(number, "US").line is PhoneLine.MOBILE


if __name__ == "__main__":
    main()
