"""Commands of who is signed in, against a real service: whoami, logout, status, locks, audit, projects, approve."""

from __future__ import annotations

import json
import shutil
import threading
import time
from typing import TYPE_CHECKING

from teamconfig.client.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable

    from machines import Machine

    Make = Callable[[str], Machine]

CLOSED_SECONDS = 2.5
"""Another replica remembers a session for two seconds."""


def until(done: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    """Wait."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.3)


def test_who_one_is(machine: Make) -> None:
    """`wps whoami` names the person, each team with its roles, and what they allow in each environment."""
    lena = machine("lena").sign_in("lena", "payments-leads", "search", "acme-security")
    done = lena.wps("whoami")
    assert (done.returncode, done.stderr) == (0, "")
    first, roles, *rows = done.stdout.splitlines()
    assert first == f"lena at {lena.running.address} (person {lena.idp.issuer}|u-lena)"
    assert roles == "in the company: security"
    assert [row.split()[:3] for row in rows[1:7]] == [
        [team, role, place]
        for team, role in (("payments", "lead"), ("search", "developer"))
        for place in ("dev", "staging", "production")
    ]
    assert "promote" in rows[3]
    assert "exec" not in rows[3].replace(",", "").split(), "nobody opens a shell in production"
    told = json.loads(lena.wps("whoami", "--json").stdout)
    assert {"read", "deploy", "exec"} <= set(told["teams"][0]["allowed"]["dev"])
    nobody = machine("nobody").sign_in("nobody")
    assert "in no team: ask the platform team" in nobody.wps("whoami").stdout


def test_who_is_not_signed_in(machine: Make) -> None:
    """Without a session every command says so and how to sign in, and without a service that it takes one."""
    alice = machine("alice")
    for command in ("whoami", "projects", "logout", "audit read", "locks", "approve x"):
        nowhere = alice.wps(*command.split())
        assert (nowhere.returncode, nowhere.stdout) == (1, "")
        assert nowhere.stderr.startswith("this needs a team config service\n  none is named: ")
        assert "\n  sign in at one: wps init --service HOST:PORT\n" in nowhere.stderr
    alice.configure()
    for command in ("whoami", "status", "locks", "projects", "audit read"):
        done = alice.wps(*command.split())
        assert (done.returncode, done.stdout) == (1, "")
        assert f"you are not signed in at {alice.running.address}" in done.stderr
        assert "run `wps init`" in done.stderr
    done = alice.wps("whoami", WAYPAAS_STANDARDS=str(alice.running.standards), WAYPAAS_SERVICE="")
    assert "this needs a team config service" in done.stderr


def test_signing_out(machine: Make) -> None:
    """After `wps logout` nothing of the session is left, and a copy of it taken before is refused."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    copy = alice.session_file.read_text()
    assert alice.wps("logout").stdout == f"signed out at {alice.running.address}\n"
    assert not alice.session_file.exists()
    assert alice.wps("whoami").returncode == 1
    assert "there is nothing to end" in alice.wps("logout").stdout
    alice.session_file.write_text(copy)
    alice.session_file.chmod(0o600)
    time.sleep(CLOSED_SECONDS)
    done = alice.wps("whoami")
    assert (done.returncode, "you are not signed in" in done.stderr) == (1, True)
    assert "\n  request " in done.stderr


def test_signing_out_everywhere(machine: Make) -> None:
    """`wps logout --everywhere` ends the sessions on other machines too, and nobody else's."""
    here, there = (machine(name).sign_in("rosa", "payments-developers") for name in ("here", "there"))
    other = machine("other").sign_in("otto", "payments-developers")
    done = here.wps("logout", "--everywhere")
    assert (done.returncode, "2 sessions ended" in done.stdout) == (0, True)
    time.sleep(CLOSED_SECONDS)
    assert there.wps("whoami").returncode == 1
    assert other.wps("whoami").returncode == 0


def test_signing_out_while_the_service_is_away(machine: Make, away: Callable[[], None]) -> None:
    """The session is forgotten here even then, and the exit code and a note say that the service was not told."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    away()
    everywhere = alice.wps("logout", "--everywhere")
    assert (everywhere.returncode, alice.session_file.exists()) == (75, True)
    done = alice.wps("logout")
    assert (done.returncode, alice.session_file.exists()) == (75, False)
    assert "The session ends by itself" in done.stderr


def test_a_session_without_its_device_key(machine: Make) -> None:
    """Tokens that were copied are worth nothing to who has not the device's key, and are not ended by the attempt."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    thief = machine("thief").sign_in("thief")
    stolen = {**alice.saved(), "device_key": thief.saved()["device_key"]}
    thief.session_file.write_text(json.dumps(stolen))
    done = thief.wps("whoami")
    assert (done.returncode, done.stdout) == (1, "")
    assert "the call is not signed by the device that the session belongs to" in done.stderr
    thief.session_file.write_text(json.dumps({**stolen, "access_expires": 0}))
    assert thief.wps("whoami").returncode == 1, "nor can they be renewed"
    assert alice.wps("whoami").returncode == 0
    del stolen["device_key"]
    thief.session_file.write_text(json.dumps(stolen))
    assert "is damaged" in thief.wps("whoami").stderr


def test_a_session_file_that_others_can_read(machine: Make) -> None:
    """A session that is open to others is not used."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    alice.session_file.chmod(0o644)
    done = alice.wps("whoami")
    assert (done.returncode, "chmod 600" in done.stderr) == (1, True)


def test_a_revision_that_is_refused(machine: Make, push: Callable[[str, str], None]) -> None:
    """`wps status` shows the revision that is served, and which newer one is refused, why, and where; --wait waits."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    done = alice.wps("status")
    assert done.returncode == 0, done.stdout
    served = json.loads(alice.wps("status", "--json").stdout)
    assert served["well"]
    assert f"standards {served['revision']}, taken " in done.stdout
    assert {line.split()[0]: line.split()[-1] for line in done.stdout.splitlines()[3:]}["audit"] == "well"
    push("org.yaml", "org: {name: acme, environments: [dev], environmens: []}\n")
    until(lambda: alice.wps("status").returncode == 1, "the broken revision is not seen")
    broken = alice.wps("status")
    assert f"standards {served['revision']}, taken " in broken.stdout
    assert "is refused, the one before is served" in broken.stderr
    assert "environmens" in broken.stderr
    assert "at org.yaml:1" in broken.stderr
    told = json.loads(alice.wps("status", "--json").stdout)
    assert (told["well"], told["revision"], bool(told["problems"])) == (False, served["revision"], True)
    assert alice.wps("whoami").returncode == 0


def test_status_of_a_service_that_is_away(machine: Make, away: Callable[[], None]) -> None:
    """A service that does not answer is exit code 75; with --wait it is waited for, and said what for."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    away()
    done = alice.wps("status")
    assert (done.returncode, done.stdout) == (75, "")
    assert f"the team config service {alice.running.address} cannot be reached" in done.stderr
    assert "nothing listens there (3 tries)" in done.stderr
    timer = threading.Timer(3.0, alice.running.restart)
    timer.start()
    waited = alice.wps("status", "--wait")
    timer.join()
    assert (waited.returncode, "waiting: the team config service" in waited.stderr) == (0, True)


def test_locks(machine: Make) -> None:
    """A lead locks a project of the team with a reason, everybody in it reads it, and it can be removed again."""
    lena = machine("lena").sign_in("lena", "payments-leads")
    alice = machine("alice").sign_in("alice", "payments-developers")
    lena.app()
    alice.app()
    try:
        done = lena.wps("lock", "project", "shop", "--reason", "the database moves", "--for", "1h")
        assert (done.returncode, "project shop is locked until " in done.stdout) == (0, True), done.stderr
        assert "the database moves" in alice.wps("locks").stdout
        refused = alice.wps("explain")
        assert (refused.returncode, "locked" in refused.stderr) == (1, True)
        assert alice.wps("unlock", "project", "shop").returncode == 1
    finally:
        assert lena.wps("unlock", "project", "shop").returncode == 0
    assert lena.wps("unlock", "project", "shop").returncode == 1
    assert lena.wps("locks").stdout == "nobody is locked out\n"
    until(lambda: alice.wps("explain").returncode == 0, "the lock is still there")
    assert alice.wps("lock", "team", "search", "--reason", "x").returncode == 1
    wrong = lena.wps("lock", "project", "shop", "--reason", "x", "--for", "soon")
    assert (wrong.returncode, "--for soon is not allowed" in wrong.stderr) == (1, True)
    assert lena.wps("lock", "project", "shop").returncode == 2


def test_the_audit(machine: Make) -> None:
    """One reads one's own rows, a role in the company all of them, and who may not check the chain is told."""
    paul = machine("paul").sign_in("paul", "payments-developers")
    paul.wps("whoami")
    own = json.loads(paul.wps("audit", "read", "--json").stdout)
    assert {row["name"] for row in own} == {"paul"}
    assert [row["action"] for row in own][:2] == ["sign-in", "whoami"]
    table = paul.wps("audit", "read", "--action", "sign-in", "--limit", "1").stdout.splitlines()
    assert (len(table), "sign-in" in table[1]) == (2, True)
    assert paul.wps("audit", "read", "--team", "search").returncode == 1
    assert paul.wps("audit", "verify").returncode == 1
    sam = machine("sam").sign_in("sam", "acme-security")
    everybody = json.loads(sam.wps("audit", "read", "--json", "--limit", "5000").stdout)
    assert {"paul", "sam"} <= {row["name"] for row in everybody}
    verified = sam.wps("audit", "verify", "--without-checkpoints", "--json")
    assert (verified.returncode, json.loads(verified.stdout)["intact"]) == (0, True)
    secrets = [value for name, value in paul.saved().items() if name.endswith("_token") or name == "device_key"]
    assert not [one for one in secrets if one and one in str(everybody)]


def test_projects(machine: Make) -> None:
    """The projects of one's teams are listed, and no others."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    shown = alice.wps("projects").stdout
    assert ["shop", "payments"] in [line.split()[:2] for line in shown.splitlines()]
    assert "catalog" not in shown
    sam = machine("sam").sign_in("sam", "acme-security")
    assert {"shop", "catalog", "indexer"} <= {
        one["project"] for one in json.loads(sam.wps("projects", "--json").stdout)
    }


def test_an_approval(machine: Make) -> None:
    """A lead approves what another asked for, after reading what it is; nobody approves what they asked for."""
    lena, leo = (machine(name).sign_in(name, "payments-leads") for name in ("lena", "leo"))
    service = Service(lena.running.settings, {"HOME": str(lena.home), "WAYPAAS_KEYRING": "off"})
    grant = service.request_grant("shop", "web", "production", "destroy", "", "approval-of-a-test")
    service.close()
    assert grant.state == "requested"
    own = lena.wps("approve", grant.id)
    assert (own.returncode, "nobody approves what they asked for" in own.stderr) == (1, True)
    refused = leo.answered("n\n", "approve", grant.id)
    assert (refused[0], "you did not agree" in refused[2]) == (1, True)
    done = leo.wps("approve", grant.id)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "destroy shop/web in production"
    assert f"lena ({lena.idp.issuer}|u-lena)" in done.stdout
    assert done.stdout.splitlines()[-1] == "approved: 1 of 1 approvals"
    assert leo.wps("approve", "none").returncode == 1


def test_a_home_that_is_moved(machine: Make) -> None:
    """A session goes with its home directory: all that it needs is there."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    there = machine("there")
    shutil.copytree(alice.home / ".local", there.home / ".local")
    there.configure()
    assert there.wps("whoami").returncode == 0
