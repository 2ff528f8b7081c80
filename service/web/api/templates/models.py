"""A template as the API takes and shows it."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from service.domain.law.rule import Language
from service.web.api.parameter_types import Flag, Limit, PermitNumber, TextLine
from service.web.api.request_input import Parameters


class TemplatePath(Parameters):
    """Which template."""

    name: TextLine = Field(
        description="the name of a template", examples=["renewal-last-call"]
    )


class TemplatesQuery(Parameters):
    """Which templates, and how many at once."""

    after: TextLine | None = Field(
        default=None, description="`next` of the page before"
    )
    limit: Limit = 100


class SaveQuery(Parameters):
    """Whether saving is meant."""

    dry_run: Flag = Field(
        examples=[True],
        default=False,
        description="true or false: only say what it would come to",
    )
    permit: PermitNumber | None = Field(
        default=None, description="the number of a registered permit to show it with"
    )
    rule: TextLine | None = Field(
        default=None, description="its type, where several have"
    )
    authority: TextLine | None = Field(default=None, description="likewise")


class WordingFields(BaseModel):
    """Another text of a template."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "language": "zh",
                    "text": "【{{ signature }}】{{ certificate }}（尾号{{ tail }}）"
                    "{{ expires_on }}到期。如需{{ action }}，"
                    "建议最迟{{ closes_on }}（含当日）在{{ apply_at }}申请。"
                    "咨询{{ helpline }}，{{ opt_out }}",
                }
            ]
        },
    )

    language: Language = Field(description="the language of the text")
    text: str = Field(description="words, {{ fact }} and {% if fact %}")


class UsedVersion(BaseModel):
    """The version used in a language: 0 is the shipped one, by nobody."""

    model_config = ConfigDict(from_attributes=True)

    version: int = Field(description="its number; 0 is the shipped one")
    saved_at: datetime | None = Field(description="when; null for the shipped one")
    saved_by: str | None = Field(description="by whom; null for the shipped one")


class TemplateSummary(BaseModel):
    """A template in the list."""

    name: str = Field(description="its name")
    zh: UsedVersion = Field(description="the version used in Chinese")
    en: UsedVersion = Field(description="the version used in English")


class TemplatePage(BaseModel):
    """Templates in the order of their names."""

    items: list[TemplateSummary] = Field(description="the templates of this page")
    next: str | None = Field(description="`after` of the next page; null on the last")


class Wording(UsedVersion):
    """One version."""

    language: Language = Field(description="its language")
    text: str = Field(description="the whole text")


class Template(BaseModel):
    """A template: what it may say, and every text it ever had."""

    name: str = Field(description="its name")
    facts: list[str] = Field(description="what it may name as {{ fact }}")
    conditions: list[str] = Field(description="what it may ask by {% if fact %}")
    zh: str = Field(description="the text used")
    en: str = Field(description="the text used")
    versions: list[Wording] = Field(description="by language and number")


class SizedText(BaseModel):
    """A text as a phone shows it and as it is billed."""

    text: str = Field(description="the text")
    characters: int = Field(description="how many")
    encoding: Literal["GSM-7", "UCS-2"] = Field(description="how it is sent")
    units: int = Field(description="septets of GSM-7, or 16-bit units of UCS-2")
    segments: int = Field(description="the parts that are billed")
    forced_by: list[str] = Field(
        description="what forces an English text into UCS-2; Chinese always is"
    )


class RenderedExampleModel(SizedText):
    """The text that the holder of a permit gets."""

    rule: str = Field(description="the code of the permit type")
    authority: str = Field(description="the code of the authority")
    expires_on: date = Field(description="the expiry date")


class LongestText(SizedText):
    """The longest text that it can become."""

    of: str = Field(description="whose values make it so")


class SavedWording(BaseModel):
    """A version, and what it comes to."""

    name: str = Field(description="the name of the template")
    language: Language = Field(description="the language of the text")
    version: int = Field(description="its number, or the one that it would get")
    saved: bool = Field(description="false where it was only tried")
    preview: RenderedExampleModel | None = Field(
        description="for that permit, or one made up; null: there is none, or a digest"
    )
    longest: LongestText = Field(description="the longest text that it can become")
