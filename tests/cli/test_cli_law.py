from pathlib import Path

from tests.cli.commands import CMA, FOOD, NOON, ROOT, Run, posted, simulate, sql, write


def test_the_shipped_rules_are_right_and_need_no_database(
    run: Run, folder: Path
) -> None:
    assert run("rules", "check").answer == "13 rule files, no mistakes\n"
    assert not list(folder.iterdir())


def test_every_mistake_of_every_rule_file_is_told_at_once(
    run: Run, folder: Path
) -> None:
    rules = folder / "rules"
    rules.mkdir()
    shipped = (ROOT / "schedules" / "us" / "nyc-parking.toml").read_text("utf-8")
    wrong = shipped.replace("90 calendar days before expiry", "90 days or so")
    (rules / "a.toml").write_text(wrong, "utf-8")
    (rules / "b.toml").write_text("code = 1\n[[versions", "utf-8")
    refusal = run("rules", "check", rules).refusal
    assert "a.toml" in refusal
    assert '"90 days or so"' in refusal
    (rules / "b.toml").unlink()
    (rules / "a.toml").unlink()
    assert "no rule files" in run("rules", "check", rules).refusal
    assert "nowhere" in run("rules", "check", "nowhere").refusal


def test_new_rules_are_installed_once(run: Run, office: Path) -> None:
    rules = office / "rules"
    rules.mkdir()
    shipped = (ROOT / "schedules" / "us" / "nyc-parking.toml").read_text("utf-8")
    (rules / "a.toml").write_text(
        shipped.replace('"us-nyc-parking"', '"us-nyc-garage"'), "utf-8"
    )
    assert run("rules", "load", rules).answer == (
        "installed us-nyc-garage@2000-01-01.1\n1 rule files, 1 new versions\n"
    )
    assert run("rules", "load", rules).answer == "1 rule files, 0 new versions\n"
    assert run("rules", "load").answer == "13 rule files, 0 new versions\n"
    listed = run("rules", "list").answer
    assert "us-nyc-garage  停车场许可  Garage and parking lot\n" in listed
    assert (
        "  cn-food-production-license@2020-03-01.1  closes 30 working days before "
        "expiry  《食品生产许可管理办法》第三十四条, read "
    ) in listed


def test_offices_are_loaded_and_listed(run: Run, folder: Path) -> None:
    run("db", "upgrade")
    refusal = run("report").refusal
    assert refusal == (
        "permit-reminders: authority: none is loaded; "
        "run `permit-reminders authorities load FILE`"
    )
    offices = folder / "offices.toml"
    shipped = (ROOT / "examples" / "authorities.toml").read_text("utf-8")
    offices.write_text(shipped, "utf-8")
    for _ in range(2):
        assert run("authorities", "load", offices).answer == "2 authorities loaded\n"
    linjiang, nyc = run("authorities", "list").answer.splitlines()
    assert linjiang == (
        "990000  临江省市场监督管理局  Linjiang Province Administration for Market "
        "Regulation  Asia/Shanghai"
    )
    assert nyc.split("  ")[0] == "us-nyc"
    assert nyc.split("  ")[-1] == "America/New_York"
    offices.write_text(shipped.replace("Asia/Shanghai", "Asia/Linjiang"), "utf-8")
    refusal = run("authorities", "load", offices).refusal
    assert "offices.toml" in refusal
    assert '"Asia/Linjiang"' in refusal


def test_going_live_is_said_once_for_known_rules_and_offices(
    run: Run, office: Path
) -> None:
    since = ("--from", "2024-02-01T00:00+08:00")
    told = run("authorities", "live", "990000", CMA, CMA, FOOD, *since).answer
    assert told == "990000: 2 rules live from 2024-02-01T00:00:00+08:00\n"
    assert run("authorities", "live", "990000", FOOD).refusal == (
        f"permit-reminders: 990000, {FOOD}: already live"
    )
    refusal = run("authorities", "live", "990000", "cn-tea-house").refusal
    assert "unknown rule 'cn-tea-house'; known: cn-" in refusal
    assert run("authorities", "live", "110000", FOOD).refusal == (
        "permit-reminders: unknown authority '110000'; known: 990000, us-nyc"
    )
    assert f"name the rules: {FOOD}" not in run("authorities", "live", "990000").err
    assert "name the rules: cn-" in run("authorities", "live", "990000").refusal
    assert sql(office, "SELECT count(*) FROM golives") == [(2,)]


def test_before_an_office_is_live_nothing_is_sent(run: Run, office: Path) -> None:
    simulate(office, NOON)
    row = f"{CMA},240000000001,一号检测,2024-06-28,+12125550101"
    run("import", write(office / "permits.csv", row))
    assert run("tick").answer.startswith("0 reminders born, 0 messages posted, ")
    assert run("authorities", "live", "990000", CMA).code == 0
    run("tick", "--now", "2024-01-29T13:00+08:00")
    assert sql(office, "SELECT step, state, reason FROM reminders") == [
        ("prepare", "missed", "before start")
    ]
    assert posted(office) == []
