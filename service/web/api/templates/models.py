"""Models of templates: parameters, request body, answers."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.domain.law.rule import Language
from service.formats.file_model import Expected
from service.web.api.pages import CodePageQuery, Page
from service.web.api.parameter_types import Flag, PermitNumber, TextLine
from service.web.api.request_input import Parameters


class TemplatePath(Parameters):
    """Which template."""

    name: TextLine = Field(
        description="the name of a template", examples=["renewal-last-call"]
    )


class TemplatesQuery(CodePageQuery):
    """Which page of the templates."""


class SaveQuery(Parameters):
    """Whether to save, and the permit of the preview."""

    dry_run: Flag = Field(
        examples=[True],
        default=False,
        description="true or false: true shows the result and saves nothing",
    )
    permit: PermitNumber | None = Field(
        default=None, description="the number of a registered permit for the preview"
    )
    rule: TextLine | None = Field(
        default=None,
        description="the code of its permit type, if several permits have that number",
    )
    authority: TextLine | None = Field(
        default=None,
        description="the code of its authority, if several permits have that number",
    )


class WordingFields(BaseModel):
    """A new text of a template."""

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
    text: Annotated[str, Expected("the text of a template")] = Field(
        description="the text, with {{ fact }} and {% if fact %}"
    )


class UsedVersion(BaseModel):
    """The version in use."""

    model_config = ConfigDict(from_attributes=True)

    version: int = Field(description="the number of the version; 0 is the shipped text")
    saved_at: datetime | None = Field(
        description="when it was saved; null for the shipped text"
    )
    saved_by: str | None = Field(description="who saved it; null for the shipped text")


class TemplateSummary(BaseModel):
    """A template in the list."""

    name: str = Field(description="the name of the template")
    zh: UsedVersion = Field(description="the Chinese version in use")
    en: UsedVersion = Field(description="the English version in use")


class TemplatePage(Page[TemplateSummary]):
    """Templates in the order of their names."""


class Wording(UsedVersion):
    """A version of a template."""

    language: Language = Field(description="the language of the text")
    text: str = Field(description="the whole text")


class Template(BaseModel):
    """A template: what its text may contain, and every version."""

    name: str = Field(description="the name of the template")
    facts: list[str] = Field(description="the facts that a text may use as {{ fact }}")
    conditions: list[str] = Field(
        description="the facts that a text may test with {% if fact %}"
    )
    zh: str = Field(description="the Chinese text in use")
    en: str = Field(description="the English text in use")
    versions: list[Wording] = Field(description="every version, by language and number")


class SizedText(BaseModel):
    """A text and its size as an SMS."""

    text: str = Field(description="the text")
    characters: int = Field(description="number of characters")
    encoding: Literal["GSM-7", "UCS-2"] = Field(description="the SMS encoding")
    units: int = Field(description="size in septets (GSM-7) or 16-bit units (UCS-2)")
    segments: int = Field(description="number of billed segments")
    forced_by: list[str] = Field(
        description="characters that force an English text into UCS-2; empty for "
        "Chinese, "
        "which always is"
    )


class ExampleText(SizedText):
    """The text for the holder of one permit."""

    rule: str = Field(description="the code of the permit type")
    authority: str = Field(description="the code of the authority")
    expires_on: date = Field(description="the expiry date")


class LongestText(SizedText):
    """The longest text that the template can produce."""

    of: str = Field(
        description="the rule and authority whose values make it the longest"
    )


class SavedWording(BaseModel):
    """A saved or previewed version, and its texts."""

    name: str = Field(description="the name of the template")
    language: Language = Field(description="the language of the text")
    version: int = Field(
        description="the number of the version, or the number it would get"
    )
    saved: bool = Field(description="false if it was only previewed")
    preview: ExampleText | None = Field(
        description="the text for the named permit or for an example; null for a "
        "digest, or "
        "if no rule uses the template"
    )
    longest: LongestText = Field(description="the longest text that it can produce")
