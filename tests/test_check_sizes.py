"""The check of sizes in `make check` finds what is too large."""

from pathlib import Path

import pytest

from tools.check_sizes import judge


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    folder = tmp_path / "service" / "flow"
    folder.mkdir(parents=True)
    return folder


def port(methods: int) -> str:
    lines = [f"    async def ask_{at}(self) -> None: ...\n" for at in range(methods)]
    return "".join(["class Store(Protocol):\n", *lines])


def test_what_is_just_small_enough_passes(tmp_path: Path, flow: Path) -> None:
    for at in range(13):
        (flow / f"module_{at}.py").write_text("x = 1\n" * 250)
    (flow / "ports.py").write_text(port(8))
    (flow / "__init__.py").touch()
    assert judge(tmp_path, {}) == []


def test_each_bound_can_be_exceeded(tmp_path: Path, flow: Path) -> None:
    for at in range(14):
        (flow / f"module_{at}.py").touch()
    (flow / "ports.py").write_text(port(9))
    (flow / "module_0.py").write_text("x = 1\n" * 251)
    assert judge(tmp_path, {}) == [
        "service/flow: found 15 modules, expected at most 14",
        "service/flow/module_0.py: found 251 lines, expected at most 250",
        "service/flow/ports.py:Store: found 9 methods, expected at most 8",
    ]


def test_an_exception_is_for_what_is_too_large(tmp_path: Path, flow: Path) -> None:
    (flow / "ports.py").write_text(port(9))
    one = {"service/flow/ports.py:Store": "one conversation"}
    assert judge(tmp_path, one) == []
    assert judge(tmp_path, one | {"service/app.py": "long ago"}) == [
        "pyproject.toml: service/app.py is an exception and not too large; remove it"
    ]
