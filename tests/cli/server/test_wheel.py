import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from service.adapters.store.db.migrate import newest_migration
from tests.cli.commands import FOOD, ROOT, environment
from tests.schedules.catalogue import RULES


def pip(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pip", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built as `pip install .` builds it."""
    place = tmp_path_factory.mktemp("wheel")
    built = pip("wheel", ROOT, "--no-deps", "--retries", 0, "--wheel-dir", place)
    if "No matching distribution found for hatchling" in built.stderr:
        pytest.skip("the build backend hatchling cannot be fetched here")
    assert built.returncode == 0, built.stderr
    (found,) = place.glob("*.whl")
    return found


def shipped(folder: str) -> set[str]:
    files = (ROOT / folder).rglob("*")
    return {str(one.relative_to(ROOT)) for one in files if one.suffix in DATA}


DATA = {".toml", ".txt", ".csv"}


def test_the_wheel_carries_schedules_templates_and_examples(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name.removeprefix("service/shipped/") for name in archive.namelist()}
    for folder in ("schedules", "templates", "examples"):
        assert shipped(folder)
        assert shipped(folder) <= names
    assert not any("tests/" in name or "__pycache__" in name for name in names)


def test_the_installed_command_works_in_an_empty_folder(
    wheel: Path, folder: Path
) -> None:
    installed, empty = folder / "installed", folder / "empty"
    empty.mkdir()
    done = pip("install", "--no-deps", "--no-index", "--target", installed, wheel)
    assert done.returncode == 0, done.stderr

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [installed / "bin" / "permit-reminders", *arguments],
            cwd=empty,
            env=environment() | {"PYTHONPATH": str(installed)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    asked = ("explain", "--rule", FOOD, "--expires", "2026-12-31")
    assert "closes_on          2026-11-18 (lenient 2026-11-19)" in run(*asked)
    assert not list(empty.iterdir())
    new = sum(len(rule.versions) for rule in RULES.values())
    told = f"tables at {newest_migration()}, {new} new rule versions\n"
    assert run("db", "upgrade") == told
