import json
import os
import re
from pathlib import Path
from typing import get_args

import aiohttp
import pytest
from pydantic import ValidationError

from service.sandbox import faults
from service.sandbox.client import SandboxClient, read_log
from service.sandbox.errors import SandboxError
from service.sandbox.faults import (
    Busy,
    Ending,
    Fault,
    Latency,
    Reset,
    load_faults,
    parse_faults,
)

GUIDE = (Path(__file__).parents[3] / "docs/sandbox.md").read_text("utf-8")


def kinds(kind: type[Fault] = Fault) -> list[type[Fault]]:
    """Return every fault class, without the abstract ones."""
    below = kind.__subclasses__()
    return [one for sub in below for one in kinds(sub)] if below else [kind]


def name_of(kind: type[Fault]) -> str:
    [name] = get_args(kind.model_fields["fault"].annotation)
    return str(name)


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of the guide."""
    section = GUIDE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    split = [re.split(r"(?<!\\)\|", line.strip("|")) for line in lines]
    return [[cell.strip() for cell in cells] for cells in split]


@pytest.mark.parametrize("kind", kinds())
def test_a_fault_is_called_in_json_as_its_class_is_in_python(kind: type[Fault]) -> None:
    words = re.findall("[A-Z][a-z]+", kind.__name__)
    assert name_of(kind) == "-".join(words).lower()
    assert kind.__name__ in faults.__all__


def test_every_fault_has_one_row_and_one_example_in_the_guide() -> None:
    told = rows("The faults")
    assert [row[0].strip("`") for row in told] == [
        *dict.fromkeys(row[0].strip("`") for row in told)
    ]
    assert {row[0].strip("`") for row in told} == {name_of(kind) for kind in kinds()}
    for name, *_, example in told:
        [parsed] = parse_faults(f"[{example.strip('`')}]".encode(), "guide")
        assert f"`{parsed.fault}`" == name


def test_every_field_of_a_fault_is_explained_in_its_row() -> None:
    shared = {row[0].strip("`") for row in rows("What a fault strikes")}
    assert shared == {*Fault.model_fields, "on"} - {"fault"}
    explained = {row[0].strip("`"): row[1] for row in rows("The faults")}
    for kind in kinds():
        own = set(kind.model_fields) - shared - {"fault"}
        named = set(re.findall(r"`([a-z_]+)`", explained[name_of(kind)]))
        assert own <= named, kind


@pytest.mark.parametrize("row", rows("The faults"), ids=lambda row: row[0])
def test_the_json_of_a_fault_can_be_put_again(row: list[str]) -> None:
    given = json.loads(row[-1].strip("`"))
    [parsed] = parse_faults(json.dumps([given]).encode(), "guide")
    assert parsed.as_json() == given
    again = parse_faults(json.dumps([parsed.as_json()]).encode(), "again")
    assert again == [parsed]


def test_a_fault_of_the_class_is_the_fault_of_its_json() -> None:
    text = b'[{"fault": "ending", "path": ["sent"], "body": "a|b", "times": 3}]'
    assert parse_faults(text, "x") == [Ending(path=("sent",), body="a|b", times=3)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "list: found '': Invalid JSON"),
        ("{}", "list: found {}: Input should be a valid array"),
        ('[{"fault": "x"}]', "fault 1: found {'fault': 'x'}: Input tag 'x'"),
        ("[3]", "fault 1: found 3: Input should be an object"),
        ('[{"fault": "reset", "often": 1}]', "fault 1.reset.often: found 1: Extra"),
        ('[{"fault": "reset", "every": 0}]', "fault 1.reset.every: found 0: Input sh"),
        ('[{"fault": "reset", "body": "("}]', "fault 1.reset.body: found '(': Input"),
        ('[{"fault": "reset", "share": 0}]', "fault 1.reset.share: found 0"),
        ('[{"fault": "reset", "share": NaN}]', "fault 1.reset.share: found nan"),
        ('[{"fault": "reset", "on": ["x"]}]', "fault 1.reset.on.0: found 'x'"),
        ('[{"fault": "latency"}]', "fault 1.latency.seconds: found {"),
        (
            '[{"fault": "latency", "seconds": 2, "upto": 1}]',
            "upto should not be less than seconds",
        ),
        (
            '[{"fault": "late-callbacks", "seconds": 2, "upto": 1}]',
            "upto should not be less than seconds",
        ),
        ('[{"fault": "ending", "path": []}]', "fault 1.ending.path: found []"),
        (
            '[{"fault": "ending", "path": ["a b"]}]',
            "fault 1.ending.path.0: found 'a b'",
        ),
        ('[{"fault": "ending", "path": ["a", "a"]}]', "begin again: ['a']"),
        ('[{"fault": "ending", "path": ["queued"]}]', "begin again: ['queued']"),
    ],
)
async def test_an_invalid_list_is_refused_and_changes_nothing(
    http: aiohttp.ClientSession, sandbox: SandboxClient, text: str, said: str
) -> None:
    await sandbox.put(Reset(on=("list",)))
    async with http.put("/_sandbox/faults", data=text.encode()) as answer:
        told = await answer.text()
        assert answer.status == 400, told
    assert told.startswith("faults: ")
    assert said in told
    assert "\n" not in told
    assert len(await sandbox.faults()) == 1


async def test_all_mistakes_are_named_together(http: aiohttp.ClientSession) -> None:
    text = b'[{"fault": "reset", "every": 0, "times": 0}, {"fault": "x"}]'
    async with http.put("/_sandbox/faults", data=text) as answer:
        told = await answer.text()
    for place in ("fault 1.reset.every", "fault 1.reset.times", "fault 2"):
        assert place in told
    assert told.endswith("see docs/sandbox.md")


def test_a_class_refuses_what_the_list_refuses() -> None:
    with pytest.raises(ValidationError):
        Latency(seconds=-1)


async def test_faults_are_listed_in_order_and_replaced_as_a_whole(
    sandbox: SandboxClient, tmp_path: Path
) -> None:
    tally = {"met": 0, "struck": 0, "over": False}
    busy, reset = Busy(above=3), Reset(body="a")
    assert await sandbox.put(busy, reset) == [
        {"fault": "busy", "above": 3, **tally},
        {"fault": "reset", "body": "a", **tally},
    ]
    assert await sandbox.put(reset) == await sandbox.faults()
    assert len(await sandbox.faults()) == 1
    assert await sandbox.clear() == []
    logged = [one["faults"] for one in read_log(tmp_path) if one["event"] == "faults"]
    assert logged == [[busy.as_json(), reset.as_json()], [reset.as_json()], []]


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    os.mkfifo(path)
    with pytest.raises(SandboxError, match=r"faults\.json: found no file"):
        load_faults(path)


def test_a_file_with_mistakes_is_named(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    path.write_text("[3]")
    with pytest.raises(SandboxError, match=r"faults\.json: fault 1: found 3"):
        load_faults(path)
