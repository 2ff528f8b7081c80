import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.chaos.ledger import cannot_look, most_under_way
from tests.chaos.weather.volume import MISSING, mounted

NAME = "permit-reminders.db"
BEGUN = "CREATE TABLE messages AS SELECT 'sending' state, 1 begun, 'one' owner"


def leave_unclosed(folder: Path) -> None:
    """A database and its WAL, as a killed process leaves them."""
    place = folder.with_name("written")
    place.mkdir()
    with closing(sqlite3.connect(place / NAME)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(BEGUN)
        database.commit()
        for end in ("", "-wal"):
            shutil.copy(place / f"{NAME}{end}", folder)


def test_who_looks_into_a_full_volume_is_told_so_until_it_has_room(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "volume"
    folder.mkdir()
    with mounted(folder, wanted=True) as volume:
        if volume is None:
            pytest.skip(MISSING)
        leave_unclosed(folder)
        url = f"sqlite:///{folder / NAME}"
        volume.fill()
        with pytest.raises(sqlite3.OperationalError) as refused:
            most_under_way(url)
        assert cannot_look(refused.value)
        volume.free()
        assert most_under_way(url) == 1
