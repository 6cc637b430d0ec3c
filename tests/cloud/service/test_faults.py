"""Faults of the service and its database: what was answered is in the audit, nothing is answered without, it heals.

WAYPAAS_FAULT_ROUNDS says how often something is killed in each test; docs/service/faults.md has a run of 100.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from grpc_health.v1 import health_pb2, health_pb2_grpc

from teamconfig import StandardsError
from teamconfig.gen.waypaas.v1 import rights_pb2, sessions_pb2
from tests.cloud.service.load import AGAIN_SECONDS, Load, check_audit, until
from testservers import installing, service
from testservers.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cloud.service.conftest import People
    from testservers.oidc import OidcProvider
    from testservers.postgres import Postgres
    from testservers.service import Running

    Record = Callable[[str, object], None]

ROUNDS = int(os.environ.get("WAYPAAS_FAULT_ROUNDS", "4"))
TOLD_SECONDS = 3.0
"""A change that the database does not take is answered within 2.5 s, and half a second of a busy machine."""

WHO = sessions_pb2.WhoAmIRequest()
DIGEST = "sha256:" + "ab" * 32


@pytest.fixture
def server() -> Iterator[Postgres]:
    """Run a PostgreSQL that the test may kill."""
    with postgres() as running:
        yield running


@contextlib.contextmanager
def started(directory: Path, idp: OidcProvider, **settings: Any) -> Iterator[Running]:
    """Run a service of one's own."""
    directory.mkdir(parents=True, exist_ok=True)
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": "wps"}
    with service.start(directory, [provider], calls_per_second="100000", **settings) as running:
        yield running


def is_serving(running: Running) -> bool:
    """Ask the health service, as a load balancer does."""
    credentials = grpc.ssl_channel_credentials(running.authority.read_bytes())
    with grpc.secure_channel(running.address, credentials) as channel:
        reply = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
    return bool(reply.status == health_pb2.HealthCheckResponse.SERVING)


def failed(running: Running, people: People, home: Path) -> tuple[str, float]:
    """Make a call that nobody can answer, and give what its user reads, and after how long."""
    client = running.open(home, "corp", token=people.token("dora", "payments-developers"))
    try:
        return refused(lambda: client.call("Sessions/WhoAmI", WHO))
    finally:
        client.close()


def refused(call: Callable[[], object]) -> tuple[str, float]:
    """Give the text and the seconds of a call that fails."""
    begun = time.monotonic()
    with pytest.raises(StandardsError) as caught:
        call()
    return str(caught.value), time.monotonic() - begun


@pytest.mark.timeout(120 + 30 * ROUNDS)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_was_answered_survives_kills(
    kind: str, idp: OidcProvider, tmp_path: Path, request: pytest.FixtureRequest, record_property: Record
) -> None:
    """The service, and PostgreSQL in turn, killed under load: each answered call has its row, the chain is whole."""
    server = request.getfixturevalue("server") if kind == "postgresql" else None
    url = server.database() if server is not None else f"sqlite:///{tmp_path}/service.db"
    slowest, acknowledged = 0.0, set()
    with started(tmp_path / "service", idp, database=url) as running:
        for number in range(ROUNDS):
            begun = time.monotonic()
            with Load(running, idp, tmp_path) as load:
                load.wait_for(30, begun)
                time.sleep(random.uniform(0.0, 0.4))  # noqa: S311  # any moment will do
                moment = time.monotonic()
                if server is not None and number % 2:
                    server.kill()
                    server.start()
                else:
                    running.stop(signal.SIGKILL)
                    running.restart()
                slowest = max(slowest, load.wait_for(5, moment) and time.monotonic() - moment)
        acknowledged = {one.request for one in load.ended() if one.code == "OK"}
        assert running.stop() == 0
    rows = check_audit(running, url, acknowledged)
    assert len(acknowledged) >= 30 * ROUNDS
    text = f"{ROUNDS} kills, {len(acknowledged)} calls answered, none lost, {len(rows)} rows, chain whole"
    record_property("failure", (f"kill -9, {kind}", slowest, text))


@pytest.fixture
def sts(tmp_path: Path) -> Iterator[str]:
    """Give the URL of moto's STS."""
    port = installing.free_port()
    command = [Path(sys.executable).parent / "moto_server", "-H", "127.0.0.1", "-p", str(port)]
    with installing.Program("moto", command, tmp_path / "moto.log") as program:
        program.wait_until(lambda: installing.listens(port), 60)
        yield f"http://127.0.0.1:{port}"


def accounts(sts: str) -> dict[str, Any]:
    """Give an account as service.yaml has it, and what the service needs to use it."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIASERVICE", "AWS_SECRET_ACCESS_KEY": "x", "AWS_EC2_METADATA_DISABLED": "true"}
    account = {"id": "111122223333", "environments": ["dev"], "sts_endpoint": sts, "sts_region": "eu-west-1"}
    return {"accounts": {"dev": account}, "environ": keys}


@pytest.mark.timeout(180 + 40 * ROUNDS)
def test_no_grant_is_redeemed_twice(
    idp: OidcProvider, people: People, sts: str, tmp_path: Path, record_property: Record
) -> None:
    """A grant that four redeem at once, while the service is killed, gives credentials once or never."""
    standards = tmp_path / "standards"
    write_standards(standards)
    given, text, slowest = 0, "", 0.0
    with started(tmp_path / "service", idp, standards=standards, **accounts(sts)) as running:
        for number in range(ROUNDS):
            client = running.open(tmp_path / f"home{number}", "corp", token=people.token("dora", "payments-developers"))
            grant = client.request_grant("shop", "web", "dev", "deploy", DIGEST, f"round-{number}")
            assert grant.token

            def redeem(_: int, token: str = grant.token) -> str:
                key = Ed25519PrivateKey.generate()
                channel = running.channel(key)
                request = rights_pb2.RedeemGrantRequest(
                    token=token, digest=DIGEST, platform="aws", device_key=key.public_key().public_bytes_raw()
                )
                try:
                    return str(channel.call("Rights/RedeemGrant", request, deadline=15.0).lease_id)
                except StandardsError as err:
                    return f"! {err}"
                finally:
                    channel.close()

            with ThreadPoolExecutor(4) as pool:
                answers = pool.map(redeem, range(4))
                time.sleep(random.uniform(0.0, 0.5) if number else 3.0)  # noqa: S311  # the first one ends in peace
                begun = time.monotonic()
                running.stop(signal.SIGKILL)
                running.restart()
                leases = [answer for answer in answers if not answer.startswith("! ")]
                slowest = max(slowest, time.monotonic() - begun)
            again = redeem(0)
            leases += [again] if not again.startswith("! ") else []
            assert len(leases) <= 1, leases
            text = redeem(0)
            assert "was used before" in text
            given += len(leases)
            client.close()
    assert given >= 1, text
    record_property("failure", ("grant redeemed by 4, kill -9", slowest, text.removeprefix("! ")))


def write_standards(place: Path) -> None:
    """Write the example's standards, with a cluster of ECS."""
    import shutil  # noqa: PLC0415  # here only

    shutil.copytree(service.ROOT / "examples" / "standards", place)
    org = place / "org.yaml"
    found = yaml.safe_load(org.read_text())
    found["standards"]["ecs"] = {"cluster": "main", "region": "eu-west-1"}
    org.write_text(yaml.safe_dump(found))


def test_a_frozen_database_is_told_in_time(
    idp: OidcProvider, server: Postgres, tmp_path: Path, record_property: Record
) -> None:
    """PostgreSQL that hangs for 5 s: calls are refused in time, readiness falls, and then all goes on by itself."""
    url = server.database()
    with started(tmp_path / "service", idp, database=url) as running, Load(running, idp, tmp_path) as load:
        load.wait_for(20)
        with server.frozen():
            moment = time.monotonic()
            until(lambda: not is_serving(running), 5.0)
            time.sleep(max(0.0, moment + 5.0 - time.monotonic()))
        thawed = time.monotonic()
        load.wait_for(20, thawed)
        until(lambda: is_serving(running))
        load.stop()
        hit = [one for one in load.ended(moment) if one.began < thawed and one.code != "OK"]
        assert hit
        assert {one.code for one in hit} == {"UNAVAILABLE"}
        assert max(one.took for one in hit) < TOLD_SECONDS
        assert running.stop() == 0
    check_audit(running, url, {one.request for one in load.ended() if one.code == "OK"})
    record_property("failure", ("PostgreSQL frozen 5 s", max(one.took for one in hit), hit[0].text))


def test_a_service_ends_though_its_database_hangs(idp: OidcProvider, server: Postgres, tmp_path: Path) -> None:
    """SIGTERM while PostgreSQL hangs: the process ends within its grace time all the same."""
    with started(tmp_path / "service", idp, database=server.database()) as running:
        with Load(running, idp, tmp_path) as load, server.frozen():
            time.sleep(1.0)
            begun = time.monotonic()
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(30) == 0
            assert time.monotonic() - begun < 25
        assert load.ended() is not None


def test_without_audit_nothing_is_answered(
    idp: OidcProvider, people: People, server: Postgres, tmp_path: Path, record_property: Record
) -> None:
    """Where no row can be added though the database is well, calls are refused, readiness falls, the text says why."""
    url = server.database()
    with started(tmp_path / "service", idp, database=url) as running:
        client = running.open(tmp_path / "home", "corp", token=people.token("dora", "payments-developers"))
        client.call("Sessions/WhoAmI", WHO)
        assert is_serving(running)
        name = url.partition("/")[2].partition("?")[0].rpartition("/")[2]
        server.psql("REVOKE INSERT ON audit FROM waypaas", name)
        text, seconds = refused(lambda: client.call("Sessions/WhoAmI", WHO))
        assert "audit" in text
        until(lambda: not is_serving(running), 5.0)
        server.psql("GRANT INSERT ON audit TO waypaas", name)
        until(lambda: is_serving(running), 10.0)
        client.call("Sessions/WhoAmI", WHO)
        client.close()
    record_property("failure", ("audit takes no rows", seconds, text))


def test_a_full_disk(idp: OidcProvider, people: People, tmp_path: Path, record_property: Record) -> None:
    """On a full disk nothing is answered and the text says why; with room again all goes on, and no row is lost."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "waypaas-test", disk], check=True)
    try:
        url = f"sqlite:///{disk}/service.db"
        with started(tmp_path / "service", idp, database=url) as running:
            client = running.open(tmp_path / "home", "corp", token=people.token("dora", "payments-developers"))
            ballast = disk / "ballast"
            with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 4096)
            text, seconds = "", 0.0
            for _ in range(2000):  # what SQLite has allocated takes some rows yet
                begun = time.monotonic()
                try:
                    client.call("Sessions/WhoAmI", WHO)
                except StandardsError as err:
                    text, seconds = str(err), time.monotonic() - begun
                    break
            assert "disk is full" in text
            until(lambda: not is_serving(running), 5.0)
            ballast.unlink()
            until(lambda: is_serving(running), 10.0)
            client.call("Sessions/WhoAmI", WHO)
            client.close()
            assert running.stop() == 0
        check_audit(running, url, set())
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
    record_property("failure", ("disk full", seconds, text))


def second(running: Running, **changes: Any) -> tuple[int, str, float]:
    """Start a second service with changed settings; give its exit code, what it says, and how soon."""
    config = yaml.safe_load((running.directory / "service.yaml").read_text()) | changes
    path = running.directory / "second.yaml"
    path.write_text(yaml.safe_dump(config))
    begun = time.monotonic()
    command = [sys.executable, "-m", "teamconfig.service", "--config", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stderr, time.monotonic() - begun


def test_two_services_on_one_file(running: Running, record_property: Record) -> None:
    """A second process on the same SQLite file refuses to start, and says who has it and what to do."""
    code, text, seconds = second(running, listen="127.0.0.1:0")
    assert code == 1
    assert f"process {running.process.pid} has it" in text
    assert "Traceback" not in text
    record_property("failure", ("second process, same SQLite", seconds, text.strip()))


def test_two_services_on_one_port(running: Running, record_property: Record) -> None:
    """A second process on the same port refuses to start, instead of taking a part of the calls unnoticed."""
    code, text, seconds = second(running, state_directory="other-state")
    assert code == 1
    assert "cannot be listened on" in text
    assert "another process listens there" in text
    assert "Traceback" not in text
    said = "\n".join(line for line in text.splitlines() if not line.startswith(("{", "E0", "I0", "W0")))
    record_property("failure", ("second process, same port", seconds, said))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_stopping_under_load_loses_no_call(
    kind: str, idp: OidcProvider, tmp_path: Path, request: pytest.FixtureRequest, record_property: Record
) -> None:
    """SIGTERM under load: calls that run are answered, what was not begun is told so, and the exit code is 0."""
    url = f"sqlite:///{tmp_path}/service.db"
    if kind == "postgresql":
        url = request.getfixturevalue("server").database()
    with started(tmp_path / "service", idp, database=url) as running:
        with Load(running, idp, tmp_path, in_flight=16) as load:
            load.wait_for(50)
            begun = time.monotonic()
            assert running.stop() == 0
            seconds = time.monotonic() - begun
            time.sleep(0.5)
        ended = load.ended()
        assert {one.code for one in ended} <= {"OK", "UNAVAILABLE", "CANCELLED"}
        assert seconds < 20
        known = check_audit(running, url, {one.request for one in ended if one.code == "OK"})
    begun_and_cut = [one for one in ended if one.code != "OK" and one.request in known]
    assert not begun_and_cut
    codes = Counter(one.code for one in ended if one.began < begun + seconds)
    text = f"{codes['OK']} answered, {codes['CANCELLED']} not begun and told so, {len(known)} rows"
    record_property("failure", (f"SIGTERM under load, {kind}", seconds, text))


def test_what_a_user_reads_when_it_is_away(
    idp: OidcProvider, people: People, tmp_path: Path, record_property: Record
) -> None:
    """A client of a service that is gone reads that, in seconds, and is back without any help once it is."""
    with started(tmp_path / "service", idp) as running:
        client = running.open(tmp_path / "home", "corp", token=people.token("dora", "payments-developers"))
        client.call("Sessions/WhoAmI", WHO)
        running.stop(signal.SIGKILL)
        text, seconds = refused(lambda: client.call("Sessions/WhoAmI", WHO))
        assert "nothing listens there" in text
        assert seconds < 5
        running.restart()
        until(lambda: answered(client), AGAIN_SECONDS)
        client.close()
    record_property("failure", ("service away", seconds, text))


def answered(client: Any) -> bool:
    """Tell whether a call is answered."""
    try:
        client.call("Sessions/WhoAmI", WHO)
    except StandardsError:
        return False
    return True
