"""What the service depends on is silent, slow or wrong: identity provider, directory, repository of the standards."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from teamconfig import StandardsError
from teamconfig.client.errors import ServiceError
from teamconfig.gen.waypaas.v1 import common_pb2, rights_pb2, sessions_pb2, standards_pb2
from tests.cloud.service.load import call, until
from tests.cloud.service.test_faults import is_serving, refused
from testservers import oidc, service, slapd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cloud.service.conftest import People
    from testservers.oidc import OidcProvider
    from testservers.service import Running

    Record = Callable[[str, object], None]

WHO = sessions_pb2.WhoAmIRequest()
STATUS = standards_pb2.GetStatusRequest()
HTML = {"mode": "reply", "status": 200, "headers": {"content-type": "text/html"}, "body": "<html>Sign in</html>"}
FAULTS: dict[str, dict[str, Any]] = {
    "silent": {"mode": "silent"},
    "drip": {"mode": "drip"},
    "huge": {"mode": "huge"},
    "html": HTML,
    "500": {"mode": "reply", "status": 500, "body": "Internal Server Error"},
    "drop": {"mode": "drop"},
}
TOLD_SECONDS = 5.5
"""A sign-in fails within 5 s, and half a second of a busy machine."""

UNHARMED_SECONDS = 1.0
"""What other calls may take meanwhile, of 100 the slowest: that of a machine with other work."""


@pytest.fixture(name="well", scope="module")
def _well(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """Give another identity provider, which stays well."""
    with oidc.start(tmp_path_factory.mktemp("well")) as provider:
        yield provider


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_identity_provider_is_told_and_harms_nobody_else(
    fault: str, idp: OidcProvider, well: OidcProvider, tmp_path: Path, record_property: Record
) -> None:
    """Signing in fails within 5 s with the cause, and who is signed in works on meanwhile, as fast as ever."""
    providers = [
        {"kind": "oidc", "name": name, "issuer": one.issuer, "client_id": "wps"}
        for name, one in (("corp", idp), ("well", well))
    ]
    (tmp_path / "service").mkdir()
    with service.start(tmp_path / "service", providers, calls_per_second="1000") as running:
        client = running.open(tmp_path / "in", "well", token=well.token(groups=["payments-developers"], jti=fault))
        over, took = threading.Event(), list[float]()

        def work() -> None:
            while not over.is_set():
                begun = time.monotonic()
                client.call("Sessions/WhoAmI", WHO)
                took.append(time.monotonic() - begun)

        worker = threading.Thread(target=work)
        idp.fault("/.well-known/openid-configuration", times=50, **FAULTS[fault])
        worker.start()
        try:
            text, seconds = _sign_in(running, idp, f"{fault}-1")
        finally:
            over.set()
            worker.join(20)
            idp.mend()
            client.close()
        assert seconds < TOLD_SECONDS
        assert sorted(took)[int(len(took) * 0.99)] < UNHARMED_SECONDS, max(took)
        until(lambda: _sign_in(running, idp, f"{fault}-{time.monotonic()}")[0] == "", 60.0)
    record_property("failure", (f"identity provider: {fault}", seconds, text))


def _sign_in(running: Running, idp: OidcProvider, name: str) -> tuple[str, float]:
    """Try to sign in, once; give what the user reads, if it fails, and the seconds."""
    key = Ed25519PrivateKey.generate()
    request = sessions_pb2.OpenRequest(
        provider="corp", device_key=key.public_key().public_bytes_raw(), token=idp.token(jti=name)
    )
    begun = time.monotonic()
    try:
        call(running, key.private_bytes_raw(), "/waypaas.v1.Sessions/Open", request.SerializeToString())
    except grpc.RpcError as err:
        if err.code() is not grpc.StatusCode.UNAVAILABLE:  # type: ignore[attr-defined]  # of calls
            raise
        return str(err.details()), time.monotonic() - begun  # type: ignore[attr-defined]  # of calls
    return "", time.monotonic() - begun


class Switch:
    """A relay to a port, which can fall silent: it takes connections and bytes then, and gives none.

    Args:
        upstream: Port of the real server.
    """

    def __init__(self, upstream: int) -> None:
        self.silent = False
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._upstream))
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError), source:
            while data := source.recv(1 << 16):
                while self.silent:
                    time.sleep(0.05)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@pytest.fixture(name="directory")
def _directory(tmp_path: Path) -> Iterator[tuple[Running, Switch]]:
    """Give a service whose people come from a real directory behind a relay that can fall silent."""
    with slapd.start(tmp_path / "slapd") as ldap:
        switch = Switch(ldap.tls)
        provider = {
            "kind": "directory", "name": "corp", "url": f"ldaps://localhost:{switch.port}", "ca": str(ldap.ca),
            "bind_dn": slapd.READER, "bind_password_file": str(ldap.directory / "reader.password"), "base": slapd.BASE,
        }  # fmt: skip
        standards = tmp_path / "standards"
        write_standards(standards, ldap.entry_id(slapd.group("api")))
        (tmp_path / "service").mkdir()
        settings: dict[str, Any] = {"groups_max_age": "1s", "calls_per_second": "1000"}
        with service.start(tmp_path / "service", [provider], standards=standards, **settings) as running:
            yield running, switch
        switch.silent = False
        switch.close()


def write_standards(place: Path, lead: str) -> None:
    """Write the example's standards, with a group of the directory as leads."""
    import shutil  # noqa: PLC0415  # here only

    shutil.copytree(service.ROOT / "examples" / "standards", place)
    (place / "policy-tests.yaml").unlink()
    team = place / "teams" / "payments" / "team.yaml"
    team.write_text(team.read_text().replace("[payments-leads]", f'["{lead}"]'))


def test_a_silent_directory_stops_production_only(
    directory: tuple[Running, Switch], tmp_path: Path, record_property: Record
) -> None:
    """While the directory is silent, known groups count outside of production; there, calls are refused."""
    running, switch = directory
    password = sessions_pb2.Password(user="alice", password=slapd.PASSWORD)
    client = running.open(tmp_path / "home", "corp", password=password)
    found = client.call("Sessions/WhoAmI", WHO)
    assert [list(team.roles) for team in found.teams] == [["lead"]], found
    time.sleep(1.5)  # the groups are too old now
    switch.silent = True
    begun = time.monotonic()
    assert list(client.call("Sessions/WhoAmI", WHO, deadline=15.0).teams[0].roles) == ["lead"]
    first = time.monotonic() - begun
    target = common_pb2.Target(project="shop", app="web", workspace="production")
    request = rights_pb2.RequestGrantRequest(target=target, action="destroy")
    text, seconds = refused(lambda: client.call("Rights/RequestGrant", request))
    assert "cannot answer now" in text
    assert "directory" in text
    status = client.call("Standards/GetStatus", STATUS)
    assert "directory" in status.parts["provider corp"]
    assert is_serving(running)
    switch.silent = False
    until(lambda: granted(client, request), 90.0)
    client.close()
    record_property("failure", ("directory silent: production", seconds, text))
    record_property("failure", ("directory silent: elsewhere", first, "the call is answered, with the groups known"))


def granted(client: Any, request: rights_pb2.RequestGrantRequest) -> bool:
    """Tell whether a grant can be asked for."""
    try:
        client.call("Rights/RequestGrant", request)
    except StandardsError:
        return False
    return True


class Repository:
    """A git repository of standards.

    Args:
        place: Empty.
    """

    def __init__(self, place: Path) -> None:
        import shutil  # noqa: PLC0415  # here only

        self.place = place
        shutil.copytree(service.ROOT / "examples" / "standards", place)
        self.git("init", "-q", "-b", "main")
        self.commit("first")

    def git(self, *words: str) -> str:
        """Run git there."""
        own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        who = ["-c", "user.name=test", "-c", "user.email=test@corp.example", "-c", "commit.gpgsign=false"]
        command = ["git", "-C", str(self.place), *who, *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | own).stdout.strip()

    def commit(self, text: str) -> str:
        """Commit all that is there; give the name of the revision."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", text)
        return "git:" + self.git("rev-parse", "HEAD")[:12]

    def memory(self, value: str) -> None:
        """Change the memory that team payments' apps have."""
        team = self.place / "teams" / "payments" / "team.yaml"
        lines = [f"    memory: {value}" if line.startswith("    memory: ") else line for line in
                 team.read_text().splitlines()]  # fmt: skip
        team.write_text("\n".join(lines) + "\n")


def test_a_revision_that_may_not_be_served_is_not(
    idp: OidcProvider, people: People, tmp_path: Path, record_property: Record
) -> None:
    """A broken revision, and one that rewrites history, are refused; the old one serves on, and status tells why."""
    repository = Repository(tmp_path / "standards.git")
    first = repository.commit("again")
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": "wps"}
    (tmp_path / "service").mkdir()
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    with service.start(
        tmp_path / "service", [provider], standards=f"git+file://{repository.place}#main", environ=environ
    ) as running:
        client = running.open(tmp_path / "home", "corp", token=people.token("lena", "payments-leads"))

        def status() -> standards_pb2.Status:
            found: standards_pb2.Status = client.call("Standards/GetStatus", STATUS)
            return found

        assert status().revision == first
        repository.memory("[1]")
        broken, begun = repository.commit("too much"), time.monotonic()
        until(lambda: status().refused_revision == broken)
        told = status()
        record_property("failure", ("revision broken", time.monotonic() - begun, told.parts["standards"]))
        assert told.revision == first
        assert "team.yaml" in told.problems[0].where
        assert is_serving(running)
        client.tree("shop", "web", "dev")

        repository.memory("300Mi")
        second = repository.commit("less")
        until(lambda: status().revision == second)
        repository.git("reset", "-q", "--hard", "HEAD~2")
        repository.memory("400Mi")
        rewritten, begun = repository.commit("history is what we say"), time.monotonic()
        until(lambda: status().refused_revision == rewritten)
        told = status()
        record_property("failure", ("history rewritten", time.monotonic() - begun, told.parts["standards"]))
        assert told.revision == second
        assert "fast-forward" in told.problems[0].what
        assert is_serving(running)

        running.restart()  # a new process must not be tricked either
        told = status()
        assert (told.revision, told.refused_revision) == (second, rewritten)
        assert is_serving(running)
        client.close()


def test_a_service_without_standards_says_so(
    idp: OidcProvider, people: People, tmp_path: Path, record_property: Record
) -> None:
    """A service whose first revision is broken starts, is not ready, and refuses calls with the mistake."""
    standards = tmp_path / "standards"
    write_standards(standards, "leads")
    (standards / "org.yaml").write_text("org: {nam: acme}\n")
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": "wps"}
    (tmp_path / "service").mkdir()
    with service.start(tmp_path / "service", [provider], standards=standards) as running:
        assert not is_serving(running)
        with pytest.raises((ServiceError, StandardsError)) as caught:
            running.open(tmp_path / "home", "corp", token=people.token("lena", "payments-leads"))
        assert "nam" in str(caught.value)
        (running.standards / "org.yaml").write_text((service.ROOT / "examples/standards/org.yaml").read_text())
        until(lambda: is_serving(running))
    record_property("failure", ("first revision broken", 0.0, str(caught.value)))
