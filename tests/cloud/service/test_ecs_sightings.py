"""An image goes on when the service itself has seen it run on ECS, for as long as the standards say: at moto.

moto runs no task; tests.cloud.credentials.ecsplace says how they come to run.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from team_ecs.gen.team_ecs.v1.team_ecs_pb2 import Deployment
from teamconfig.client.releases import ServiceLedger
from teamconfig.releases.errors import LedgerError
from teamconfig.releases.promotion import Wanted
from tests.cloud.credentials.ecsplace import Place
from tests.cloud.service import releasekit
from tests.cloud.team_ecs.ecsapp import App, Args
from tests.unit.releases import made
from testservers import aws as server
from testservers import service
from testservers.awsproxy import Fault
from waypaas_sdk.gen.docker.docker_pb2 import Image
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from teamconfig.client.service import Service
    from teamconfig.releases.record import Record
    from tests.cloud.service.conftest import People
    from testservers.aws import Aws, Platform
    from testservers.oidc import OidcProvider
    from testservers.service import Running

SOAK_SECONDS = 5
OWN = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@pytest.fixture(name="account", scope="module")
def _account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """Start moto and the proxy before it."""
    with server.start(tmp_path_factory.mktemp("moto")) as started:
        yield started


@pytest.fixture(name="platform", scope="module")
def _platform(account: Aws) -> Platform:
    """Give what a platform team has made; all environments share its cluster."""
    return account.platform()


@pytest.fixture(name="place")
def _place(account: Aws, platform: Platform) -> Place:
    """Give the cluster, where nothing goes wrong."""
    account.proxy.mend()
    return Place(account, platform.cluster)


@pytest.fixture(name="served", scope="module")
def _served(
    tmp_path_factory: pytest.TempPathFactory, idp: OidcProvider, account: Aws, platform: Platform
) -> Iterator[Running]:
    """Give a service that gives credentials for that account; one environment lets images soak before."""
    home = tmp_path_factory.mktemp("ecs")
    ecs = platform.standards() | {"count": 2, "account": server.ACCOUNT}
    common = {
        "ecs": ecs,
        "network": {"host": "{app}.{environment}.acme.example"},
        "registry": {"region": server.REGION},
    }
    roles = {"developer": ["devs"], "lead": ["leads"]}
    files: dict[str, Any] = {
        "org.yaml": {"org": {"name": "acme", "environments": ["dev", "soaking", "staging"]}, "standards": common},
        "environments/soaking.yaml": {"standards": {"promotion": {"source": "dev", "soak": f"{SOAK_SECONDS}s"}}},
        "environments/staging.yaml": {"standards": {"promotion": {"source": "dev"}}},
        "teams/payments/team.yaml": {"team": {"projects": ["shop"], "roles": roles}},
    }
    for name, content in files.items():
        (home / "standards" / name).parent.mkdir(parents=True, exist_ok=True)
        (home / "standards" / name).write_text(json.dumps(content))
    (home / "service").mkdir()
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": "wps"}
    entry = {"id": server.ACCOUNT, "sts_endpoint": account.proxy.url, "sts_region": server.REGION}
    with service.start(
        home / "service", [provider], standards=home / "standards", environ=account.environ(), accounts={"all": entry}
    ) as running:
        yield running


@pytest.fixture(name="developer")
def _developer(served: Running, people: People) -> Service:
    """Give a developer who is signed in, and leads the team, so that releases may be recorded."""
    people.running = served
    return people.sign_in("dora", "devs", "leads")


def image(found: str) -> str:
    """Write its reference."""
    return f"registry.test/hello@{found}"


def lease(client: Service, app: str, found: str, workspace: str = "dev", platform: str = "aws") -> str:
    """Get credentials to deploy an image."""
    return str(client.credentials("shop", app, workspace, "deploy", platform, (), found).lease_id)


def recorded(client: Service, app: str, found: str) -> Record:
    """Record the release of an image in dev, once."""
    key = f"{app}-{found.removeprefix('sha256:')[:16]}"
    return ServiceLedger(client).record(made.draft(app=app, environment="dev", digest=found), key)


def begun(client: Service, app: str, found: str) -> str:
    """Begin to promote the release of an image in dev to staging; give "begun", or the reason why not."""
    ledger = ServiceLedger(client)
    parent = recorded(client, app, found).id
    wanted = Wanted(project="shop", app=app, environment="staging", digest=found, kind="promote", parent=parent)
    try:
        promotion = ledger.begin(wanted, "the test")
    except LedgerError as err:
        return err.reason
    ledger.abandon(promotion.id, "the test", "it was for a test")
    return "begun"


def test_what_team_ecs_has_deployed_goes_on(
    developer: Service, served: Running, place: Place, platform: Platform, people: People, tmp_path: Path
) -> None:
    """A deploy by the plugin, with the service's rights, is seen to run: a promotion begins, and the record says so."""
    found, home = releasekit.image(), tmp_path / "home-of-the-app"
    served.open(home, "corp", token=people.token("dora", "devs")).close()
    theirs = {key: value for key, value in place.aws.environ().items() if key not in OWN}
    theirs |= {"HOME": str(home), "WAYPAAS_KEYRING": "off", "WAYPAAS_SERVICE": served.address}
    app = App(place.aws, platform, tmp_path, theirs | {"WAYPAAS_CERTIFICATE_AUTHORITY": str(served.authority)})
    try:
        app.host.configure("platform", {})
        config = Args.DeploymentConfig(id="01HZXW5VE4M2Q6S8T0V2X40001", sequence=1)
        asked = Image(image="registry.test/web", tag=found), config, *app.job("default")
        deployed = anys.unpack(app.host.begin("platform", "Deploy", *asked).result(120).result, Deployment)
        assert deployed.place.service
    finally:
        app.host.close()
    other = releasekit.image()
    assert begun(developer, "web", found) == "begun"
    assert begun(developer, "web", other) == "digest_unseen"
    assert recorded(developer, "web", found).witnessed
    assert not recorded(developer, "web", other).witnessed


def test_the_word_of_who_deploys_is_not_enough(developer: Service, place: Place) -> None:
    """That a deploy succeeded counts when the image runs, as the app's own, in its environment, and not before."""
    found, app = releasekit.image(), "said"
    releasekit.close(developer, lease(developer, app, found))
    assert begun(developer, app, found) == "digest_unseen"
    place.run(image(releasekit.image()), app)
    place.run(image(found), "elsewhere")
    place.run(image(found), app, environment="staging", workspace="staging")
    place.run(image(found), app, workspace="preview-login")
    releasekit.close(developer, lease(developer, app, found))
    assert begun(developer, app, found) == "digest_unseen"
    place.run(image(found), app, sequence=2)
    releasekit.close(developer, lease(developer, app, found))
    assert begun(developer, app, found) == "begun"


@pytest.mark.parametrize("first", ["failed", "succeeded"])
def test_a_lease_that_was_closed_does_not_count(developer: Service, place: Place, first: str) -> None:
    """Only the first word on a lease counts: what runs later was not deployed by it."""
    found, app = releasekit.image(), f"closed-{first}"
    held = lease(developer, app, found)
    releasekit.close(developer, held, first)
    place.run(image(found), app)
    releasekit.close(developer, held)
    assert begun(developer, app, found) == "digest_unseen"


def test_credentials_that_deploy_nothing_there_tell_nothing(developer: Service, place: Place) -> None:
    """Those of a repository and those of a preview are no sighting of what an older deploy still runs."""
    found, app = releasekit.image(), "beside"
    place.run(image(found), app)
    releasekit.close(developer, lease(developer, app, found, platform="ecr"))
    releasekit.close(developer, lease(developer, app, found, "preview-login"))
    assert begun(developer, app, found) == "digest_unseen"
    releasekit.close(developer, lease(developer, app, found))
    assert begun(developer, app, found) == "begun"


def test_an_account_that_refuses_has_shown_nothing(developer: Service, place: Place) -> None:
    """A lease is closed though the account cannot be asked; nothing was seen then."""
    found, app = releasekit.image(), "refused"
    place.run(image(found), app)
    held = lease(developer, app, found)
    place.aws.proxy.add(Fault("ecs:DescribeTasks", code="AccessDeniedException"))
    releasekit.close(developer, held)
    assert begun(developer, app, found) == "digest_unseen"


def test_a_release_soaks_while_it_runs(developer: Service, place: Place) -> None:
    """Until it has run as long as the standard says it does not go on; then another look decides, and no word."""
    steady, brief = releasekit.image(), releasekit.image()
    place.run(image(steady), "steady")
    removed = place.run(image(brief), "brief")
    for app, found in (("steady", steady), ("brief", brief)):
        releasekit.close(developer, lease(developer, app, found))
        assert releasekit.told(developer, app, found, "soaking")[0] == "soaking"
    began = time.monotonic()
    place.remove(removed)
    while (state := releasekit.told(developer, "steady", steady, "soaking")[0]) == "soaking":
        assert time.monotonic() - began < SOAK_SECONDS + 20
        time.sleep(0.5)
    assert state == "approved"
    assert time.monotonic() - began >= SOAK_SECONDS - 2
    state, text = releasekit.told(developer, "brief", brief, "soaking")
    assert state == "soaking"
    assert "not seen to run there any more" in text
