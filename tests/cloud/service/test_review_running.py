"""An image goes on when the service itself has seen it run, for as long as the standards say: on a real cluster."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from teamconfig import reading
from teamconfig.credentials import rbac
from teamconfig.store import directory
from testbed.fixture import ensure
from testbed.shell import wait_until
from tests.cloud.service import releasekit
from testservers import service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from teamconfig.client.service import Service
    from testbed.fixture import Bed
    from tests.cloud.service.conftest import People
    from testservers.oidc import OidcProvider
    from testservers.service import Running

SOAK_SECONDS = 6
ENVIRONMENTS = ("dev", "staging", "production")
PIN = "scheduler.alpha.kubernetes.io/node-selector=waypaas.test/node=fake"
SECURITY = {
    "allowPrivilegeEscalation": False, "runAsNonRoot": True, "runAsUser": 1000,
    "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
}  # fmt: skip


class Place:
    """Where the apps of a team run.

    Args:
        bed: The cluster.
        team: Made up for this test.
    """

    def __init__(self, bed: Bed, team: str) -> None:
        self.bed, self.team = bed, team

    @property
    def namespace(self) -> str:
        """Of the first environment."""
        return f"{self.team}-dev"

    def prepare(self, standards: Path) -> None:
        """Apply the team's rights as its platform team does; pods go to fake nodes, where they are ready at once."""
        tree = reading.tree(directory.read(standards), revision="test", origin="test")
        for manifest in rbac.manifests(tree, service_account=""):
            self.bed.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))
        self.bed.kubectl("annotate", "namespace", self.namespace, "--overwrite", PIN)
        asked = ("get", "serviceaccount", "default", "-n", self.namespace, "-o", "name", "--ignore-not-found")
        wait_until("the namespace's service account", lambda: bool(self.bed.kubectl(*asked)), 60.0)

    def run(self, app: str, digest: str) -> None:
        """Run an image as a deploy leaves it, with one replica that is available."""
        labels = {"app.kubernetes.io/managed-by": "waypaas", "waypaas.dev/project": "shop", "waypaas.dev/app": app}
        container = {"name": "app", "image": f"registry.test/hello@{digest}", "securityContext": SECURITY}
        template = {"metadata": {"labels": {"run": app}}, "spec": {"containers": [container]}}
        manifest: dict[str, Any] = {
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": app, "namespace": self.namespace, "labels": labels},
            "spec": {"replicas": 1, "selector": {"matchLabels": {"run": app}}, "template": template},
        }  # fmt: skip
        self.bed.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))
        self.bed.kubectl("rollout", "status", f"deployment/{app}", "-n", self.namespace, "--timeout=60s")

    def remove(self, app: str) -> None:
        """Let an app run no more."""
        self.bed.kubectl("delete", "deployment", app, "-n", self.namespace, "--wait=true")


@pytest.fixture(name="standards", scope="module")
def _standards(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Write the standards of a company with one team, whose name is new; give them, and the name."""
    home, team = tmp_path_factory.mktemp("soaking") / "standards", f"soak{os.urandom(3).hex()}"
    (home / "teams" / team).mkdir(parents=True)
    (home / "org.yaml").write_text(
        f"org: {{name: acme, environments: [{', '.join(ENVIRONMENTS)}]}}\n"
        f"standards: {{promotion: {{soak: {SOAK_SECONDS}s}}}}\n"
    )
    (home / "teams" / team / "team.yaml").write_text("team: {projects: [shop], roles: {developer: [devs]}}\n")
    return home, team


@pytest.fixture(name="place", scope="module")
def _place(standards: tuple[Path, str]) -> Iterator[Place]:
    """Give where the team's apps run."""
    place = Place(ensure(), standards[1])
    place.prepare(standards[0])
    yield place
    for environment in ENVIRONMENTS:
        place.bed.kubectl("delete", "namespace", f"{place.team}-{environment}", "--wait=false", "--ignore-not-found")


@pytest.fixture(name="served", scope="module")
def _served(
    tmp_path_factory: pytest.TempPathFactory, idp: OidcProvider, place: Place, standards: tuple[Path, str]
) -> Iterator[Running]:
    """Give a service that gives credentials for that cluster."""
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": "wps"}
    clusters = {"bed": {"kubeconfig": str(place.bed.kubeconfig)}}
    with service.start(
        tmp_path_factory.mktemp("soaked"), [provider], standards=standards[0], clusters=clusters
    ) as running:
        yield running


@pytest.fixture(name="developer")
def _developer(served: Running, people: People) -> Service:
    """Give a developer who is signed in."""
    people.running = served
    return people.sign_in("dora", "devs")


def lease(client: Service, app: str, image: str) -> str:
    """Get credentials to deploy an image."""
    return str(client.credentials("shop", app, "dev", "deploy", "kubernetes", (), image).lease_id)


def test_the_word_of_who_deploys_is_not_enough(developer: Service, place: Place) -> None:
    """That a deploy succeeded counts when the image runs, under the app's own labels, and not before."""
    image, other = releasekit.image(), releasekit.image()
    releasekit.close(developer, lease(developer, "said", image))
    assert releasekit.told(developer, "said", image, "staging")[0] == "digest_unseen"
    place.run("said", other)
    place.run("elsewhere", image)
    releasekit.close(developer, lease(developer, "said", image))
    assert releasekit.told(developer, "said", image, "staging")[0] == "digest_unseen"
    releasekit.close(developer, lease(developer, "said", other))
    assert releasekit.told(developer, "said", other, "staging")[0] == "soaking", "it runs, and is seen"


@pytest.mark.parametrize("first", ["failed", "succeeded"])
def test_a_lease_that_was_closed_does_not_count(developer: Service, place: Place, first: str) -> None:
    """Only the first word on a lease counts: what runs later was not deployed by it."""
    image, app = releasekit.image(), f"closed-{first}"
    held = lease(developer, app, image)
    releasekit.close(developer, held, first)
    place.run(app, image)
    releasekit.close(developer, held)
    assert releasekit.told(developer, app, image, "staging")[0] == "digest_unseen"


def test_a_release_soaks_before_it_goes_on(developer: Service, place: Place) -> None:
    """Until it has run for as long as the standard says a promotion is refused with what is left, and not then."""
    image = releasekit.image()
    place.run("steady", image)
    releasekit.close(developer, lease(developer, "steady", image))
    seen = time.monotonic()
    state, text = releasekit.told(developer, "steady", image, "staging")
    assert state == "soaking"
    assert f"promotion.soak is {SOAK_SECONDS}s" in text
    while (state := releasekit.told(developer, "steady", image, "staging")[0]) == "soaking":
        assert time.monotonic() - seen < SOAK_SECONDS + 20
        time.sleep(0.5)
    assert state == "approved"
    assert time.monotonic() - seen >= SOAK_SECONDS - 1


def test_a_release_that_did_not_stay_has_not_soaked(developer: Service, place: Place) -> None:
    """An image that was removed right after it was seen is not promoted, however long ago that was."""
    image = releasekit.image()
    place.run("brief", image)
    releasekit.close(developer, lease(developer, "brief", image))
    place.remove("brief")
    time.sleep(SOAK_SECONDS + 1)
    state, text = releasekit.told(developer, "brief", image, "staging")
    assert state == "soaking"
    assert "not seen to run there any more" in text
    assert "deploy it to dev again" in text


def test_what_came_after_it_takes_nothing_from_a_release(developer: Service, place: Place) -> None:
    """An image that ran long enough goes on though another runs now, which has to wait for its own time."""
    first, second = releasekit.image(), releasekit.image()
    place.run("moving", first)
    releasekit.close(developer, lease(developer, "moving", first))
    time.sleep(SOAK_SECONDS + 1)
    place.run("moving", second)
    releasekit.close(developer, lease(developer, "moving", second))
    assert releasekit.told(developer, "moving", first, "staging")[0] == "approved"
    assert releasekit.told(developer, "moving", second, "staging")[0] == "soaking"
