import csv
from collections import Counter

from examples.make_permits import KINDS, register
from service.settings import shipped_folder


def test_the_example_register_is_what_its_script_makes() -> None:
    made = register()
    with (shipped_folder("examples") / "permits.csv").open(encoding="utf-8") as file:
        stored = list(csv.DictReader(file))
    assert [{key: row[key] for key in row if row[key]} for row in stored] == made
    assert len(made) >= 5000
    assert len(Counter(row["rule"] for row in made)) == len(KINDS) == 12


def test_every_phone_of_the_example_is_reserved_for_fiction() -> None:
    with (shipped_folder("examples") / "permits.csv").open(encoding="utf-8") as file:
        phones = [row["phones"] for row in csv.DictReader(file)]
    assert {phone[:2] + phone[5:10] for phone in phones} == {"+155501"}
    assert {len(phone) for phone in phones} == {12}
