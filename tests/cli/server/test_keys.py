from pathlib import Path

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
