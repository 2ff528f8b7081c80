"""Models of what imports changed: parameters and answers."""

import re
from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from service.domain.permits.permit_change import ChangeKind
from service.flow.permits.import_record import ChangeCursor, ImportChange
from service.web.api.pages import AFTER, Page, PageQuery

_CURSOR: Final = r"^[0-9]{1,15}-[0-9]{1,9}$"


def _read_cursor(value: object) -> ChangeCursor:
    if not re.fullmatch(_CURSOR, str(value)):
        raise ValueError
    row, place = str(value).split("-")
    return int(row), int(place)


_Kind = Annotated[
    ChangeKind, WithJsonSchema({"type": "string", "enum": list(ChangeKind)})
]
_Cursor = Annotated[
    ChangeCursor,
    BeforeValidator(_read_cursor),
    WithJsonSchema({"type": "string", "pattern": _CURSOR}),
]
_Value = str | bool | list[str] | None


class ChangesQuery(PageQuery):
    """Which page of changes."""

    after: _Cursor | None = Field(
        default=None, description=f"{AFTER}, or the `cursor` of a change"
    )


class ChangedField(BaseModel):
    """A field's values."""

    from_: _Value = Field(
        alias="from", description="the value before; null if there was none"
    )
    to: _Value = Field(description="the value since then; null if there is none")


class Change(BaseModel):
    """What an import did to a permit."""

    cursor: str = Field(
        description="its place among all changes; as `after`, those behind it follow"
    )
    import_id: str = Field(alias="import", description="the id of the import")
    at: datetime = Field(description="when it was stored")
    by: str = Field(description="who imported")
    authority: str = Field(description="the permit's office")
    rule: str = Field(description="the permit's type")
    number: str = Field(description="the permit's number; a personal one is masked")
    what: _Kind = Field(
        description="registered; changed; withdrawn; reopened after it was withdrawn "
        "or replaced; renewed, by a later expiry date or another permit"
    )
    fields: dict[str, ChangedField | None] = Field(
        description="the fields that changed; null where the values may be personal. "
        "`phones` are masked, `replaced` says whether another permit renews this one, "
        "and `series` names the law that dates it"
    )

    @classmethod
    def of(cls, change: ImportChange) -> "Change":
        """The change as the API shows it."""
        return cls.model_validate(
            {
                "cursor": "{}-{}".format(*change.cursor),
                "import": change.import_id,
                "at": change.at,
                "by": change.by,
                "authority": change.authority,
                "rule": change.rule,
                "number": change.number,
                "what": change.kind,
                "fields": {
                    name: values and {"from": values[0], "to": values[1]}
                    for name, values in change.fields.items()
                },
            }
        )


class ChangePage(Page[Change]):
    """Changes, the oldest first."""
