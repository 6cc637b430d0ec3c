"""`wps init` in a repository that somebody else wrote: whom it names is asked about, and no key is forgotten for it."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc
from test_init import config, job_token, nothing_is_left

from teamconfig.client.vault import Session, Vault
from teamconfig.gen.waypaas.v1 import sessions_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from machines import Machine

    from testservers.oidc import OidcProvider

    Make = Callable[[str], Machine]


def cloned(machine: Machine) -> Path:
    """Give the file of a repository that names the service and its certificate authority."""
    machine.git("git@github.com:acme/shop.git")
    shutil.copy(machine.running.authority, machine.folder / "ca.pem")
    path = machine.folder / ".waypaas.toml"
    path.write_text(f'service = "{machine.running.address}"\ncertificate_authority = "ca.pem"\n')
    return path


def test_a_service_that_only_a_repository_names(machine: Make, ci: OidcProvider) -> None:
    """Where nobody can be asked, or wants to be, nobody is signed in at it; the text says how to."""
    alice = machine("alice")
    path, authority = cloned(alice), alice.folder / "ca.pem"
    for more in ((), ("--yes",)):
        done = alice.wps("init", *more, WAYPAAS_ID_TOKEN=job_token(ci, "refs/heads/main"))
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            f"nobody is signed in at {alice.running.address}\n"
            f"  only {path} names it, and you have never signed in there\n"
            f"  if it is your company's, run: wps init --service {alice.running.address} --ca {authority}\n"
            f"  at {path}\n"
        )
    assert nothing_is_left(alice)


def test_an_authority_that_only_a_repository_names(machine: Make, ci: OidcProvider) -> None:
    """Naming the service is no consent to whom the repository lets vouch for its certificate; naming both is."""
    alice = machine("alice")
    path, authority = cloned(alice), alice.folder / "ca.pem"
    token = {"WAYPAAS_ID_TOKEN": job_token(ci, "refs/heads/main")}
    done = alice.wps("init", "--service", alice.running.address, **token)
    assert done.returncode == 1
    assert f"only {path} says to check its certificate with {authority}" in done.stderr
    assert nothing_is_left(alice)
    assert alice.wps("init", "--service", alice.running.address, "--ca", str(authority), **token).returncode == 0
    again = {"WAYPAAS_ID_TOKEN": job_token(ci, "refs/heads/dev")}
    assert alice.wps("init", **again).returncode == 0, "it is known now"


def test_the_user_is_asked(machine: Make, ci: OidcProvider) -> None:
    """At a terminal file, service and authority are named; only a yes signs in, and then nobody is asked again."""
    alice = machine("alice")
    path, authority = cloned(alice), alice.folder / "ca.pem"
    token = {"WAYPAAS_ID_TOKEN": job_token(ci, "refs/heads/main")}
    question = (
        f"{path} names {alice.running.address}, its certificate checked with {authority}, "
        "and you have never signed in there: sign in? [y/N]"
    )
    code, out, shown = alice.answered("\n", "init", after="sign in?", **token)
    assert (code, out) == (1, "")
    assert question in shown
    assert nothing_is_left(alice)
    code, out, shown = alice.answered("y\n", "init", after="sign in?", **token)
    assert code == 0, shown
    assert question in shown
    assert not config(alice).exists()
    assert alice.wps("logout").returncode == 0
    assert alice.wps("init", WAYPAAS_ID_TOKEN=job_token(ci, "refs/heads/other")).returncode == 0


def test_ones_own_settings_are_no_question(machine: Make, ci: OidcProvider) -> None:
    """A service that the user's own file or the environment names is the user's word."""
    alice = machine("alice")
    alice.configure()
    assert alice.wps("init", WAYPAAS_ID_TOKEN=job_token(ci, "refs/heads/main")).returncode == 0
    bob = machine("bob")
    bob.git("git@github.com:acme/shop.git")
    named = {"WAYPAAS_SERVICE": bob.running.address, "WAYPAAS_CERTIFICATE_AUTHORITY": str(bob.running.authority)}
    assert bob.wps("init", WAYPAAS_ID_TOKEN=job_token(ci, "refs/heads/dev"), **named).returncode == 0


@contextmanager
def another(keys: list[bytes]) -> Iterator[str]:
    """Give the address of a server that says how to sign in, and shows these signing keys."""
    provider = sessions_pb2.Provider(name="jobs", kind="workload")
    offered = sessions_pb2.SignIn(organization="acme", providers=[provider], signing_keys=keys)

    class Handler(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc's own
        def service(self, handler_call_details: Any) -> Any:
            if not handler_call_details.method.endswith("/GetSignIn"):
                return None
            return grpc.unary_unary_rpc_method_handler(lambda *_: offered.SerializeToString())

    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool, handlers=[Handler()])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"plaintext://127.0.0.1:{port}"
        server.stop(None).wait(10)


def test_a_service_without_a_signing_key(machine: Make) -> None:
    """A service that shows no key, or half a one, is refused whatever is asked for, and known keys stay."""
    alice = machine("alice")
    for keys in ([], [b""], [b"k" * 31]):
        with another(keys) as address:
            vault = Vault(address, {"HOME": str(alice.home), "WAYPAAS_KEYRING": "off"})
            vault.save(Session(device_key="00" * 32, signing_keys=("ab" * 32,), serial=7))
            for more in ((), ("--trust-new-key",)):
                done = alice.wps("init", "--service", address, *more, WAYPAAS_ID_TOKEN="x.y.z")
                assert done.returncode == 1
                assert f"the service {address} shows no signing key" in done.stderr
            known = json.loads((vault.directory / "trusted").read_text())
            assert known == {"signing_keys": ["ab" * 32], "serial": 7}


def test_known_keys_do_not_become_fewer(machine: Make, ci: OidcProvider) -> None:
    """A service that shows only some of the keys that are known takes none of them away."""
    alice = machine("alice")
    assert alice.init(WAYPAAS_ID_TOKEN=job_token(ci, "refs/heads/main")).returncode == 0
    path = alice.vault.directory / "trusted"
    known = {"signing_keys": [*json.loads(path.read_text())["signing_keys"], "ab" * 32], "serial": 0}
    path.write_text(json.dumps(known))
    done = alice.init(WAYPAAS_ID_TOKEN=job_token(ci, "refs/heads/dev"))
    assert done.returncode == 0, done.stderr
    assert json.loads(path.read_text())["signing_keys"] == known["signing_keys"]


def test_plain_text_stays_on_this_machine(machine: Make) -> None:
    """An address without TLS is refused unless it is of this machine, however its name begins."""
    alice = machine("alice")
    done = alice.wps("init", "--service", "plaintext://127.0.0.1.evil.example:80")
    assert (done.returncode, "a call without TLS is for this machine only" in done.stderr) == (1, True)
    assert nothing_is_left(alice)
