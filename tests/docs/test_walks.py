"""The walks of docs/architecture.md lead through code that exists, and are short."""

import ast
from itertools import groupby

import pytest

from tests.docs.pages import ROOT
from tests.docs.walks import WALKS

MAX_FILES = 12
MAX_FILES_TO_SLOT = 10


def functions_of(file: str) -> set[str]:
    """The functions of a file, and the methods of its classes as `Class.method`."""
    tree = ast.parse((ROOT / "service" / file).read_text("utf-8"))
    found = set[str]()
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}.{one.name}"
                for one in node.body
                if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
            }
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
    return found


def test_these_walks_are_shown() -> None:
    assert [*WALKS] == [
        *(
            "Register",
            "Create",
            "Claim",
            "POST",
            "Begin",
            "Record",
            "Receive",
            "Settle",
        ),
        "Change",
    ]


@pytest.mark.parametrize("walk", WALKS)
def test_every_file_and_function_of_a_walk_exists(walk: str) -> None:
    for file, functions in WALKS[walk]:
        assert (ROOT / "service" / file).is_file(), file
        assert functions, f"{walk}: {file} without a function"
        for function in functions:
            assert function in functions_of(file), f"{file} has no {function}()"


@pytest.mark.parametrize("walk", WALKS)
def test_a_walk_is_short_and_enters_no_file_more_than_twice(walk: str) -> None:
    files = [file for file, _ in groupby(file for file, _ in WALKS[walk])]
    most = MAX_FILES_TO_SLOT if walk == "Register" else MAX_FILES
    assert len({*files}) <= most
    assert all(files.count(file) <= 2 for file in files)
