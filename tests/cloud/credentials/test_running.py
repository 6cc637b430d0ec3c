"""Which Deployment counts as an image that runs in an environment; the tests of the service ask a real cluster."""

from __future__ import annotations

from typing import Any

import pytest

from teamconfig.credentials import running

DIGEST = f"sha256:{'a' * 64}"


def runs(environment: str = "dev", available: int = 1, digest: str = DIGEST, **labels: str) -> bool:
    """Ask whether a Deployment of shop/web runs the image."""
    own = {"project": "shop", "app": "web", **labels}
    deployment: dict[str, Any] = {
        "metadata": {"labels": {f"waypaas.dev/{name}": value for name, value in own.items()}},
        "spec": {"template": {"spec": {"containers": [{"image": f"registry.test/web@{digest}"}]}}},
        "status": {"availableReplicas": available},
    }
    return running._runs(deployment, ("shop", "web", environment), DIGEST)


@pytest.mark.parametrize("workspace", ["preview-login", "preview-feature-login-df7c7aeb", "preview-"])
def test_a_preview_is_no_release_of_its_environment(workspace: str) -> None:
    """What runs in a preview's workspace does not count, whichever environment it follows."""
    assert not runs(workspace=workspace)
    assert not runs("staging", workspace=workspace)


@pytest.mark.parametrize("workspace", ["default", "dev", "pr-previews"])
def test_what_runs_in_any_other_workspace_counts(workspace: str) -> None:
    """Workspaces that stand for the environment count, and Deployments that say nothing of theirs."""
    assert runs(workspace=workspace)
    assert runs()


def test_an_environment_that_is_named_like_a_preview_counts() -> None:
    """In the environment preview-eu the workspace of that name is its own; another preview is none."""
    assert runs("preview-eu", workspace="preview-eu")
    assert not runs("preview-eu", workspace="preview-us")


def test_another_image_or_app_does_not_count() -> None:
    """Project, app and digest have to be those that are asked for."""
    assert not runs(project="other")
    assert not runs(app="other")
    assert not runs(digest=f"sha256:{'b' * 64}")


def test_an_image_without_a_replica_does_not_count() -> None:
    """A Deployment that has never become available proves nothing."""
    assert not runs(available=0)
