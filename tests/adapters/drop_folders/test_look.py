"""Which exports are loaded, and which files are left alone."""

import fcntl
import os
from pathlib import Path

import pytest

from service.adapters.drop_folders.drop_folder import DropFolder, DroppedFile
from service.adapters.drop_folders.look import Look, RegisterFolders


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """The drop folder of a register."""
    (tmp_path / "city.toml").touch()
    RegisterFolders(tmp_path).look()
    return tmp_path / "city"


def ready(look: Look) -> list[str]:
    return [file.name for work in look.work for file in work.files]


def test_the_folder_beside_a_mapping_is_made(city: Path) -> None:
    made = sorted(path.name for path in city.iterdir())
    assert made == ["done", "loading", "rejected"]


def test_an_export_is_ready_once_a_second_look_finds_it_unchanged(city: Path) -> None:
    folders = RegisterFolders(city.parent)
    (city / "a.csv").write_text("half")
    assert ready(folders.look()) == []
    with (city / "a.csv").open("a") as file:
        file.write(" of it")
    assert ready(folders.look()) == []
    assert ready(folders.look()) == ["a.csv"]


def test_an_export_that_is_replaced_by_one_alike_is_looked_at_again(city: Path) -> None:
    folders = RegisterFolders(city.parent)
    (city / "a.csv").write_text("one")
    folders.look()
    (city / "new.part").write_text("two")
    found = (city / "a.csv").stat()
    os.utime(city / "new.part", ns=(found.st_atime_ns, found.st_mtime_ns))
    (city / "new.part").rename(city / "a.csv")
    assert ready(folders.look()) == []


def test_the_oldest_export_is_first(city: Path) -> None:
    folders = RegisterFolders(city.parent)
    for at, name in enumerate(["c.csv", "a.xlsx", "b.csv"]):
        (city / name).touch()
        os.utime(city / name, (at, at))
    folders.look()
    assert ready(folders.look()) == ["c.csv", "a.xlsx", "b.csv"]


def test_files_that_are_no_exports_are_named_and_left_alone(city: Path) -> None:
    os.mkfifo(city / "pipe.csv")
    (city / "link.csv").symlink_to("/etc/passwd")
    for name in ("notes.pdf", "a\nb.csv", f"{'x' * 250}.csv", "folder.csv/x"):
        (city / name).parent.mkdir(exist_ok=True)
        (city / name).touch()
    for quiet in (".a.csv.Xq1", "~$a.xlsx", "a.csv.part", "a.csv.report.txt"):
        (city / quiet).touch()
    (city.parent / "stray.csv").touch()
    (city.parent / "town").mkdir()
    folders = RegisterFolders(city.parent)
    folders.look()
    look = folders.look()
    assert ready(look) == []
    assert {
        path.name[:9]: why.split(";")[0] for path, why in look.left_alone.items()
    } == {
        "pipe.csv": "no file",
        "link.csv": "a link",
        "notes.pdf": "no export",
        "a\nb.csv": "a name that cannot be shown",
        "xxxxxxxxx": "a name of over 200 bytes",
        "folder.cs": "no file",
        "stray.csv": "neither a mapping nor the folder of one",
        "town": "no mapping town.toml is beside it",
    }


def test_an_export_that_may_not_be_read_is_left_alone(
    city: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (city / "a.csv").touch()
    monkeypatch.setattr(os, "access", lambda *_: False)  # tests may run as root
    why = RegisterFolders(city.parent).look().left_alone[city / "a.csv"]
    assert why == "it may not be read; let this process read it"


def test_a_folder_that_cannot_be_read_does_not_hide_the_others(city: Path) -> None:
    (city.parent / "broken").write_text("no folder")
    (city.parent / "broken.toml").touch()
    (city / "a.csv").touch()
    folders = RegisterFolders(city.parent)
    folders.look()
    look = folders.look()
    assert ready(look) == ["a.csv"]
    assert look.left_alone[city.parent / "broken"]


def test_a_root_that_is_not_there_is_named(tmp_path: Path) -> None:
    look = RegisterFolders(tmp_path / "share").look()
    assert look == Look([], {tmp_path / "share": "No such file or directory"})


def test_a_register_that_another_worker_loads_is_no_work(city: Path) -> None:
    folders = RegisterFolders(city.parent)
    (city / "a.csv").touch()
    folders.look()
    with (city / "loading" / ".lock").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert ready(folders.look()) == []
    assert ready(folders.look()) == ["a.csv"]


def test_an_export_is_taken_by_one_only_and_as_it_was_looked_at(city: Path) -> None:
    folder = DropFolder(city.parent / "city.toml")
    (city / "a.csv").write_text("one")
    file = DroppedFile.of("a.csv", (city / "a.csv").stat())
    (city / "a.csv").write_text("more")
    assert folder.take(file) is None
    assert (city / "a.csv").read_text() == "more"
    file = DroppedFile.of("a.csv", (city / "a.csv").stat())
    assert folder.take(file) == city / "loading" / "a.csv"
    assert folder.find_taken() == [city / "loading" / "a.csv"]
    assert folder.take(file) is None


def test_an_export_that_comes_back_does_not_replace_a_newer_one(city: Path) -> None:
    folder = DropFolder(city.parent / "city.toml")
    taken = city / "loading" / "a.csv"
    taken.write_text("old")
    (city / "a.csv").write_text("new")
    folder.put_back(taken)
    assert (city / "a.csv").read_text() == "new"
    assert folder.find_taken() == [taken]
    assert folder.take(DroppedFile.of("a.csv", (city / "a.csv").stat())) is None
    assert taken.read_text() == "old"


def test_a_report_has_the_readers_of_its_export(city: Path) -> None:
    folder = DropFolder(city.parent / "city.toml")
    taken = city / "loading" / "a.csv"
    taken.touch()
    taken.chmod(0o640)
    (folder.output / "a.csv.rejects.csv").touch(0o600)
    folder.put("done", taken, "a.csv", "1 registered\n")
    assert {
        path.name: path.stat().st_mode & 0o777 for path in (city / "done").iterdir()
    } == {
        "a.csv": 0o640,
        "a.csv.report.txt": 0o640,
        "a.csv.rejects.csv": 0o640,
    }
    assert folder.free_name("a.csv") == "a-2.csv"
    assert folder.find_taken() == []
