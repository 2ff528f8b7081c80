from pathlib import Path

import pytest

from tests.cli.commands import Run


def test_a_key_is_shown_once_listed_by_its_prefix_and_revoked(
    run: Run, office: Path
) -> None:
    key = run("keys", "create", "front desk").answer.strip()
    assert key.startswith("pr_")
    (line,) = run("keys", "list").answer.splitlines()
    prefix, made_on, state, *name = line.split()
    assert key.startswith(prefix)
    assert (made_on, state, " ".join(name)) == ("2024-01-28", "live", "front desk")
    assert key not in line
    assert key.encode() not in (office / "permit-reminders.db").read_bytes()
    assert run("keys", "revoke", prefix).answer == f"revoked {prefix}\n"
    assert "revoked 2024-01-28" in run("keys", "list").answer
    refusal = run("keys", "revoke", prefix).refusal
    assert refusal == f"permit-reminders: unknown key '{prefix}'"


@pytest.mark.usefixtures("office")
def test_the_beginning_of_one_key_is_enough_to_revoke_it(run: Run) -> None:
    first, second = (run("keys", "create", name).answer.strip() for name in "ab")
    refusal = run("keys", "revoke", "pr_").refusal
    assert refusal.startswith("permit-reminders: several keys begin with pr_: pr_")
    assert f"{first[:12]} a" in refusal
    assert f"{second[:12]} b" in refusal
    for start in ("pr", "PR_", "p%", "pr_" + "_" * 9, f"{first}x"):
        assert run("keys", "revoke", start).code == 2
    assert "live" in run("keys", "list").answer
    assert run("keys", "revoke", first).answer == f"revoked {first[:12]}\n"
    assert first not in run("keys", "revoke", first).refusal
    assert run("keys", "revoke", "pr_").answer == f"revoked {second[:12]}\n"


@pytest.mark.usefixtures("office")
def test_a_key_has_a_name_that_a_list_can_show(run: Run) -> None:
    for name in ("", "  ", "\u200b", "a\nb", "\x1b[31mred", "x" * 81):
        refusal = run("keys", "create", name).refusal
        assert "'NAME': found " in refusal
        assert refusal.isprintable()
    assert run("keys", "list").answer == ""
    assert run("keys", "create", " front desk ").code == 0
    assert run("keys", "list").answer.endswith("  front desk\n")
