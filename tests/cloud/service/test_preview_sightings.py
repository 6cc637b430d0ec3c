"""A preview runs beside its environment on the same cluster, and is no release there: on a real one.

Takes the world of test_review_running: standards whose images soak for some seconds, a team's cluster, a service.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from tests.cloud.service import releasekit
from tests.cloud.service.test_review_running import (  # noqa: F401  # fixtures
    SECURITY,
    SOAK_SECONDS,
    Place,
    _developer,
    _place,
    _served,
    _standards,
    lease,
)

if TYPE_CHECKING:
    from teamconfig.client.service import Service

WORKSPACE = "preview-login"


def run_preview(place: Place, app: str, image: str) -> None:
    """Run an image as `wps preview up` leaves it: the labels of the app, in a workspace of its own."""
    name = f"{app}-{WORKSPACE}"
    labels = {
        "app.kubernetes.io/managed-by": "waypaas", "waypaas.dev/project": "shop", "waypaas.dev/app": app,
        "waypaas.dev/workspace": WORKSPACE,
    }  # fmt: skip
    container = {"name": "app", "image": f"registry.test/hello@{image}", "securityContext": SECURITY}
    template = {"metadata": {"labels": {"run": name}}, "spec": {"containers": [container]}}
    manifest = {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": place.namespace, "labels": labels},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"run": name}}, "template": template},
    }  # fmt: skip
    place.bed.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))
    place.bed.kubectl("rollout", "status", f"deployment/{name}", "-n", place.namespace, "--timeout=60s")


def preview_lease(client: Service, app: str, image: str) -> str:
    """Get credentials to deploy a preview."""
    return str(client.credentials("shop", app, WORKSPACE, "deploy", "kubernetes", (), image).lease_id)


def test_a_preview_does_not_interrupt_a_soak(developer: Service, place: Place) -> None:
    """While the image of dev soaks, a preview of another one is deployed: the first goes on, the other never."""
    image, other = releasekit.image(), releasekit.image()
    place.run("soaked", image)
    releasekit.close(developer, lease(developer, "soaked", image))
    seen = time.monotonic()
    time.sleep(SOAK_SECONDS / 2)
    held = preview_lease(developer, "soaked", other)
    run_preview(place, "soaked", other)
    releasekit.close(developer, held)
    while (state := releasekit.told(developer, "soaked", image, "staging")[0]) == "soaking":
        assert time.monotonic() - seen < SOAK_SECONDS + 20
        time.sleep(0.5)
    assert state == "approved"
    assert releasekit.told(developer, "soaked", other, "staging")[0] == "digest_unseen"


def test_an_image_that_runs_in_a_preview_alone_was_not_in_dev(developer: Service, place: Place) -> None:
    """Not even who says that they have deployed it to dev brings it on by its preview."""
    image = releasekit.image()
    run_preview(place, "aside", image)
    releasekit.close(developer, lease(developer, "aside", image))
    assert releasekit.told(developer, "aside", image, "staging")[0] == "digest_unseen"
    place.run("aside", image)
    releasekit.close(developer, lease(developer, "aside", image))
    assert releasekit.told(developer, "aside", image, "staging")[0] == "soaking", (
        "it runs in dev now, beside its preview"
    )


def test_credentials_of_a_preview_tell_nothing_of_its_environment(developer: Service, place: Place) -> None:
    """A preview of an image that an older deployment of dev still runs is no new sighting of it in dev."""
    image = releasekit.image()
    place.run("again", image)
    releasekit.close(developer, preview_lease(developer, "again", image))
    assert releasekit.told(developer, "again", image, "staging")[0] == "digest_unseen"
    releasekit.close(developer, lease(developer, "again", image))
    assert releasekit.told(developer, "again", image, "staging")[0] == "soaking"
