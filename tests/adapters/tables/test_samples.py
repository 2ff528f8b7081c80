"""What is read from look-alikes of real exports, held to a golden file.

`python -m tests.adapters.tables.test_samples` prints what is read now.
"""

from collections.abc import Iterator
from pathlib import Path

from service.adapters.tables.table import TableHints
from service.adapters.tables.table_file import open_table

FOLDER = Path(__file__).parents[2] / "samples" / "registers" / "formats"
GOLDEN = FOLDER / "read.txt"

HINTS = TableHints(
    columns=["Licence No", "Trading name", "Expires", "Office", "证书编号", "有效期至"],
    required=["Licence No", "Expires"],
)


def describe_samples() -> Iterator[str]:
    for path in sorted(FOLDER.iterdir()):
        if path == GOLDEN:
            continue
        with open_table(path, HINTS) as table:
            yield f"{path.name}: {table.form}"
            yield f"  header {table.header}"
            for row in table.rows:
                yield f"  {row.line} {row.error or row.cells}"


def test_registers_are_read_as_their_golden_file_says() -> None:
    assert [*describe_samples()] == GOLDEN.read_text("utf-8").splitlines()


if __name__ == "__main__":
    for line in describe_samples():
        print(line)  # noqa: T201 - the new golden file
