"""What registers call the states of a permit, and our word for each."""

from collections.abc import Mapping
from typing import Final

_WORDS: Final[Mapping[str, str]] = {
    "active": "active, current, valid, in force, issued, granted, approved, registered,"
    "licensed, live, ok, renewed, good standing, clear, active renewed, operational,"
    "有效,正常,在用,存续,现行有效,生效,已发证,在业,开业,营业,在营,有效期内,延续,变更",
    "suspended": "suspended, on hold, inactive suspended, temporarily suspended,"
    "暂停,中止,停业,暂扣,停用,歇业,暂停营业,停产,暂停使用",
    "withdrawn": "inactive, expired, cancelled, canceled, revoked, surrendered, closed,"
    "lapsed, withdrawn, terminated, void, null and void, ceased, deceased, retired,"
    "out of business, superseded, transferred, not renewed, failed to renew, invalid,"
    "relinquished, disqualified, forfeited, voluntary surrender, inactive closed,"
    "注销,吊销,撤销,撤回,失效,过期,无效,作废,逾期,到期,超期,废止,依法注销,主动注销",
    "skip": "pending, applied, application, in process, under process, under review,"
    "draft, refused, rejected, denied, application withdrawn, new application,"
    "受理中,审批中,待审核,申请中,办理中,审核中,待审批,不予许可,未发证",
}
_OURS: Final = {
    word.strip(): ours for ours, words in _WORDS.items() for word in words.split(",")
}
_PREFIXES: Final = ("已被", "已经", "已", "被")
_SUFFIXES: Final = ("状态", "中")


def our_status(word: str) -> str | None:
    """Our word for a register's: active, suspended or withdrawn; None if unknown.

    "skip" for applications that are no permit. Inactive and expired count as withdrawn:
    nobody is reminded of a permit that its register no longer counts.
    """
    text = " ".join(word.casefold().replace("_", " ").replace("-", " ").split())
    text = text.removeprefix("licence ").removeprefix("license ")
    if found := _OURS.get(text):
        return found
    for prefix in _PREFIXES:
        text = text.removeprefix(prefix)
    for suffix in ("", *_SUFFIXES):
        if found := _OURS.get(text.removesuffix(suffix)):
            return found
    return None
