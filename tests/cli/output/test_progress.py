from io import StringIO

from rich.console import Console

from service.cli.output.progress import show_progress, show_reading


def shown(*, in_terminal: bool) -> str:
    """What is written while ten rows are taken."""
    file = StringIO()
    console = Console(file=file, force_terminal=in_terminal, width=100)
    with show_progress(range(10), 10, console) as rows:
        assert [*rows] == [*range(10)]
    return file.getvalue()


def test_rows_and_their_number_are_shown_in_a_terminal() -> None:
    assert "10/10" in shown(in_terminal=True)


def test_nothing_is_written_where_nobody_watches() -> None:
    assert not shown(in_terminal=False)


def read(*, in_terminal: bool) -> str:
    """What is written while 2,500 rows are read; each is checked."""
    file, checked = StringIO(), list[None]()
    console = Console(file=file, force_terminal=in_terminal, width=100)
    with show_reading(lambda: checked.append(None), console) as check:
        for _ in range(2500):
            check()
    assert len(checked) == 2500
    return file.getvalue()


def test_rows_are_counted_while_a_file_is_read() -> None:
    assert "2,000 rows read" in read(in_terminal=True)
    assert not read(in_terminal=False)
