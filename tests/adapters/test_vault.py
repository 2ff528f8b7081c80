import base64
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.adapters.vault import Vault
from service.domain.errors import SetUpError

ONE, TWO = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
PHONE = "+12125550142"
VAULT = Vault.from_keys(ONE)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text("abc._"))
@settings(deadline=None)
def test_an_encrypted_value_can_be_decrypted(text: str, column: str) -> None:
    assert VAULT.decrypt(VAULT.encrypt(text, column), column) == text


def test_a_sealed_value_is_key_id_nonce_text_and_tag() -> None:
    sealed = VAULT.encrypt(PHONE, "recipients.phone")
    assert len(sealed) == 1 + 12 + len(PHONE) + 16
    assert sealed[0] == 1
    assert PHONE.encode() not in sealed


def test_the_same_value_is_sealed_differently_each_time() -> None:
    assert len({VAULT.encrypt(PHONE, "recipients.phone") for _ in range(100)}) == 100


def test_a_value_moved_to_another_column_does_not_open() -> None:
    sealed = VAULT.encrypt(PHONE, "recipients.phone")
    with pytest.raises(SetUpError, match=r"inbounds\.body: does not open with key 1"):
        VAULT.decrypt(sealed, "inbounds.body")


@pytest.mark.parametrize("place", [1, 12, 13, -1])
def test_a_changed_value_does_not_open(place: int) -> None:
    sealed = bytearray(VAULT.encrypt(PHONE, "recipients.phone"))
    sealed[place] ^= 1
    with pytest.raises(SetUpError, match="somebody changed it"):
        VAULT.decrypt(bytes(sealed), "recipients.phone")


@pytest.mark.parametrize("length", [0, 1, 5, 13, 20])
def test_a_truncated_value_does_not_open(length: int) -> None:
    with pytest.raises(SetUpError):
        VAULT.decrypt(VAULT.encrypt(PHONE, "c")[:length], "c")


def test_the_highest_key_seals_and_the_older_ones_still_open() -> None:
    old = VAULT.encrypt(PHONE, "c")
    both = Vault.from_keys(f"1:{ONE}, 2:{TWO}")
    assert both.encrypt(PHONE, "c")[0] == 2
    assert both.decrypt(old, "c") == PHONE


def test_adding_a_key_changes_no_digest_and_no_mark() -> None:
    both = Vault.from_keys(f"2:{TWO},1:{ONE}")
    assert both.digest(PHONE, "c") == VAULT.digest(PHONE, "c")
    assert both.compute_mac([PHONE]) == VAULT.compute_mac([PHONE])


def test_a_missing_key_is_named() -> None:
    sealed = Vault.from_keys(f"1:{ONE},2:{TWO}").encrypt(PHONE, "recipients.phone")
    with pytest.raises(
        SetUpError, match=r"recipients\.phone: sealed with key 2, which"
    ):
        VAULT.decrypt(sealed, "recipients.phone")


def test_another_key_under_the_same_id_is_refused() -> None:
    with pytest.raises(SetUpError, match="restore the key that had this id"):
        Vault.from_keys(TWO).decrypt(VAULT.encrypt(PHONE, "c"), "c")


def test_a_digest_depends_on_value_column_and_key() -> None:
    digest = VAULT.digest(PHONE, "c")
    assert digest == Vault.from_keys(ONE).digest(PHONE, "c")
    assert len(digest) == 32
    others = {
        VAULT.digest("+12125550143", "c"),
        VAULT.digest(PHONE, "d"),
        Vault.from_keys(TWO).digest(PHONE, "c"),
        VAULT.compute_mac(["c", PHONE]),
    }
    assert len(others) == 4
    assert digest not in others


@given(st.lists(st.binary()), st.lists(st.binary()))
@settings(deadline=None)
def test_only_the_same_parts_make_the_same_mark(
    some: list[bytes], others: list[bytes]
) -> None:
    assert (VAULT.compute_mac(some) == VAULT.compute_mac(others)) == (some == others)


def test_a_mark_keeps_its_parts_apart() -> None:
    assert VAULT.compute_mac(["ab", "c"]) != VAULT.compute_mac(["a", "bc"])
    assert VAULT.compute_mac(["许", b"c"]) == VAULT.compute_mac(["许".encode(), "c"])
    assert len(VAULT.compute_mac([])) == 32


@pytest.mark.parametrize(
    "text",
    [
        *("", "secret", ONE[:-4], ONE + "AAAA", f"1:{ONE},", f"1:{ONE},1:{TWO}"),
        *(f"0:{ONE}", f"256:{ONE}", f"-1:{ONE}", f"a:{ONE}", f":{ONE}", f"{ONE},{TWO}"),
        f"{'9' * 5000}:{ONE}",
    ],
)
def test_a_wrong_key_setting_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(SetUpError, match="PERMIT_REMINDERS_KEY: ") as caught:
        Vault.from_keys(text)
    assert ONE[:8] not in str(caught.value)


def test_a_key_file_is_made_next_to_the_database_the_first_time(tmp_path: Path) -> None:
    database = tmp_path / "permits.db"
    sealed = Vault.from_key_file(database).encrypt(PHONE, "c")
    path = tmp_path / "permits.db.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
    assert Vault.from_key_file(database).decrypt(sealed, "c") == PHONE


def test_two_databases_have_two_keys(tmp_path: Path) -> None:
    one, two = (Vault.from_key_file(tmp_path / name) for name in ("a.db", "b.db"))
    assert one.digest(PHONE, "c") != two.digest(PHONE, "c")


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        vaults = list(pool.map(Vault.from_key_file, [tmp_path / "permits.db"] * 32))
    assert len({vault.digest(PHONE, "c") for vault in vaults}) == 1
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    Vault.from_key_file(tmp_path / "permits.db")
    path = tmp_path / "permits.db.key"
    path.chmod(mode)
    with pytest.raises(SetUpError, match="run chmod 600"):
        Vault.from_key_file(tmp_path / "permits.db")


@pytest.mark.parametrize("content", [b"", b"not a key", b"\xff\xfe"])
def test_a_damaged_key_file_is_refused_and_not_changed(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "permits.db.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SetUpError, match=r"permits\.db\.key: "):
        Vault.from_key_file(tmp_path / "permits.db")
    assert path.read_bytes() == content


def test_a_key_file_may_hold_several_keys(tmp_path: Path) -> None:
    path = tmp_path / "permits.db.key"
    path.write_text(f"1:{ONE},2:{TWO}\n")
    path.chmod(0o600)
    assert (
        Vault.from_key_file(tmp_path / "permits.db").decrypt(
            VAULT.encrypt(PHONE, "c"), "c"
        )
        == PHONE
    )


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SetUpError, match="set PERMIT_REMINDERS_KEY"):
        Vault.from_key_file(tmp_path / "nowhere" / "permits.db")


def test_the_umask_cannot_open_the_key_to_others(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Vault.from_key_file(tmp_path / "permits.db")
    finally:
        os.umask(before)
    assert (tmp_path / "permits.db.key").stat().st_mode & 0o777 == 0o600


def test_a_lost_key_file_is_not_replaced_by_a_new_one(tmp_path: Path) -> None:
    with pytest.raises(SetUpError, match="No such file"):
        Vault.from_key_file(tmp_path / "in-use.db", create=False)
    assert list(tmp_path.iterdir()) == []
