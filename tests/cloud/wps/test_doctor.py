"""`wps doctor` on machines that are well, and on machines that are not."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from testbed.fixture import Bed, ensure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from machines import Machine

    Make = Callable[[str], Machine]

PLUGIN = Path(sys.executable).with_name("waypoint-plugin-team-k8s")
WAYPOINT = "#!/bin/sh\necho 'CLI: v%s (abcdef)'\n"


def install(machine: Machine, version: str = "0.11.4") -> None:
    """Put a program that calls itself Waypoint on the PATH, and the plugin where Waypoint looks for it."""
    programs = machine.home / "bin"
    programs.mkdir(exist_ok=True)
    (programs / "waypoint").write_text(WAYPOINT % version)
    (programs / "waypoint").chmod(0o755)
    machine.environ["PATH"] = f"{programs}{os.pathsep}{os.environ['PATH']}"
    place = machine.home / ".config" / "waypoint" / "plugins"
    place.mkdir(parents=True, exist_ok=True)
    if not (place / PLUGIN.name).exists():
        (place / PLUGIN.name).symlink_to(PLUGIN)


def findings(machine: Machine, *arguments: str, **more: str) -> tuple[int, dict[str, tuple[str, str, str]]]:
    """Run it; give its exit code and state, text and fix by check."""
    done = machine.wps("doctor", "--json", *arguments, **more)
    return done.returncode, {one["check"]: (one["state"], one["text"], one["fix"]) for one in json.loads(done.stdout)}


@contextmanager
def served(told: dict[str, Any]) -> Iterator[str]:
    """Serve one answer to every request, as an API server in plain HTTP."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def kubeconfig(path: Path, server: str, authority: str = "", *, bearer: str = "x", namespace: str = "default") -> None:
    """Write a kubeconfig."""
    cluster = {"server": server} | ({"certificate-authority-data": authority} if authority else {})
    named = {"name": "c", "context": {"cluster": "c", "user": "c", "namespace": namespace}}
    content = {"current-context": "c", "contexts": [named], "clusters": [{"name": "c", "cluster": cluster}],
               "users": [{"name": "c", "user": {"token": bearer}}]}  # fmt: skip
    path.write_text(json.dumps(content))


def test_a_machine_that_is_well(machine: Make) -> None:
    """Everything that a deploy with a service needs is found, one line each, and the exit code is 0."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    alice.git("git@github.com:acme/shop.git")
    alice.app()
    install(alice)
    assert alice.wps("create", "--infra", "k8s", "--yes").returncode == 0
    code, found = findings(alice)
    assert {check for check, (state, _, _) in found.items() if state != "ok"} == set(), found
    assert code == 0
    assert {"waypoint", "plugin team-k8s", "foreign plugins", "service", "signing key", "clock", "session", "keyring",
            "team", "project"} <= set(found)  # fmt: skip
    lines = alice.wps("doctor").stdout.splitlines()
    assert len(lines) == len(found)
    assert all(line.startswith("ok    ") for line in lines)
    session = next(line for line in lines if line.split()[1] == "session")
    assert "alice, good for 11 h 59 min" in session


def test_a_machine_that_is_not(machine: Make) -> None:
    """Each thing that is broken is a line that says how to mend it, and the exit code is 1."""
    alice = machine("alice")
    alice.git("git@github.com:acme/elsewhere.git")
    alice.app()
    alice.environ["PATH"] = os.pathsep.join(
        part for part in os.environ["PATH"].split(os.pathsep) if not (Path(part) / "waypoint").exists()
    )
    code, found = findings(alice)
    assert code == 1
    assert found["waypoint"][0] == "fail"
    assert "0.11.4" in found["waypoint"][2]
    assert found["plugin team-k8s"][0] == "fail"
    assert str(alice.home / ".config" / "waypoint" / "plugins") in found["plugin team-k8s"][2]
    assert (found["standards"][0], "wps init" in found["standards"][2]) == ("fail", True)
    alice.configure()
    _, found = findings(alice)
    assert found["session"] == ("fail", "you are not signed in", "run `wps init`")
    assert found["service"][0] == "ok"
    alice.sign_in("alice", "payments-developers")
    alice.vault.update(refresh_expires=1)
    assert findings(alice)[1]["session"][0] == "fail"
    (alice.vault.directory / "trusted").write_text(json.dumps({"signing_keys": ["ab" * 32], "serial": 0}))
    assert findings(alice)[1]["signing key"][0] == "fail"
    _, found = findings(alice, WAYPAAS_SERVICE="localhost:1")
    assert (found["service"][0], "nothing listens there" in found["service"][1]) == ("fail", True)


def test_a_project_of_another_repository(machine: Make) -> None:
    """A project that is tied to another remote, or that none of one's teams has, is a failure."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    alice.git("git@github.com:acme/depot.git")
    alice.app()
    text = (alice.folder / "waypoint.hcl").read_text().replace('"shop"', '"depot"')
    (alice.folder / "waypoint.hcl").write_text(text)
    assert findings(alice)[1]["project"][0] == "fail"
    assert alice.wps("create", "--infra", "k8s", "--yes").returncode == 0
    assert findings(alice)[1]["project"][0] == "ok"
    command = ["git", "remote", "set-url", "origin", "https://github.com/acme/other"]
    subprocess.run(command, cwd=alice.folder, check=True)
    state, text, _ = findings(alice)[1]["project"]
    assert (state, text) == ("fail", "depot is tied to github.com/acme/depot, and this is github.com/acme/other")


def test_programs_in_the_checkout(machine: Make) -> None:
    """A plugin beside waypoint.hcl is a warning, one that git holds a failure, and so is another Waypoint."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    alice.git("git@github.com:acme/shop.git")
    alice.app()
    install(alice, "0.12.1")
    _, found = findings(alice)
    assert (found["waypoint"][0], "is version 0.12.1" in found["waypoint"][1]) == ("fail", True)
    planted = alice.folder / "waypoint-plugin-team-k8s"
    planted.symlink_to(PLUGIN)
    _, found = findings(alice)
    assert found["plugin team-k8s"][1] == str(planted), "it goes before the installed one"
    assert found["foreign plugins"][0] == "warn"
    subprocess.run(["git", "add", planted.name], cwd=alice.folder, check=True)
    state, text, _ = findings(alice)[1]["foreign plugins"]
    assert (state, "git holds waypoint-plugin-team-k8s" in text) == ("fail", True)
    planted.unlink()
    subprocess.run(["git", "rm", "--cached", "--quiet", planted.name], cwd=alice.folder, check=True)
    assert findings(alice)[1]["foreign plugins"][0] == "ok"
    assert findings(alice, WP_REATTACH_PLUGINS="{}")[1]["foreign plugins"][0] == "fail"


def test_standards_without_a_service(machine: Make) -> None:
    """Without a service the standards, the project's team and the cluster are looked at instead."""
    alice = machine("alice")
    alice.app()
    install(alice)
    own = {"WAYPAAS_STANDARDS": str(alice.running.standards), "KUBECONFIG": str(alice.home / "kubeconfig")}
    code, found = findings(alice, **own)
    assert (code, found["cluster"][0]) == (1, "fail")
    assert "no kubeconfig in" in found["cluster"][1]
    assert "limits are advisory" in found["standards"][1]
    assert found["project"] == ("ok", "shop belongs to team payments", "")
    assert "session" not in found
    kubeconfig(alice.home / "kubeconfig", "http://127.0.0.1:1")
    assert findings(alice, **own)[1]["cluster"][0] == "fail"
    with served({"gitVersion": "v1.30.0"}) as url:
        kubeconfig(alice.home / "kubeconfig", url)
        assert findings(alice, **own)[0:2] == (0, found | {"cluster": ("ok", "c, Kubernetes v1.30.0", "")})


def test_a_runner_without_credentials(machine: Make) -> None:
    """A runner that has no credentials of its own for a cluster is as it should be."""
    runner = machine("runner").sign_in("alice", "payments-developers")
    runner.app()
    _, found = findings(runner, "--runner")
    assert found["runner"] == ("ok", "it has no credentials of its own for a cluster", "")


@pytest.fixture(scope="session")
def bed() -> Bed:
    """Give the running test bed."""
    return ensure()


def test_a_runner_with_too_many_rights(machine: Make, bed: Bed) -> None:
    """A runner's own identity that may open a shell fails, by the cluster's own word, and a plain one does not."""
    runner = machine("runner").sign_in("alice", "payments-developers")
    config = json.loads(bed.kubeconfig.read_text())
    authority = config["clusters"][0]["cluster"]["certificate-authority-data"]
    name = f"runner-{os.urandom(3).hex()}"
    try:
        bed.kubectl("create", "namespace", name)
        bed.kubectl("create", "serviceaccount", "runner", "-n", name)
        token = bed.kubectl("create", "token", "runner", "-n", name, "--duration=1h").strip()
        kubeconfig(runner.home / "kubeconfig", bed.url, authority, bearer=token, namespace=name)
        own = {"KUBECONFIG": str(runner.home / "kubeconfig")}
        code, found = findings(runner, "--runner", **own)
        assert found["runner"][0] == "ok", found
        bed.kubectl("create", "role", "shell", "-n", name, "--verb=create", "--resource=pods/exec")
        bed.kubectl("create", "rolebinding", "shell", "-n", name, "--role=shell", f"--serviceaccount={name}:runner")
        deadline = time.monotonic() + 10  # the API server learns of a binding a moment later
        while found["runner"][0] == "ok" and time.monotonic() < deadline:
            code, found = findings(runner, "--runner", **own)
        assert (code, found["runner"][0]) == (1, "fail")
        assert found["runner"][1] == f"its own identity may create pods/exec in {name}"
    finally:
        bed.kubectl("delete", "namespace", name, "--wait=false")
