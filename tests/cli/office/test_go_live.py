"""The commands about authorities: load, trial, preview, live; and the call list."""

import re
from io import StringIO
from pathlib import Path

import pytest

from tests.cli.commands import (
    CMA,
    FOOD,
    NOON,
    ROOT,
    Run,
    cells,
    posted,
    simulate,
    sql,
    write,
)

APPROVED = ("--approved-by", "Director Wang")
NEVER = "cn-advertising-release-registration"
SHOP = "cn-food-business-license"
LATE = "2024-12-16T09:00+08:00"
SHIPPED = (ROOT / "examples" / "authorities.toml").read_text("utf-8")

COUNTY = """
[[authorities]]
code = "990101"
parent = "990000"
sends = false
name = { zh = "临江县市场监督管理局", en = "Linjiang County" }
zone = "Asia/Shanghai"
calendar = "CN"
signature = { zh = "临江县", en = "LINJIANG" }
apply_at = { zh = "县政务服务中心", en = "the county service centre" }
helpline = "12345"
opt_out = { zh = "拒收请回复R", en = "Reply R to opt out" }
"""


def county(folder: Path, *changes: tuple[str, str]) -> Path:
    """A file with only the county, with words replaced."""
    text = COUNTY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = folder / "county.toml"
    file.write_text(text, "utf-8")
    return file


def test_offices_are_loaded_and_listed_as_a_tree(run: Run, folder: Path) -> None:
    run("db", "upgrade")
    refusal = run("report").refusal
    assert refusal == (
        "permit-reminders: authority: none is loaded; "
        "run `permit-reminders authorities load FILE`"
    )
    offices = folder / "offices.toml"
    offices.write_text(SHIPPED, "utf-8")
    assert run("authorities", "load", offices).answer == (
        "new authority 990000\nnew authority us-nyc\nno permit moved\n"
        "2 authorities loaded\n"
    )
    again = "nothing changed\n2 authorities loaded\n"
    assert run("authorities", "load", offices).answer == again
    assert run("authorities", "load", county(folder)).code == 0
    linjiang, below, nyc = run("authorities", "list").answer.splitlines()
    assert linjiang == (
        "990000  临江省市场监督管理局  Linjiang Province Administration for Market "
        "Regulation  Asia/Shanghai"
    )
    assert below == (
        "  990101  临江县市场监督管理局  Linjiang County  Asia/Shanghai  sent by 990000"
    )
    assert nyc.split("  ")[0] == "us-nyc"


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Asia/Shanghai", "Asia/Linjiang", "a time zone like Asia/Shanghai"),
        ('calendar = "CN"', 'calendar = "XX"', "one of "),
        ('parent = "990000"', 'parent = "880000"', "the code of one in this file, or"),
        ('parent = "990000"', 'parent = "990101"', "no circle of parents"),
        ('parent = "990000"\n', "", "true, here or further up"),
    ],
)
def test_an_invalid_office_is_refused_when_it_is_loaded(
    run: Run, folder: Path, old: str, new: str, expected: str
) -> None:
    refusal = run("authorities", "load", county(folder, (old, new))).refusal
    assert re.search(r"county\.toml:\s+authorities\[1\]\.", refusal)
    assert expected in refusal
    assert sql(folder, "SELECT count(*) FROM authorities") == [(2,)]


def test_an_office_whose_words_make_a_text_too_long_is_refused_unless_forced(
    run: Run, live: Path
) -> None:
    offices = live / "offices.toml"
    place = "市政务服务中心三楼综合窗口或者发证机关的受理窗口"
    offices.write_text(SHIPPED.replace("省政务服务网或发证机关", place), "utf-8")
    seen = run("authorities", "load", offices, "--dry-run")
    objection = seen.out.splitlines()[-1].removeprefix("objection: ")
    assert (seen.code, "apply_at.zh or" in objection) == (1, True)
    assert objection in run("authorities", "load", offices).refusal
    done = run("authorities", "load", offices, "--force", "the mayor says so").answer
    assert f"forced: {objection}\n" in done


def test_new_sending_hours_move_registered_permits_and_can_be_previewed(
    run: Run, live: Path
) -> None:
    row = f"{CMA},240000000001,一号检测,2024-09-30,+12125550101"
    run("import", write(live / "permits.csv", row))
    offices = live / "offices.toml"
    hours = 'calendar = "CN"\nmargin_working_days = 2\n'
    offices.write_text(SHIPPED.replace('calendar = "CN"\n', hours), "utf-8")
    before = sql(live, "SELECT * FROM slots")
    told = run("authorities", "load", offices, "--dry-run").answer
    assert "permits would move: 1\n" in told
    assert "loaded" not in told
    assert sql(live, "SELECT * FROM slots") == before
    told = run("authorities", "load", offices).answer
    assert "permits moved: 1\n" in told
    assert sql(live, "SELECT * FROM slots") != before
    assert run("audit").code == 0


def test_a_rule_goes_live_once_and_only_if_rule_and_office_are_known(
    run: Run, office: Path
) -> None:
    since = ("--from", "2024-02-01T00:00+08:00", "--yes", *APPROVED)
    told = run("authorities", "live", "990000", CMA, CMA, FOOD, *since).answer
    assert told == "990000: 2 rules live from 2024-02-01T00:00:00+08:00\n"
    assert run("authorities", "live", "990000", FOOD, *APPROVED).refusal == (
        f"permit-reminders: 990000, {FOOD}: already live"
    )
    refusal = run(
        "authorities", "live", "990000", "cn-tea-installation", *APPROVED
    ).refusal
    assert "unknown rule 'cn-tea-installation'; known: cn-" in refusal
    assert run("authorities", "live", "110000", FOOD, *APPROVED).refusal == (
        "permit-reminders: unknown authority '110000'; known: 990000, us-nyc"
    )
    refusal = run("authorities", "live", "990000", *APPROVED).refusal
    assert "name the rules: one of cn-" in refusal
    assert refusal.count("cn-") < 10
    assert sql(office, "SELECT count(*) FROM golives") == [(2,)]


@pytest.mark.usefixtures("office")
def test_going_live_needs_an_approver_and_a_rule_that_reminds(run: Run) -> None:
    assert (
        "Missing option '--approved-by'"
        in run("authorities", "live", "990000", CMA).refusal
    )
    told = run("authorities", "live", "990000", CMA, NEVER, *APPROVED).refusal
    assert told.startswith(
        f"permit-reminders: {NEVER}: never reminds (abolished): the Advertising Law"
    )
    assert run("authorities", "trial", "990000", NEVER).code == 2


@pytest.mark.usefixtures("sandbox")
def test_before_an_office_is_live_nothing_is_sent(run: Run, office: Path) -> None:
    simulate(office, NOON)
    row = f"{CMA},240000000001,一号检测,2024-06-28,+12125550101"
    run("import", write(office / "permits.csv", row))
    assert run("tick").answer.startswith("0 reminders created, 0 messages posted, ")
    assert run("authorities", "live", "990000", CMA, *APPROVED).code == 0
    run("tick", "--now", "2024-01-29T13:00+08:00")
    assert sql(office, "SELECT step, state, reason FROM reminders") == [
        ("prepare", "missed", "before start")
    ]
    assert posted(office) == []


@pytest.mark.usefixtures("sandbox")
def test_a_trial_texts_staff_and_every_state_is_shown(run: Run, office: Path) -> None:
    assert run("authorities", "trial", "990000", CMA).answer == (
        "990000: 1 rules on trial, 0 staff numbers\n"
        "nobody is texted yet: permit-reminders authorities staff 990000\n"
    )
    phone = "+1 (212) 555-0142"
    assert run("authorities", "staff", "990000", phone, "--name", "Li").answer == (
        "990000: +1212***0142 is a staff number\n"
    )
    assert run("authorities", "live", "990000", FOOD, *APPROVED).code == 0
    register = write(
        office / "permits.csv",
        f"{CMA},240000000001,一号检测,2024-06-28,+12125550101",
        f"{CMA},240000000002,二号检测,2024-06-28,{phone}",
    )
    run("import", register)
    run("tick", "--now", NOON)
    assert [to for to, _ in posted(office)] == ["+12125550142"]
    shown = run("authorities", "show", "990000").answer.splitlines()
    assert "sent by              990000" in shown
    assert "staff numbers        1" in shown
    assert "sending_days         working" in shown
    assert f"live   {FOOD}  since 2024-01-28 12:00 Asia/Shanghai, by Director Wang" in (
        shown
    )
    assert any(
        line.startswith(f"trial  {CMA}  since 2024-01-28 12:00") for line in shown
    )
    assert f"draft  {SHOP}" in shown
    assert any(
        line.startswith(f"draft  {NEVER}  cannot go live: never reminds")
        for line in shown
    )
    assert "555-0142" not in "\n".join(shown)
    assert run("audit").code == 0
    assert run("authorities", "staff", "990000", phone, "--remove").answer == (
        "990000: +1212***0142 is no staff number any more\n"
    )


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("options", [(), ("--name", "Li", "--remove")])
def test_a_staff_number_is_added_with_a_name_or_removed(
    run: Run, options: tuple[str, ...]
) -> None:
    refusal = run("authorities", "staff", "990000", "+12125550142", *options).refusal
    assert "give --name, or --remove" in refusal


@pytest.fixture
def late(office: Path, run: Run) -> Path:
    """A Monday in December: four permits are past closing, and no rule is live."""
    simulate(office, LATE)
    register = write(
        office / "permits.csv",
        f"{FOOD},SC0001,一号食品厂,2024-12-31,+12125550101",
        f"{SHOP},JY0001,=一号餐饮店,2024-12-31,+12125550102",
        f"{SHOP},JY0002,二号餐饮店,2024-12-31,+18005550199",
        f"{SHOP},JY0003,三号餐饮店,2025-03-10,+12125550103",
        f"{SHOP},JY0004,四号餐饮店,2025-02-24,+12125550104",
    )
    assert run("import", register).code == 0
    return office


def test_the_preview_of_going_live_fits_one_screen(run: Run, late: Path) -> None:
    before = sql(late, "SELECT * FROM slots"), sql(late, "SELECT * FROM golives")
    ran = run(
        *("authorities", "preview", "990000", FOOD, SHOP, NEVER, "--catch-up", "2")
    )
    assert ran.code == 1, "one of them cannot go live"
    screen = ran.out.splitlines()
    text = "\n".join(screen)
    assert screen[0] == "going live on Mon 16 Dec 2024, 09:00 Asia/Shanghai:"
    step = next(line for line in screen if f"{SHOP} prepare" in line)
    assert step.split() == [SHOP, "prepare", "1", "1"]
    assert "falling due today: 1 messages, 2 segments" in screen
    assert "caught up with over 2 sending days: 2 messages, 4 segments" in screen
    days = [
        line.split()[-3:] for line in screen if line.startswith("  ") and "Dec" in line
    ]
    assert days == [["1", "1", "2"], ["1", "0", "1"]]
    assert (
        "past closing: 1 are told to contact the office now, 2 to be called" in screen
    )
    assert "without a mobile number: 1" in screen
    assert f"cannot go live: {NEVER}: never reminds (abolished)" in text
    assert len([line for line in screen if line.startswith("+1212***")]) == 3
    assert "餐饮店" not in text
    after = sql(late, "SELECT * FROM slots"), sql(late, "SELECT * FROM golives")
    assert after == before
    alone = run("authorities", "preview", "990000", SHOP).answer
    assert "never texted without --catch-up: 2 messages, 4 segments" in alone
    assert "1 could be told to contact the office now, 1 to be called" in alone


def test_a_start_at_another_time_is_previewed_and_confirmed(
    run: Run, late: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = ("--from", "2024-12-17T09:00+08:00")
    live = ("authorities", "live", "990000", SHOP, *tomorrow, *APPROVED)
    monkeypatch.setattr("sys.stdin", StringIO())
    ran = run(*live)
    assert ran.out.startswith("going live on Tue 17 Dec 2024, 09:00 Asia/Shanghai:\n")
    assert (ran.code, "nobody answers; give --yes to go live so" in ran.err) == (
        2,
        True,
    )
    monkeypatch.setattr("sys.stdin", StringIO("n\n"))
    assert run(*live).code == 1
    assert sql(late, "SELECT * FROM golives") == []
    screen = run("authorities", "preview", "990000", SHOP, *tomorrow).answer
    monkeypatch.setattr("sys.stdin", StringIO("y\n"))
    assert run(*live).out == (
        f"{screen}990000: 1 rules live from 2024-12-17T09:00:00+08:00\n"
    )


def test_a_start_that_lies_ahead_can_be_taken_back(run: Run, late: Path) -> None:
    ahead = ("--from", "2025-12-01T00:00+08:00", "--yes", *APPROVED)
    assert run("authorities", "live", "990000", FOOD, SHOP, *ahead).code == 0
    assert run("authorities", "take-back", "990000", FOOD, SHOP).answer == (
        "990000: the start of 2 rules is taken back\n"
    )
    assert sql(late, "SELECT * FROM golives") == []
    assert run("authorities", "live", "990000", FOOD, *APPROVED).code == 0
    assert run("authorities", "take-back", "990000", FOOD).refusal == (
        f"permit-reminders: 990000, {FOOD}: no start of it lies ahead; what is live "
        f"stops with: permit-reminders pause rule:{FOOD}"
    )


@pytest.mark.parametrize(
    "start",
    ["9999-12-31T23:59+08:00", "2020-01-01T00:00Z", "1949-12-31T00:00Z", "soon"],
)
def test_a_start_out_of_range_is_refused(run: Run, late: Path, start: str) -> None:
    options = ("--from", start, "--yes", *APPROVED)
    ran = run("authorities", "live", "990000", SHOP, *options)
    assert (ran.code, run("authorities", "show", "990000").code) == (2, 0)
    assert "expected an instant" in ran.err
    preview = run("authorities", "preview", "990000", SHOP, "--from", start)
    assert (preview.code, preview.out) == (2, "")
    assert sql(late, "SELECT * FROM golives") == []


@pytest.mark.usefixtures("sandbox")
def test_a_catch_up_is_sent_as_previewed(run: Run, late: Path) -> None:
    options = ("--catch-up", "2", *APPROVED)
    assert run("authorities", "live", "990000", FOOD, SHOP, *options).answer == (
        "990000: 2 rules live from 2024-12-16T09:00:00+08:00\n"
        "2 reminders caught up with, over 2 sending days\n"
    )
    shown = run("authorities", "show", "990000").answer
    assert (
        f"live   {FOOD}  since 2024-12-16 09:00 Asia/Shanghai, by Director Wang, "
        in (shown)
    )
    assert "caught up over 2 sending days" in shown
    run("tick", "--now", "2024-12-16T10:05+08:00")
    run("tick", "--now", "2024-12-17T10:05+08:00")
    assert len(posted(late)) == 3
    assert sum("请尽快致电" in body for _, body in posted(late)) == 1
    assert run("audit").code == 0


def test_holders_whom_no_text_reaches_are_on_the_call_list(
    run: Run, late: Path
) -> None:
    assert run("calls").answer == "0 permits to be called\n"
    simulate(late, "2024-09-02T00:00+08:00")
    assert run("authorities", "live", "990000", FOOD, SHOP, *APPROVED).code == 0
    simulate(late, LATE)
    assert run("calls").answer == (
        f"2024-12-31  990000 {SHOP} JY0001  =一号餐饮店  +1212***0102  "
        "closing 2024-12-09: not texted since closing\n"
        f"2024-12-31  990000 {SHOP} JY0002  二号餐饮店  +1800***0199  "
        "closing 2024-12-09: no mobile number\n"
        f"2024-12-31  990000 {FOOD} SC0001  一号食品厂  +1212***0101  "
        "closing 2024-11-18: the law is silent on late filing\n"
        "3 permits to be called\n"
    )
    file = late / "calls.csv"
    file.write_text(run("calls", "--format", "csv").answer, "utf-8")
    rows = cells(file)
    assert [row["number"] for row in rows] == ["JY0001", "JY0002", "SC0001"]
    assert rows[0]["holder"] == "'=一号餐饮店"
    assert rows[0]["phones"] == "'+1212***0102"
    assert run("calls", "--authority", "us-nyc").answer == "0 permits to be called\n"
    assert "unknown authority" in run("calls", "--authority", "110000").refusal
