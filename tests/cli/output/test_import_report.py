from collections import Counter

from service.cli.output.import_report import Loaded, full_report
from service.flow.permits.import_register import ImportResult


def test_words_of_the_mapping_that_are_not_shown_are_counted() -> None:
    words = Counter({("skip", f"status: {at:02}"): 20 - at for at in range(12)})
    lines = full_report(ImportResult(decisions=words), Loaded("CSV", 9, (), ()))
    assert lines[2] == "20 rows: skip, as the mapping says for status: 00"
    assert lines[-1] == "and rows with 2 more words of the mapping"
    assert len(lines) == 2 + 10 + 1
