"""`wps serve`, the service as its operators start it, and `wps policy test` beside it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from machines import PROGRAM

from testservers import certificates

if TYPE_CHECKING:
    from collections.abc import Callable

    from machines import Machine

    Make = Callable[[str], Machine]

ROOT = Path(__file__).resolve().parents[3]


def test_it_serves_until_it_is_told_to_stop(machine: Make) -> None:
    """It says where it listens, answers over TLS, logs JSON lines, and SIGTERM ends it with exit code 0."""
    alice = machine("alice")
    certificate, key = certificates.Authority(alice.home / "tls").issue("service")
    shutil.copytree(ROOT / "examples" / "standards", alice.home / "standards")
    config = {"listen": "127.0.0.1:0", "tls": {"certificate": str(certificate), "key": str(key)},
              "standards": "./standards", "state_directory": "state",
              "providers": [{"kind": "oidc", "name": "corp", "issuer": alice.idp.issuer, "client_id": "wps"},
                            {"kind": "workload", "name": "jobs", "system": "github", "audience": "x"}]}  # fmt: skip
    (alice.home / "service.yaml").write_text(json.dumps(config))
    command = [PROGRAM, "serve", "--config", str(alice.home / "service.yaml")]
    with subprocess.Popen(
        command, env=alice.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on 127.0.0.1:"), line
        port = line.strip().rpartition(":")[2]
        ca = str(alice.home / "tls" / "ca.crt")
        done = alice.wps("init", "--service", f"localhost:{port}", "--ca", ca, "--provider", "none")
        assert "the service has corp, jobs" in done.stderr
        process.send_signal(signal.SIGTERM)
        out, log = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    assert all(json.loads(line)["level"] for line in log.splitlines())


def test_a_configuration_that_is_wrong(machine: Make) -> None:
    """Every problem with service.yaml is told, with exit code 1."""
    alice = machine("alice")
    (alice.home / "service.yaml").write_text("listen: 0.0.0.0:7443\ntls: off\nstandard: x\n")
    done = alice.wps("serve", "--config", str(alice.home / "service.yaml"))
    assert (done.returncode, done.stdout) == (1, "")
    for text in ("unknown key standard", "standards is missing", "tls: off is not allowed"):
        assert text in done.stderr
    none = alice.wps("serve", "--config", str(alice.home / "none.yaml"))
    assert (none.returncode, "cannot be read" in none.stderr) == (1, True)
    assert alice.wps("serve").returncode == 2


def test_policy_tests(machine: Make) -> None:
    """`wps policy test` says how many rows hold; one that does not is told with its line, and exit code 1."""
    alice = machine("alice")
    standards = alice.home / "standards"
    shutil.copytree(ROOT / "examples" / "standards", standards)
    done = alice.wps("policy", "test", str(standards))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip().endswith("10 tests, 0 problems")
    assert alice.wps("policy", "test", cwd=standards).stdout == done.stdout
    path = standards / "policy-tests.yaml"
    row = "  - {who: {groups: [payments-leads]}, can: exec, project: shop, environment: production, expect: allow}\n"
    path.write_text(path.read_text() + row)
    failed = alice.wps("policy", "test", str(standards))
    assert failed.returncode == 1
    assert "somebody in payments-leads may not exec shop production" in failed.stderr
    assert f"at {path}:{len(path.read_text().splitlines())}" in failed.stderr
    told = json.loads(alice.wps("policy", "test", str(standards), "--json").stdout)
    assert (told["tests"], len(told["problems"])) == (11, 1)
    path.unlink()
    assert "has no policy tests" in alice.wps("policy", "test", str(standards)).stderr
