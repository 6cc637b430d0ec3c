"""Standards that a real service gives: explaining, rights, creating, and what may be done while it is away."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from machines import Machine

from teamconfig.client.copies import bundle_name
from testservers import oidc, service

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from testservers.oidc import OidcProvider

    Make = Callable[[str], Machine]


def cache(machine: Machine, workspace: str = "default") -> Path:
    """Give the file of the kept standards of shop/web."""
    return machine.vault.directory / f"{bundle_name('shop', 'web', workspace)}.jws"


def test_explaining_values(machine: Make) -> None:
    """`wps explain` and `wps render` say with a service what they say with its directory of standards."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    alice.app(' memory = "300Mi" ')
    for command in (("explain",), ("explain", "memory", "--json"), ("render", "--env", "production")):
        done = alice.wps(*command)
        embedded = alice.wps(*command, WAYPAAS_STANDARDS=str(alice.running.standards))
        assert (done.returncode, done.stderr) == (0, ""), command
        assert done.stdout == embedded.stdout


def test_what_the_service_refuses(machine: Make) -> None:
    """An option beyond a bound is told with its line and the request; another team's project with whom to ask."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    alice.app(' memory = "8Gi" ')
    done = alice.wps("explain")
    assert (done.returncode, done.stdout) == (1, "")
    assert "at waypoint.hcl:8 (app.web.deploy.use.memory)" in done.stderr
    assert "\n  request " in done.stderr
    other = alice.wps("explain", "--project", "catalog", "--app", "web")
    assert (other.returncode, "\n  request " in other.stderr) == (1, True)
    assert "#search" in other.stderr
    unknown = alice.wps("explain", "--project", "shopp", "--app", "web")
    assert (unknown.returncode, 'project "shopp"' in unknown.stderr) == (1, True)


def test_explaining_rights(machine: Make) -> None:
    """`wps explain --can` tells a developer no and who may, a lead yes, and both that nobody gets a shell."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    lena = machine("lena").sign_in("lena", "payments-leads")
    alice.app()
    no = alice.wps("explain", "--can", "promote", "shop", "production")
    assert (no.returncode, no.stderr) == (1, "")
    assert no.stdout.startswith("promote shop in production: not allowed\n")
    assert "lead of team payments (payments-leads)" in no.stdout
    assert "ask #payments" in no.stdout
    yes = lena.wps("explain", "--can", "promote", "shop", "production")
    assert (yes.returncode, yes.stdout.splitlines()[0]) == (0, "promote shop in production: allowed")
    assert alice.wps("explain", "--can", "deploy", "dev").returncode == 0, "the project is that of waypoint.hcl"
    for one in (alice, lena):
        shell = one.wps("explain", "--can", "exec", "shop", "production", "--json")
        assert (shell.returncode, json.loads(shell.stdout)["allowed"]) == (1, False)
        assert "nobody may open a shell in production" in json.loads(shell.stdout)["text"]
    assert alice.wps("explain", "--can", "fly", "shop", "dev").returncode == 1
    assert alice.wps("explain", "--can", "deploy", "shop", "moon").returncode == 1
    assert alice.wps("explain", "memory", "dev").returncode == 2


def test_rights_without_a_service(machine: Make) -> None:
    """With standards alone `wps explain --can` tells who may, and that nobody enforces it."""
    alice = machine("alice")
    standards = {"WAYPAAS_STANDARDS": str(alice.running.standards)}
    done = alice.wps("explain", "--can", "promote", "shop", "production", **standards)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "promote shop in production takes",
        "lead: payments-leads",
        "ask #payments",
        "nobody enforces it: no team config service is configured",
    ]
    shell = json.loads(alice.wps("explain", "--can", "exec", "shop", "production", "--json", **standards).stdout)
    assert (shell["allowed"], "nobody may open a shell in production" in shell["text"]) == (None, True)


def test_creating_registers_the_project(machine: Make) -> None:
    """`wps create` ties a new project to team and remote, does no more when run again, and refuses other teams."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    alice.git("git@github.com:acme/cart.git")
    (alice.folder / "Dockerfile").write_text("FROM scratch\nEXPOSE 8080\n")
    asked = ("create", "--infra", "k8s", "--name", "web")
    dry = alice.wps(*asked, "--dry-run")
    assert (dry.returncode, "--dry-run registers nothing" in dry.stderr) == (1, True)
    beyond = alice.wps(*asked, "--memory", "8Gi")
    assert (beyond.returncode, "at the argument --memory" in beyond.stderr) == (1, True)
    done = alice.wps(*asked)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("waypoint.hcl: created, project cart of team payments, app web, permitted in dev")
    listed = json.loads(alice.wps("projects", "--json").stdout)
    assert {"project": "cart", "team": "payments", "remote": "github.com/acme/cart"} in listed
    again = alice.wps(*asked)
    assert (again.returncode, "nothing to change" in again.stdout) == (0, True)
    assert alice.wps(*asked, "--dry-run").returncode == 0
    assert alice.wps("explain").returncode == 0
    edith = machine("edith").sign_in("edith", "search")
    edith.git("git@github.com:acme/cart.git")
    for more in ((), ("--team", "search"), ("--team", "payments")):
        refused = edith.wps(*asked, "--image", "r.test/x:1", *more)
        assert (refused.returncode, refused.stdout) == (1, ""), more
        assert not (edith.folder / "waypoint.hcl").exists()
    moved = alice.wps(*asked, "--remote", "https://github.com/evil/cart")
    assert (moved.returncode, "it is known with github.com/acme/cart" in moved.stderr) == (1, True)


def test_somebody_in_two_teams(machine: Make) -> None:
    """Who is in two teams says which one, by an option or when asked; nothing is picked for them."""
    tess = machine("tess").sign_in("tess", "payments-developers", "search")
    tess.git("git@github.com:acme/till.git")
    asked = ("create", "--infra", "k8s", "--name", "web", "--image", "r.test/x:1")
    unclear = tess.wps(*asked)
    assert (unclear.returncode, "you are in payments, search" in unclear.stderr) == (1, True)
    assert "add --team payments" in unclear.stderr
    code, out, shown = tess.answered("till\nelsewhere\nsearch\n\n\n\n\n", *asked)
    assert code == 0, shown
    assert "it is one of payments, search" in shown
    assert "project till of team search" in out


def test_the_service_is_away(machine: Make, away: Callable[[], None]) -> None:
    """What was read a moment ago holds in dev, with a note; production is refused, and so is what was never read."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    alice.app()
    before = alice.wps("explain")
    for env in ("staging", "production"):
        assert alice.wps("explain", "--env", env).returncode == 0
    away()
    done = alice.wps("explain")
    assert (done.returncode, done.stdout) == (0, before.stdout)
    assert "note: the team config service" in done.stderr
    assert "Using the standards of team payments, revision dir:" in done.stderr
    assert alice.wps("render").returncode == 0
    production = alice.wps("explain", "--env", "production")
    assert (production.returncode, production.stdout) == (75, "")
    assert "nothing is done in production while the team config service is away" in production.stderr
    assert "wps status --wait" in production.stderr
    never = alice.wps("explain", "--app", "other", "--project", "shop")
    assert (never.returncode, "cannot be reached" in never.stderr) == (75, True)
    plan = alice.wps("plan")
    assert (plan.returncode, plan.stdout) == (75, "")
    assert alice.wps("explain", "--can", "deploy", "dev").returncode == 75
    made = alice.wps("create", "--infra", "k8s", "--remote", "none", "--port", "9090", "--yes")
    assert made.returncode == 0, made.stderr


@pytest.mark.parametrize("damage", ["a byte", "another's", "older"])
def test_kept_standards_that_are_not_as_they_were(machine: Make, away: Callable[[], None], damage: str) -> None:
    """Kept standards that were altered, are somebody else's, or older than some that were seen, are not used."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    alice.app()
    assert alice.wps("explain").returncode == 0
    path = cache(alice)
    if damage == "a byte":
        text = path.read_text()
        middle = len(text) // 2
        path.write_text(text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :])
    elif damage == "another's":
        bob = machine("bob").sign_in("bob", "payments-developers")
        bob.app()
        assert bob.wps("explain").returncode == 0
        path.write_text(cache(bob).read_text())
    else:
        alice.vault.update(serial=10_000)
    away()
    done = alice.wps("explain")
    words = {"a byte": "its signature is not that of the service", "another's": "it is for principal",
             "older": "is lower than 10000"}  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert words[damage] in done.stderr


def test_kept_standards_that_are_too_old(provider: OidcProvider, tmp_path: Path) -> None:
    """Kept standards end when the service said that they would, and then say so."""
    corp = {"kind": "oidc", "name": "corp", "issuer": provider.issuer, "client_id": oidc.CLIENT}
    (tmp_path / "service").mkdir()
    with service.start(tmp_path / "service", [corp], profile_max_age="3s") as running:
        alice = Machine(tmp_path / "alice", running, provider)
        alice.folder.mkdir(parents=True)
        alice.sign_in("alice", "payments-developers")
        alice.app()
        assert alice.wps("explain").returncode == 0
        time.sleep(3.5)
        running.stop()
        done = alice.wps("explain")
    assert (done.returncode, done.stdout) == (1, "")
    assert "the kept standards are too old" in done.stderr
