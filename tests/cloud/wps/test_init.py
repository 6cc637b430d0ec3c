"""`wps init` against a real service, identity provider and directory: ways in, and what is left when there is none."""

from __future__ import annotations

import json
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from machines import AUDIENCE

from testservers import certificates, slapd

if TYPE_CHECKING:
    from collections.abc import Callable

    from machines import Machine

    from testservers.oidc import OidcProvider

    Make = Callable[[str], Machine]

BROWSER = """\
import sys, urllib.request
from testservers.oidc import Browser
url = sys.argv[1]
browser = Browser({issuer!r})
answer = browser.sign_in(url, "u-alice")
browser.close()
urllib.request.urlopen(answer).read()
"""


def config(machine: Machine) -> Path:
    """Give the user's own file of settings."""
    return machine.home / ".config" / "waypaas" / "config.toml"


def job_token(ci: OidcProvider, ref: str) -> str:
    """Give a token as the CI system makes it for a job: each has a name of its own, so two of a second differ."""
    claims = {"repository": "acme/shop", "repository_id": "4711", "repository_owner_id": "42", "ref": ref,
              "ref_type": "branch", "ref_protected": "true", "event_name": "push", "run_id": "1",
              "sha": "0" * 40, "jti": secrets.token_hex(8)}  # fmt: skip
    return ci.token(aud=AUDIENCE, sub=f"repo:acme/shop:ref:{ref}", groups=None, **claims)


def nothing_is_left(machine: Machine) -> bool:
    """Tell whether a failed sign-in left neither session nor settings."""
    return not machine.session_file.exists() and not config(machine).exists()


def test_the_device_flow_signs_in(machine: Make) -> None:
    """A code is shown with whom it lets in, and once it is confirmed the team, roles and rights are shown and kept."""
    alice = machine("alice")
    done = alice.device_flow("u-alice")
    assert done.returncode == 0, done.stderr
    assert f"sign in to acme at {alice.running.address}, as " in done.stderr
    assert f"  open  {alice.idp.issuer}/device" in done.stderr
    assert "the code is good for 10 min" in done.stderr
    first, head, *rows = done.stdout.splitlines()
    assert first.startswith(f"alice at {alice.running.address} (person {alice.idp.issuer}|u-alice)")
    assert head.split() == ["team", "roles", "environment", "allowed"]
    assert [row.split()[:3] for row in rows[:3]] == [
        ["payments", "developer", place] for place in ("dev", "staging", "production")
    ]
    assert "deploy" in rows[0]
    assert "deploy" not in rows[2]
    assert "signed in until " in rows[3]
    assert alice.session_file.stat().st_mode & 0o777 == 0o600
    assert config(alice).read_text() == (
        f'service = "{alice.running.address}"\ncertificate_authority = "{alice.running.authority}"\n'
    )
    assert alice.wps("whoami").stdout.splitlines()[0] == first
    secrets = [value for name, value in alice.saved().items() if "token" in name or name == "device_key"]
    assert len(secrets) == 4
    assert not [one for one in secrets if one in done.stdout + done.stderr]


def test_a_browser_signs_in(machine: Make) -> None:
    """Where the machine has a browser it is opened, and its answer comes back over loopback."""
    alice = machine("alice")
    script = alice.home / "browser.py"
    script.write_text(BROWSER.format(issuer=alice.idp.issuer))
    root = str(Path(__file__).resolve().parents[3])
    browser = {"DISPLAY": ":9", "BROWSER": f"{sys.executable} {script} %s &", "PYTHONPATH": root}
    done = alice.init("--provider", "corp", "--json", **browser)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["principal"]["subject"], told["teams"][0]["team"]) == ("u-alice", "payments")
    assert told["configuration"] == str(config(alice))


def test_a_password_signs_in(machine: Make) -> None:
    """A directory takes user and password, which is asked without being shown; membership in a nested group counts."""
    alice = machine("alice")
    code, out, shown = alice.answered(
        f"{slapd.PASSWORD}\n", "init", "--service", alice.running.address, "--ca", str(alice.running.authority),
        "--provider", "people", "--user", "alice", "--yes", after="password of",
    )  # fmt: skip
    assert code == 0, shown
    assert "password of alice at people: " in shown
    assert "payments" in out
    assert slapd.PASSWORD not in out + json.dumps(alice.saved())
    secret = alice.home / "secret"
    secret.write_text("wrong\n")
    refused = alice.init("--provider", "people", "--user", "alice", WAYPAAS_PASSWORD_FILE=str(secret))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "wrong" not in refused.stderr.replace("is wrong", "").replace("password are wrong", "")
    assert alice.wps("whoami").returncode == 0, "the session of before is as it was"
    missing = alice.init("--provider", "people", "--user", "alice")
    assert "set WAYPAAS_PASSWORD_FILE" in missing.stderr


def test_a_job_signs_in(machine: Make, ci: OidcProvider) -> None:
    """A CI job with an ID token in its environment signs in without a question, in role ci."""
    job = machine("job")
    done = job.init("--json", WAYPAAS_ID_TOKEN=job_token(ci, "refs/heads/main"))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["principal"]["kind"], [team["team"] for team in told["teams"]]) == ("workload", ["payments"])
    again = job.init(WAYPAAS_ID_TOKEN="not-a-token")
    assert (again.returncode, "not-a-token" in again.stderr) == (1, False)


def test_no_service_is_found(machine: Make) -> None:
    """A wrong authority, a port where nothing listens and a name that is none are told, and nothing is kept."""
    alice = machine("alice")
    other = certificates.Authority(alice.home / "other").file
    wrong = alice.wps("init", "--service", alice.running.address, "--ca", str(other), "--provider", "corp")
    assert (wrong.returncode, wrong.stdout) == (75, "")
    assert wrong.stderr.startswith(f"the team config service {alice.running.address} cannot be reached\n")
    assert "its certificate is not one that you trust" in wrong.stderr
    assert f"it was checked with {other}: give the right authority with --ca FILE" in wrong.stderr
    closed = alice.wps("init", "--service", "localhost:1", "--provider", "corp")
    assert (closed.returncode, "nothing listens there" in closed.stderr) == (75, True)
    odd = alice.wps("init", "--service", "https://x")
    assert (odd.returncode, "it is host:port" in odd.stderr) == (1, True)
    none = alice.wps("init")
    assert (none.returncode, "give it with --service HOST:PORT" in none.stderr) == (1, True)
    assert nothing_is_left(alice)


def test_nobody_says_which_provider(machine: Make) -> None:
    """Where several providers would do, one has to be named, and those that there are are listed."""
    alice = machine("alice")
    done = alice.init()
    assert (done.returncode, "the service has corp, people, jobs" in done.stderr) == (1, True)
    done = alice.init("--provider", "corq")
    assert "there is no provider corq" in done.stderr
    done = alice.init("--provider", "corp", "--flow", "post")
    assert "write one of device, loopback" in done.stderr
    assert nothing_is_left(alice)


def test_a_code_that_is_denied_or_expires(machine: Make, idp: OidcProvider) -> None:
    """Who says no at the identity provider, or comes too late, is told so, and nothing is kept."""
    alice = machine("alice")
    denied = alice.device_flow("")
    assert (denied.returncode, "the sign-in was refused at the identity provider" in denied.stderr) == (1, True)
    body = json.dumps({"error": "expired_token"})
    idp.fault("/token", mode="reply", status=400, headers={"content-type": "application/json"}, body=body)
    expired = alice.device_flow("u-alice")
    assert (expired.returncode, "the code has expired" in expired.stderr) == (1, True)
    assert nothing_is_left(alice)


def test_signing_in_again_ends_the_session_before(machine: Make) -> None:
    """A second `wps init` has a device key of its own, and the tokens of the first are worth nothing any more."""
    alice = machine("alice")
    assert alice.device_flow("u-alice").returncode == 0
    before = alice.session_file.read_text()
    settings = config(alice).read_text()
    assert alice.device_flow("u-alice").returncode == 0
    after = alice.session_file.read_text()
    assert json.loads(before)["device_key"] != json.loads(after)["device_key"]
    assert config(alice).read_text() == settings
    alice.session_file.write_text(before)
    time.sleep(2.5)  # the service remembers a session for two seconds
    done = alice.wps("whoami")
    assert (done.returncode, "run `wps init`" in done.stderr) == (1, True)


def test_another_signing_key_is_refused(machine: Make) -> None:
    """A service that shows another key than the first time is not trusted unless the user says so."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    path = alice.vault.directory / "trusted"
    path.write_text(json.dumps({"signing_keys": ["ab" * 32], "serial": 7}))
    assert alice.wps("logout").returncode == 0
    done = alice.init("--provider", "corp")
    assert done.returncode == 1
    assert "shows another signing key than before" in done.stderr
    assert "wps init --trust-new-key" in done.stderr
    assert not alice.session_file.exists()
    assert alice.device_flow("u-alice", "--trust-new-key").returncode == 0
    assert json.loads(path.read_text()) == {"signing_keys": list(alice.saved()["signing_keys"]), "serial": 0}


def test_the_repository_names_the_service(machine: Make, ci: OidcProvider) -> None:
    """With --repository the service stands in .waypaas.toml, and who signs in there needs no settings of their own."""
    alice = machine("alice")
    alice.git("git@github.com:acme/shop.git")
    (alice.folder / "ca.pem").write_bytes(alice.running.authority.read_bytes())
    path = alice.folder / ".waypaas.toml"
    address = ("--service", alice.running.address, "--ca", str(alice.folder / "ca.pem"))
    secret = alice.home / "token"
    secret.write_text(job_token(ci, "refs/heads/main"))
    token = {"WAYPAAS_ID_TOKEN_FILE": str(secret)}
    done = alice.wps("init", *address, "--repository", **token)
    assert done.returncode == 0, done.stderr
    assert path.read_text() == f'service = "{alice.running.address}"\ncertificate_authority = "ca.pem"\n'
    secret.write_text(job_token(ci, "refs/heads/dev"))
    (alice.folder / "sub").mkdir()
    assert alice.wps("init", cwd=alice.folder / "sub", **token).returncode == 0
    assert not config(alice).exists()


def test_no_keyring_is_told_once(machine: Make) -> None:
    """On a machine without a keyring `wps init` says where the session is kept, and other commands say nothing."""
    alice = machine("alice")
    alice.environ["WAYPAAS_KEYRING"] = "auto"
    alice.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    done = alice.device_flow("u-alice")
    assert done.returncode == 0, done.stderr
    assert f"no keyring is on this machine: the session is kept in {alice.session_file}" in done.stderr
    assert alice.wps("whoami").stderr == ""


def test_a_file_of_a_session_that_is_damaged(machine: Make) -> None:
    """A session that cannot be read is told by every command, and `wps init` replaces it."""
    alice = machine("alice").sign_in("alice", "payments-developers")
    alice.session_file.write_text("{")
    broken = alice.wps("whoami")
    assert (broken.returncode, "run `wps init`" in broken.stderr) == (1, True)
    done = alice.device_flow("u-alice")
    assert (done.returncode, "is damaged" in done.stderr) == (0, True)
    assert alice.wps("whoami").returncode == 0


def test_standards_without_a_service(machine: Make) -> None:
    """`wps init --config` checks that standards load, names them, and says that nobody enforces them."""
    alice = machine("alice")
    standards = alice.running.standards
    done = alice.wps("init", "--config", str(standards))
    assert done.returncode == 0, done.stderr
    assert config(alice).read_text() == f'standards = "{standards}"\n'
    assert "teams payments, search; environments dev, staging, production" in done.stdout
    assert "their limits are advisory" in done.stdout
    alice.app()
    assert alice.wps("explain", "kubernetes.memory").returncode == 0
    assert "limits are advisory" in alice.wps("status").stdout
    before = config(alice).read_text()
    broken = alice.wps("init", "--config", str(alice.home / "none"))
    assert (broken.returncode, config(alice).read_text()) == (1, before)
    (alice.home / "half").mkdir()
    (alice.home / "half" / "org.yaml").write_text("org: {name: [\n")
    assert alice.wps("init", "--config", str(alice.home / "half")).returncode == 1
    assert config(alice).read_text() == before
