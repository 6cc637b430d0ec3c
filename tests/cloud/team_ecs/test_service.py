"""team-ecs by the rights of the team config service, for a user who has no credentials of AWS."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ecsapp import App

from testservers import oidc, service
from testservers.aws import ACCOUNT, REGION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testservers.aws import Aws
    from testservers.oidc import OidcProvider
    from testservers.service import Running

OWN = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@pytest.fixture(scope="module")
def idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """Give an identity provider."""
    with oidc.start(tmp_path_factory.mktemp("idp")) as provider:
        yield provider


def standards(directory: Path, ecs: dict[str, Any]) -> Path:
    """Write the example's standards, with a section `ecs`."""
    shutil.copytree(service.ROOT / "examples" / "standards", directory)
    org = yaml.safe_load((directory / "org.yaml").read_text())
    org["standards"]["ecs"] = ecs
    (directory / "org.yaml").write_text(yaml.safe_dump(org))
    return directory


@pytest.fixture
def served(aws: Aws, idp: OidcProvider, tmp_path: Path) -> Iterator[tuple[App, Running]]:
    """Give an app of somebody who is signed in at a service, and has no credentials of AWS."""
    platform = aws.platform()
    written = standards(tmp_path / "company", platform.standards() | {"account": ACCOUNT})
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": oidc.CLIENT}
    account = {"id": ACCOUNT, "environments": ["dev"], "sts_endpoint": aws.proxy.url, "sts_region": REGION}
    begun = service.start(
        tmp_path / "service", [provider], standards=written, environ=aws.environ(), accounts={"dev": account}
    )
    (tmp_path / "service").mkdir()
    with begun as running:
        claims = {"sub": "u-dora", "preferred_username": "dora", "groups": ["payments-developers"], "jti": "t1"}
        token = idp.token(**claims, iat=int(time.time()))
        running.open(tmp_path / "home", "corp", token=token).close()
        theirs = {key: value for key, value in aws.environ().items() if key not in OWN}
        theirs |= {"HOME": str(tmp_path / "home"), "WAYPAAS_KEYRING": "off", "WAYPAAS_SERVICE": running.address}
        theirs["WAYPAAS_CERTIFICATE_AUTHORITY"] = str(running.authority)
        app = App(aws, platform, tmp_path, theirs)
        yield app, running
        app.host.close()


def test_a_life_by_the_service_s_rights(served: tuple[App, Running], monkeypatch: pytest.MonkeyPatch) -> None:
    """Deploy, status, release and destroy work with what the service gives for each, and end with nothing left."""
    for name in OWN:
        monkeypatch.delenv(name, raising=False)
    app, _ = served
    deployed = app.deploy()
    assert deployed.place.service
    assert "limits are enforced by the team config service" in app.host.ui.text
    assert app.status(deployed).health_message == "all 2 tasks run and are healthy"
    released = app.release(deployed)
    assert app.served_by() == deployed.name
    app.destroy(released)
    app.destroy(deployed)
    assert app.left() == []
    assumed = [call for call in app.aws.proxy.calls if call.action == "sts:AssumeRole"]
    assert len(assumed) == len(("deploy", "status", "release", "destroy", "destroy"))
    tags = {key: value for call in assumed for key, value in call.parameters.items() if key.startswith("Tags.")}
    assert ["payments/dev"] in tags.values()


def test_a_service_that_is_away_gives_nothing(served: tuple[App, Running]) -> None:
    """With the service gone, what it gave the right to is not done by anybody's own credentials instead."""
    app, running = served
    deployed = app.deploy()
    running.stop()
    app.host.configure("platform", {})
    with pytest.raises(Exception, match=r"service"):
        app.destroy(deployed)
    assert app.left() != []
