"""Headings of public registers of many fields and countries, with invented cells.

Each line is a heading, the kind of its cells and the permit field that it means.
"""

from collections.abc import Callable, Mapping
from typing import Final

_NAMES: Final = ("HARBOR VIEW", "ELM", "OKAFOR", "NORTHSIDE", "RIVERA", "CEDAR")
_ENDINGS: Final = ("LLC", "INC", "CORP.", "LTD")
_HAN: Final = ("福满楼餐饮", "味佳食品", "好邻居超市", "宏达商贸", "绿野科技", "晨光")

KINDS: Final[Mapping[str, Callable[[int], str]]] = {
    "code": lambda at: f"LIC-{10_000 + 37 * at}",
    "digits": lambda at: f"{4_000_000 + 91 * at}",
    "company": lambda at: f"{_NAMES[at % 6]} {_ENDINGS[at % 4]}",
    "公司": lambda at: f"青枫市{_HAN[at % 6]}有限公司",
    "person": lambda at: f"{_NAMES[at % 6]}, {_NAMES[(at + 2) % 6]}",
    "人": lambda at: "王李张刘陈杨"[at % 6] + "小明大伟丽"[at % 5] + "华",
    "later": lambda at: f"{2027 + at % 3}-{1 + at % 12:02d}-15",
    "earlier": lambda at: f"{2019 + at % 5}-{1 + at % 12:02d}-15",
    "birth": lambda at: f"{1960 + at}-{1 + at % 12:02d}-15",
    "us": lambda at: f"{1 + at % 12:02d}/{13 + at % 15:02d}/2027",
    "us-old": lambda at: f"{1 + at % 12:02d}/{13 + at % 15:02d}/2021",
    "phone": lambda at: f"(212) 555-{100 + at:04d}",
    "电话": lambda at: f"+1 978 555 {100 + at:04d}",
    "street": lambda at: f"{100 + 7 * at} OAK ST",
    "地址": lambda at: f"临江省青枫市解放路{10 + at}号",
    "city": lambda at: ("AUSTIN", "BOSTON", "RALEIGH")[at % 3],
    "zip": lambda at: f"{27_601 + at % 9}",
    "mail": lambda at: f"firm{at}@example.org",
    "status": lambda at: ("Active", "Expired", "Revoked")[at % 3],
    "状态": lambda at: ("有效", "注销", "过期")[at % 3],
    "words": lambda at: ("General", "Restricted", "Special")[at % 3],
    "机关": lambda _: "青枫市市场监督管理局",
    "row": lambda at: str(at + 1),
    "amount": lambda at: f"{1_000 + 10 * at}.50",
    "credit": lambda at: ("91990000MA0001000F", "91990000MA0001001J")[at % 2],
    "none": lambda _: "",
}

REGISTERS: Final[Mapping[str, str]] = {
    "Ontario, liquor": """
        Licence Number: code = number
        Licence Type: words
        Legal Entity Name: company = holder
        Premises Name: company
        Street Address: street
        City: city
        Postal Code: zip
        Endorsement(s): words
        Effective Date: earlier
        Issue Date: earlier = issued_on
        Expiry Date: later = expires_on
        Licence Status: status = status
    """,
    "Arizona, contractors": """
        Business Name: company = holder
        License Number: digits = number
        License Status: status = status
        Expiration Date: us = expires_on
        Business Phone: phone = phones
        Business City: city
        Business Zip Code: zip
    """,
    "Wellington, rentals": """
        license_fiscal_year: zip
        license_number: digits = number
        pcn: digits
        location_id: digits
        business_name: company = holder
        street_address: street
        business_phone_number_calc: phone = phones
        classification_description: words
        issue_date_mm_dd_yyyy: us-old = issued_on
        license_status: status = status
        license_expir_date: us = expires_on
        zip_code: zip
        email_address: mail
    """,
    "New York State, wildlife control": """
        state: city
        county: city
        licensee_name: person = holder
        business_name: company
        business_phone: phone = phones
        licenses_effective_date: us-old = issued_on
        license_expiration_date: us = expires_on
        license_type: words
        license_number: code = number
    """,
    "Raleigh, liquor": """
        license_number: code = number
        date_issued_or_applied_for: us-old = issued_on
        license_type: words
        license_status: status = status
        trade_name: company
        owner: company = holder
        manager: person
        phone_number: phone = phones
        serialid: digits
        expires: us = expires_on
    """,
    "Boston, food": """
        businessName: company = holder
        dbaName: company
        ownerLast: person
        address: street
        city: city
        zip: zip
        licStatus: status = status
        licenseCat: words
        descript: words
        licenseNo: digits = number
        expDtTm: us = expires_on
        dayPhone: phone = phones
    """,
    "work safety, China": """
        发证机关名称: 机关
        许可证书有效截止日期: later = expires_on
        许可证书有效起始日期: earlier
        企业生产地址: 地址
        经营范围: words
        主要负责人姓名: 人
        许可证编号: code = number
        工商注册号/统一社会信用代码: credit = holder_code
        企业全称（中文）: 公司 = holder
        发证日期: earlier = issued_on
    """,
    "credit portal, China": """
        行政许可决定书文号: code
        行政相对人名称: 公司 = holder
        统一社会信用代码: credit = holder_code
        法定代表人: 人
        许可证书名称: words
        许可编号: code = number
        许可决定日期: earlier = issued_on
        有效期自: earlier
        有效期至: later = expires_on
        许可机关: 机关
        当前状态: 状态 = status
    """,
    "liquor wholesalers, China": """
        序号: row
        经营单位名称: 公司 = holder
        经营场所: 地址
        邮政编码: zip
        法定代表人: 人
        企业负责人: 人
        电话(手机)号: 电话 = phones
        成立日期: birth
        证号: code = number
        登记日期: earlier = issued_on
        到期日: later = expires_on
        监管单位: 机关
        监管人员: 人
    """,
    "nurses, China": """
        姓名: 人 = holder
        性别: words
        出生日期: birth
        执业证书编号: digits = number
        执业地点: 公司
        首次注册日期: earlier
        注册日期: earlier = issued_on
        有效期截止日期: later = expires_on
        手机: 电话 = phones
    """,
    "Queensland, electrical": """
        Licence No: digits = number
        Licensee: company = holder
        ABN: digits = holder_code
        Licence Class: words
        Date Licence Granted: earlier = issued_on
        Licence Expiry Date: later = expires_on
        Licence Status: status = status
        Suburb: city
        Contact Phone: phone = phones
        Contact Email: mail
    """,
    "Toronto, taxis": """
        Category: words
        Licence No.: code = number
        Operating Name: company
        Issued: earlier = issued_on
        Client Name: person = holder
        Business Phone: phone = phones
        Business Phone Ext.: none
        Licence Address Line 1: street
        Conditions: words
        Cancel Date: none
        Expiry: later = expires_on
    """,
    "an office's own list": """
        No.: row
        Permit #: code = number
        Permit holder: company = holder
        From: earlier = issued_on
        To: later = expires_on
        Fee: amount
        Fax: phone
        Tel: phone = phones
        Remarks: words
    """,
}


def columns(register: str) -> list[tuple[str, str, str | None]]:
    """The headings of a register with the kind of their cells and their field."""
    found = []
    for line in REGISTERS[register].strip().splitlines():
        heading, _, rest = line.strip().rpartition(": ")
        kind, _, field = rest.partition(" = ")
        found.append((heading, kind, field or None))
    return found
