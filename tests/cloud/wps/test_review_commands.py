"""`wps plan` and `wps import` where a team config service keeps the standards and the rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from machines import Machine

    Make = Callable[[str], Machine]

BUILTIN = """\
project = "shop"

app "web" {
  build {
    use "docker" {}
  }
  deploy {
    use "kubernetes" {
      namespace    = "payments-dev"
      service_port = 8080
      probe_path   = "/"
      memory {
        limit = "256Mi"
      }
    }
  }
}
"""


@pytest.mark.parametrize("named", ["argument", "variable"])
def test_plan_in_production_says_what_to_do_instead(machine: Make, named: str) -> None:
    """A lead reads in four lines why there is no plan of production, what shows it, and where it was asked for."""
    lena = machine("lena").sign_in("lena", "payments-leads")
    lena.app()
    if named == "argument":
        done, where = lena.wps("plan", "--env", "production"), "the argument --env production"
    else:
        done, where = lena.wps("plan", WAYPOINT_WORKSPACE="production"), "the environment variable WAYPOINT_WORKSPACE"
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "wps plan does not compare with production\n"
        "  it asks the cluster what an apply would do, which takes the right to apply, and that takes a grant\n"
        "  read what would be applied: wps render --env production; or plan against the environment that a release "
        "comes from\n"
        f"  at {where}\n"
    )
    assert "kind: Deployment" in lena.wps("render", "--env", "production").stdout, "what it names works"


def test_plan_elsewhere_asks_the_service(machine: Make) -> None:
    """In dev the service is asked for credentials; one that has no cluster says so, and nobody's own are used."""
    dora = machine("dora").sign_in("dora", "payments-developers")
    dora.app()
    done = dora.wps("plan", "--env", "dev", KUBECONFIG="/nonexistent")
    assert (done.returncode, done.stdout) == (1, "")
    assert "the service gives no kubernetes credentials" in done.stderr
    assert "ask the platform team" in done.stderr


def test_import_by_the_service_is_that_by_its_standards(machine: Make) -> None:
    """What the standards give is left out, just as with the same standards in a directory, and the note names them."""
    dora = machine("dora").sign_in("dora", "payments-developers")
    file = dora.folder / "waypoint.hcl"
    file.write_text(BUILTIN)
    by_directory = dora.wps("import", "waypoint", str(file), WAYPAAS_STANDARDS=str(dora.running.standards))
    by_service = dora.wps("import", "waypoint", str(file))
    assert by_directory.returncode == 0, by_directory.stderr
    assert by_service.returncode == 0, by_service.stderr
    assert by_service.stdout == by_directory.stdout
    assert by_service.stderr == by_directory.stderr
    assert "service_port of line 10 is left out: the standards dir:" in by_service.stderr


def test_import_without_a_session_says_what_is_missing(machine: Make) -> None:
    """Who is not signed in gets every option, and reads once why, and what to do."""
    dora = machine("dora")
    dora.configure()
    file = dora.folder / "waypoint.hcl"
    file.write_text(BUILTIN)
    done = dora.wps("import", "waypoint", str(file))
    assert done.returncode == 0
    assert all(f"{one}\n" in done.stdout for one in ("port      = 8080", 'memory = "256Mi"')), done.stdout
    (note,) = done.stderr.splitlines()
    assert note.startswith("note: ")
    assert "no option is left out, though the standards may give some; run `wps init" in note


def test_import_of_another_team_s_project(machine: Make) -> None:
    """Standards that one may not read are not read: the note says so, and nothing of them shows."""
    sam = machine("sam").sign_in("sam", "search")
    file = sam.folder / "waypoint.hcl"
    file.write_text(BUILTIN)
    done = sam.wps("import", "waypoint", str(file))
    assert done.returncode == 0
    assert "no option is left out" in done.stderr
    assert "payments-developers" not in done.stdout
