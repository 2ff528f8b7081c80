from service.domain.register_columns.columns import Known
from service.domain.register_columns.known_codes import KnownCode
from service.domain.register_columns.questions import ask
from service.domain.register_columns.suggestion import (
    SuggestedMapping,
    suggest_mapping,
)
from tests.domain.register_columns.headings_seen import KINDS, REGISTERS, columns

KNOWN = Known(
    rules=[
        KnownCode("cn-food-business-license", ("食品经营许可",), ("Food business",)),
        KnownCode(
            "cn-food-production-license", ("食品生产许可",), ("Food production",)
        ),
        KnownCode("us-nyc-parking", ("停车场许可",), ("Garage and parking lot",)),
        KnownCode("us-tx-occ-1071", ("土地测量师执照",), ("Land surveyors",)),
    ],
    offices=[KnownCode("990000", ("临江省市场监督管理局",), ("Linjiang",))],
)
ROWS = 30


def suggest(
    *described: tuple[str, str], hints: tuple[str, ...] = ()
) -> SuggestedMapping:
    """Suggest a mapping for headings, each with its kind of cells or its words."""
    rows = [[_cell(kind, at) for _, kind in described] for at in range(ROWS)]
    return suggest_mapping([heading for heading, _ in described], rows, KNOWN, hints)


def _cell(kind: str, at: int) -> str:
    words = kind.split("|")
    return KINDS[kind](at) if kind in KINDS else words[at % len(words)]


def fields(mapping: SuggestedMapping) -> dict[str, str | None]:
    return {one.heading: one.field for one in mapping.columns}


MINIMUM = (("Licence No", "code"), ("Name", "company"), ("Expires", "later"))


def test_nineteen_in_twenty_columns_of_public_registers_are_right() -> None:
    right = total = 0
    for register in REGISTERS:
        seen = columns(register)
        found = suggest(*((heading, kind) for heading, kind, _ in seen))
        for (_, _, field), column in zip(seen, found.columns, strict=True):
            total += 1
            right += column.field == field
    assert total > 130
    assert right / total >= 0.95


def test_cells_alone_tell_what_headings_do_not_but_never_an_issue_date() -> None:
    described = ("code", "company", "earlier", "later", "phone", "credit", "status")
    found = suggest(*((f"field{at}", kind) for at, kind in enumerate(described)))
    assert [one.field for one in found.columns] == [
        "number",
        "holder",
        None,  # it decides which law governs
        "expires_on",
        "phones",
        "holder_code",
        "status",
    ]


def test_a_heading_does_not_make_a_date_of_words() -> None:
    found = suggest(*MINIMUM, ("Issue date", "words"))
    assert fields(found)["Issue date"] is None


def test_persons_identity_numbers_are_kept_out_whatever_the_heading_says() -> None:
    person, code = "110101180106051016", "91990000MA0001000F"
    found = suggest(*MINIMUM, ("统一社会信用代码", f"{code}|{code}|{person}"))
    assert fields(found)["统一社会信用代码"] is None
    assert [one for one in ask(found) if "identity numbers" in one]


def test_a_permit_number_with_a_region_and_a_date_is_no_identity_number() -> None:
    # One in eleven of them has the check character of an identity number.
    numbers = "|".join(f"1101012024010{at:05}" for at in range(ROWS))
    found = suggest(*MINIMUM[1:], ("许可证编号", numbers))
    assert fields(found)["许可证编号"] == "number"


def test_a_column_of_types_that_mean_one_rule_becomes_a_constant() -> None:
    found = suggest(*MINIMUM, ("Category", "Garage|Parking Lot"))
    assert (found.rule, found.rule_said) == ("us-nyc-parking", "Category")
    assert fields(found)["Category"] is None


def test_a_column_of_types_that_mean_several_rules_decides_row_by_row() -> None:
    found = suggest(
        *MINIMUM, ("许可事项", "食品经营许可证|食品生产许可证|食品摊贩备案")
    )
    assert found.rule is None
    assert fields(found)["许可事项"] == "rule"
    assert found.rule_words is not None
    assert found.rule_words.sure == {
        "食品经营许可证": "cn-food-business-license",
        "食品生产许可证": "cn-food-production-license",
    }
    assert [*found.rule_words.nearest] == ["食品摊贩备案"]


def test_the_name_of_the_file_may_tell_the_rule() -> None:
    assert suggest(*MINIMUM, hints=("land-surveyors-2026",)).rule == "us-tx-occ-1071"


def test_a_rule_that_nothing_tells_is_the_first_question() -> None:
    found = suggest(*MINIMUM, ("Licence type", "General|Restricted"))
    assert found.missing == ["rule"]
    first = next(ask(found))
    assert first.startswith("which rule")
    assert "'General', 'Restricted'" in first


def test_an_english_register_finds_no_chinese_law() -> None:
    assert suggest(*MINIMUM, ("Type", "Food business")).rule is None


def test_an_office_is_known_by_its_name() -> None:
    found = suggest(*MINIMUM, ("发证机关", "临江省市场监督管理局"))
    assert fields(found)["发证机关"] == "authority"
    assert found.office_words is not None
    assert found.office_words.sure == {"临江省市场监督管理局": "990000"}


def test_unknown_statuses_are_questions() -> None:
    found = suggest(*MINIMUM, ("Status", "Active|Probation"))
    assert found.states == {"Active": "active", "Probation": None}
    assert "which status is 'Probation'?" in [*ask(found)]


def test_a_question_masks_long_digits_as_a_mistake_does() -> None:
    found = suggest(*MINIMUM, ("Status", "Active|Tel 3012125550142778"))
    assert "which status is 'Tel 301*********2778'?" in [*ask(found)]


def test_one_column_may_decide_the_order_of_day_and_month_for_another() -> None:
    found = suggest(*MINIMUM[:2], ("Issued", "02/03/2021"), ("Expires", "us"))
    issued = found.column_of("issued_on")
    assert issued is not None
    assert issued.cells.dates.formats == ("%m/%d/%Y",)


def test_a_register_without_rows_is_judged_by_its_headings() -> None:
    found = suggest_mapping(["Licence No", "Licensee", "Expiry date"], [], KNOWN)
    assert found.missing == ["rule"]
