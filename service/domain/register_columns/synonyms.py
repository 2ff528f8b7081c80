"""The words of headings by permit field, in Chinese and English: one table.

English phrases stand in the words of `WORDS`: licence for license, permit, certificate
and registration, number for no., nbr and #, and so on.
"""

from collections.abc import Mapping
from typing import Final

from service.domain.permits.phone import ContactRole

SYNONYMS: Final[Mapping[str, Mapping[float, str]]] = {
    "number": {
        1.0: "许可证编号, 许可证号, 许可证书编号, 许可编号, 证书编号, 证书号, "
        "登记证编号, 登记证号, 注册证编号, 注册证号, 批准文号, 执照编号, 证照编号, "
        "证件编号, 资格证号, 备案编号, licence number",
        0.9: "record number, licence reference, licence id",
        0.8: "登记编号, 证号, reference number, number",
        0.7: "编号, 决定书文号, 文号, licence code",
        0.6: "licence, reference",
    },
    "holder": {
        1.0: "经营者名称, 持证人, 持证单位, 持有人, 被许可人, 相对人名称, licensee, "
        "licensee name, licence holder, holder name, holder",
        0.9: "企业名称, 单位名称, 公司名称, 机构名称, 生产者名称, 主体名称, "
        "business name, legal name, legal entity name, entity name, company name, "
        "organization name, firm name, full name",
        0.88: "姓名, operator name, landlord name, proprietor name, client name, "
        "registrant name, permittee",
        0.85: "名称, 商户名称, 企业全称, name, owner name, establishment name",
        0.8: "申请人, owner, applicant name, facility name, licensee business",
        0.6: "店名, 字号, trade name, trading name, doing business as, dba, "
        "premises name",
    },
    "expires_on": {
        1.0: "有效期至, 有效期止, 有效期限至, 有效期到, 截止日期, 截止期, 到期日期, "
        "到期日, 到期时间, 届满日期, 失效日期, 有效期届满, expiry date, expiry",
        0.95: "有效截止, valid until, valid to, valid upto, valid till, valid through",
        0.8: "终止日期, 有效日期, end date, ends, end",
        0.7: "有效期, 有效期限, licence term, due date",
        0.6: "to, until",
    },
    "issued_on": {
        1.0: "发证日期, 发证时间, 颁发日期, 签发日期, 核发日期, 发照日期, 颁证日期, "
        "issue date",
        0.95: "许可决定日期, grant date, issue",
        0.85: "批准日期, 决定日期, 许可日期, 有效期自, 有效期起, 有效起始, "
        "有效期开始, 起始日期, 生效日期, valid from, effective date",
        0.8: "start date, commencement date, begin date",
        0.7: "登记日期, 注册日期, creation date, approval date, grant",
        0.6: "from, licence date, start",
    },
    "phones": {
        1.0: "手机号码, 手机号, 手机, 移动电话, mobile, mobile phone, mobile number",
        0.95: "联系电话, 联系人电话, 电话号码, phone, phone number",
        0.9: "电话, 联系方式",
        0.8: "contact number, contact phone, business phone",
        0.5: "固定电话, 座机",
    },
    "holder_code": {
        1.0: "统一社会信用代码, 社会信用代码, 统一信用代码, 信用代码, "
        "unified social credit code, uscc",
        0.85: "组织机构代码, 工商注册号, 营业执照号, company number, abn, acn, cin, "
        "company licence number",
    },
    "status": {
        1.0: "状态, 证书状态, 许可证状态, 许可状态, 当前状态, 证照状态, status, "
        "licence status",
        0.7: "经营状态, 有效性",
    },
    "renewal_filed_on": {
        1.0: "延续申请日期, 延续受理日期, 续期申请日期, 续展申请日期, renewal filed, "
        "renewal application date, renewal received",
        0.7: "受理日期",
    },
    "replaces": {
        1.0: "原许可证编号, 原许可证号, 原证书编号, 原证号, 旧证号, 上一许可证编号, "
        "previous licence number, former licence number, old licence number, replaces",
    },
    "rule": {
        1.0: "许可类别, 许可证类别, 许可证类型, 许可类型, 证书类型, 证书类别, "
        "证照类型, 许可证名称, 许可证书名称, 证书名称, 证照名称, 许可事项, "
        "licence type, rule",
        0.9: "licence category, licence class, licence description",
        0.7: "业务类型, 许可项目, 类型, 类别, type, category, profession, occupation",
        0.6: "industry",
    },
    "authority": {
        1.0: "发证机关, 许可机关, 发证机构, 登记机关, 颁发机关, 审批机关, 核发机关, "
        "issue authority, licence authority, authority",
    },
    "district": {
        1.0: "行政区划代码, 行政区划码, 区划代码, 行政区划编码, 行政区代码, "
        "地区代码, 属地代码, district code, division code",
        0.6: "行政区划, 所属区划",
    },
    "language": {
        1.0: "语言, language, preferred language",
    },
}
"""By permit field: words and phrases of headings, by how surely they mean it, of 1."""

OTHER_WORDS: Final[Mapping[str, str]] = {
    "number": "申请 受理 序号 档案 原许可 原证 旧证 组织机构 营业执照 身份证 电话 "
    "手机 信用代码 application master account serial sequence company business tax "
    "building street phone mobile contact previous former old parcel ward vat gst "
    "house",
    "holder": "法定代表 法人 负责人 联系人 签发人 经办 监管 监督 机关 证书名称 "
    "许可证名称 产品 地址 电话 address email contact representative agent manager "
    "officer phone mobile authority document type number",
    "expires_on": "身份证 insurance bond previous",
    "issued_on": "首次 初次 成立 出生 original first initial birth print",
    "phones": "投诉 举报 监督 传真 机关 服务 客服 fax complaint helpline authority "
    "type",
    "holder_code": "代表 负责人 行业 地区 postal",
    "status": "申请 婚姻 审批 日期 date reason application marital",
    "rule": "申请 企业类型 holder organization entity vehicle premises",
    "authority": "名单 日期",
}
"""By permit field: words beside which a heading means something else."""

ROLES: Final[Mapping[ContactRole, str]] = {
    ContactRole.REPRESENTATIVE: "法定代表, 法人, legal representative",
    ContactRole.MANAGER: "负责人, 经理, manager, person in charge",
    ContactRole.AGENT: "经办, 代理, 委托, 代办, agent",
}
"""By role: what the headings of phones call the contact."""

WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("license", "lic", "permit", "certificate", "cert", "registration", "reg"),
        "licence",
    ),
    **dict.fromkeys(("licensing", "licenses", "licences", "licenced"), "licence"),
    **dict.fromkeys(("no", "nbr", "num", "nr", "#", "numbers"), "number"),
    **dict.fromkeys(
        ("exp", "expir", "expires", "expiration", "expire", "expiring"), "expiry"
    ),
    **dict.fromkeys(("dt", "dd", "dttm", "day", "on"), "date"),
    **dict.fromkeys(("issued", "issuance", "issuing"), "issue"),
    **dict.fromkeys(("granted",), "grant"),
    **dict.fromkeys(("created",), "creation"),
    **dict.fromkeys(("tel", "telephone", "ph", "phones", "phn"), "phone"),
    **dict.fromkeys(("cell", "cellphone", "mob", "cellular"), "mobile"),
    **dict.fromkeys(("nm", "names"), "name"),
    **dict.fromkeys(("organisation", "org"), "organization"),
    **dict.fromkeys(("ref",), "reference"),
    **dict.fromkeys(("desc",), "description"),
    **dict.fromkeys(("stat",), "status"),
    **dict.fromkeys(("cat",), "category"),
    **dict.fromkeys(("e-mail", "mail"), "email"),
}
"""One spelling for words that headings write in several."""
