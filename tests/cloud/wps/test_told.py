"""What `wps` says with a real service where a newcomer goes wrong, and while the service is away."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from machines import Machine

    Make = Callable[[str], Machine]


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["deploi", "dev"], ["unknown action deploi", "  write deploy", "  at the argument --can"]),
        (["deploy", "shop", "prod"], ["unknown environment prod", "  write production", "  at the argument ENV"]),
        (["deploy", "--env", "satging"], ["unknown environment satging", "  write staging", "  at the argument --env"]),
    ],
)
def test_a_right_that_there_is_not(machine: Make, arguments: list[str], lines: list[str]) -> None:
    """With a service, too, an unknown action or environment is refused at the argument that said it."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    alice.app()
    done = alice.wps("explain", "--can", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    told = done.stderr.splitlines()
    assert [told[0], *told[2:4]] == lines


def test_a_role_in_the_company_alone(machine: Make) -> None:
    """Who is in no team and has a role in the company reads what it allows, and is not sent to get a team."""
    pat = machine("pat").sign_in("pat", "acme-platform")
    done = pat.wps("whoami")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[1] == "in the company: platform-admin"
    assert lines[2].startswith("in no team; allowed in every team: read, logs, ")
    assert {"lock", "audit-read", "audit-verify"} <= set(lines[2].replace(",", "").split())
    assert not {"deploy", "exec", "promote"} & set(lines[2].replace(",", "").split())
    assert "ask the platform team" not in done.stdout


def test_filters_of_the_audit(machine: Make) -> None:
    """A filter that no row can have is refused, one that no row has is "no rows", and actions have one style."""
    paul = machine("paul").sign_in("paul-of-the-filters", "payments-developers")
    assert paul.wps("lock", "team", "search", "--reason", "x").returncode == 1
    for option, value, fix in (
        ("--outcome", "denid", "write denied"), ("--action", "sing-in", "write sign-in"), ("--limit", "0", "write --l")
    ):  # fmt: skip
        done = paul.wps("audit", "read", option, value)
        assert (done.returncode, done.stdout) == (1, "")
        assert fix in done.stderr
        assert done.stderr.endswith(f"  at the argument {option}\n")
    assert paul.wps("audit", "read", "--action", "take-revision").stdout == "no rows\n"
    table = paul.wps("audit", "read").stdout
    assert "PutLock" not in table
    rows = json.loads(paul.wps("audit", "read", "--json").stdout)
    assert [row["action"] for row in rows][:2] == ["sign-in", "lock"]
    first = paul.wps("audit", "read", "--limit", "1")
    assert first.stderr == f"note: there is more: --after {rows[0]['sequence']}\n"
    assert [line.split()[4] for line in first.stdout.splitlines()[1:]] == ["sign-in"]


def test_whom_to_lock(machine: Make) -> None:
    """`wps audit read --long` shows people as `wps lock user` takes them."""
    bob = machine("bob").sign_in("bob-to-lock", "payments-developers")
    assert bob.wps("whoami").returncode == 0
    sam = machine("sam").sign_in("sam", "acme-security")
    found = sam.wps("audit", "read", "--long", "--action", "whoami", "--limit", "5000").stdout
    subject = next(line for line in found.splitlines() if "bob-to-lock" in line).split()[4]
    assert subject == f"{sam.idp.issuer}|u-bob-to-lock"
    assert sam.wps("lock", "user", subject, "--reason", "lost laptop", "--for", "1m").returncode == 0
    try:
        deadline = time.monotonic() + 10
        while bob.wps("whoami").returncode == 0:
            assert time.monotonic() < deadline, "bob is not locked out"
    finally:
        assert sam.wps("unlock", "user", subject).returncode == 0


def test_creating_while_the_service_is_away(machine: Make, away: Callable[[], None]) -> None:
    """`wps create` says which environments it could not look at, and the note until when the copy is good."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    alice.app()
    assert alice.wps("explain").returncode == 0
    away()
    asked = ("create", "--infra", "k8s", "--remote", "none", "--port", "9090", "--yes")
    done = alice.wps(*asked, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith(
        "permitted in dev, staging (not looked at while the service is away: production)"
    )
    assert re.search(r"\(good until \d{4}-\d\d-\d\d \d\d:\d\d\)", done.stderr), "it is good until tomorrow"
    told = json.loads(alice.wps(*asked, "--json").stdout)
    assert (told["environments"], told["not_looked_at"]) == (["dev", "staging"], ["production"])
    never = alice.wps("explain", "--env", "staging")
    assert never.returncode == 75
    assert "no copy of the standards of shop/web in workspace staging is kept here" in never.stderr


def test_the_doctor_reads_what_a_file_sets(machine: Make) -> None:
    """`wps doctor` has the service judge the options of waypoint.hcl, and says of a session one thing only."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    alice.git("git@github.com:acme/shop.git")
    alice.app()

    def found() -> list[tuple[str, str, str]]:
        told = json.loads(alice.wps("doctor", "--json").stdout)
        return [(one["check"], one["state"], one["text"]) for one in told]

    assert alice.wps("create", "--infra", "k8s", "--yes").returncode == 0
    assert [state for check, state, _ in found() if check == "app web"] == ["ok"]
    alice.app(' memory = "9Gi" ')
    assert any('option memory = "9Gi" is not allowed' in text for check, state, text in found() if state == "fail")
    thief = machine("thief").sign_in("thief")
    alice.session_file.write_text(json.dumps({**alice.saved(), "device_key": thief.saved()["device_key"]}))
    assert [state for check, state, _ in found() if check == "session"] == ["fail"]


def test_a_user_name_where_none_is_asked_for(machine: Make) -> None:
    """--user at a provider that asks itself who one is, is refused, not ignored."""
    alice = machine("alice")
    done = alice.init("--provider", "corp", "--flow", "device", "--user", "ann")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("--user is not allowed\n  corp asks itself who you are")
    assert not alice.session_file.exists()
