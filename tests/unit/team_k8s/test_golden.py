"""The manifests of examples/01-minimal: equal to the golden files, to the builtin's contract, and to `restricted`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from team_k8s import deploying, exposure, plan, podspec
from teamconfig.model import Kubernetes
from teamconfig.model.kubernetes import Security
from teamplugin import standards
from waypaas_sdk.arguments import DeploymentConfig
from waypaas_sdk.errors import PolicyError
from waypaas_sdk.gen.docker.docker_pb2 import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from team_k8s.order import Order

GOLDEN = Path(__file__).parent / "golden"
CONFIG = DeploymentConfig(
    id="01HZXW5VE4M2Q6S8T0V2X4Z6A8",
    sequence=7,
    server_addr="waypoint.test:9701",
    server_tls=True,
    entrypoint_invite_token="hunter2",
)


def order(examples: Path, workspace: str, tag: str = "v1", options: Kubernetes | None = None) -> Order:
    """Order a deploy of examples/01-minimal, as the platform does."""
    resolved = standards.resolve(
        "kubernetes", examples / "01-minimal", "shop", "web", workspace, options, "app.web.deploy.use"
    )
    made = deploying.make_order(resolved, Image(image="registry.test/hello", tag=tag), CONFIG)
    # The revision is a digest of all of examples/standards, of which most is not about this app.
    return dataclasses.replace(made, revision="dir:golden")


def manifest(ordered: Order) -> tuple[dict[str, Any], dict[str, Any]]:
    """Plan the Deployment; give it, and the app's container in it."""
    planned = plan.deployment(ordered)
    return planned, planned["spec"]["template"]["spec"]["containers"][0]


@pytest.mark.parametrize("workspace", ["default", "staging", "production"])
def test_behaviour_07_golden_manifests(
    examples: Path, make_target: Callable[..., exposure.Target], workspace: str
) -> None:
    """What is applied for examples/01-minimal is, to the letter, what was reviewed and is in the golden file."""
    ordered = order(examples, workspace)
    network = standards.resolve("kubernetes", examples / "01-minimal", "shop", "web", workspace).profile.network
    released = exposure.manifests(make_target(ordered, network))
    text = yaml.safe_dump_all([*plan.manifests(ordered), *released], sort_keys=False)
    assert text == (GOLDEN / f"{workspace}.yaml").read_text(encoding="utf-8")


def test_behaviour_07_name(examples: Path) -> None:
    """The Deployment is named lower("<app>-v<sequence>"), as the builtin names it."""
    planned, container = manifest(order(examples, "default"))
    assert planned["metadata"]["name"] == "web-v7"
    assert container["name"] == "web"


def test_behaviour_07_labels(examples: Path) -> None:
    """Pods carry the builtin's labels app, name, id and version, and the builtin releaser's selector finds them."""
    planned, _ = manifest(order(examples, "default"))
    labels = planned["spec"]["template"]["metadata"]["labels"]
    assert labels["app"] == labels["name"] == "web-v7"
    assert labels["version"] == labels["waypoint.hashicorp.com/version"] == CONFIG.id
    assert labels["waypoint.hashicorp.com/id"] == CONFIG.id
    assert planned["spec"]["selector"]["matchLabels"] == {"name": "web-v7", "waypoint.hashicorp.com/id": CONFIG.id}


def test_behaviour_07_port(examples: Path) -> None:
    """PORT is the first port, which is called http, so that apps and Services made for the builtin go on working."""
    _, container = manifest(order(examples, "default"))
    assert {"name": "PORT", "value": "8080"} in container["env"]
    assert container["ports"][0] == {"name": "http", "containerPort": 8080, "protocol": "TCP"}


def test_behaviour_07_entrypoint_environment(examples: Path) -> None:
    """With `entrypoint_env` pods get all of the builtin's variables, in its order: static, Waypoint's, PORT."""
    _, container = manifest(order(examples, "default", options=Kubernetes(entrypoint_env=True)))
    variables = [(entry["name"], entry["value"]) for entry in container["env"]]
    assert variables == [
        ("LOG_FORMAT", "json"),
        ("LOG_LEVEL", "debug"),
        ("WAYPOINT_DEPLOYMENT_ID", CONFIG.id),
        ("WAYPOINT_SERVER_ADDR", "waypoint.test:9701"),
        ("WAYPOINT_SERVER_TLS", "1"),
        ("WAYPOINT_CEB_INVITE_TOKEN", "hunter2"),
        ("PORT", "8080"),
    ]


def test_the_invite_token_is_not_given_unasked(examples: Path) -> None:
    """Unless the standards ask for it, the credential that lives for years is in no manifest."""
    planned = yaml.safe_dump_all(plan.manifests(order(examples, "default")))
    assert "hunter2" not in planned
    assert f"value: {CONFIG.id}" in planned


@pytest.mark.parametrize(
    ("tag", "policy"), [("latest", "Always"), ("", "Always"), ("v1", "IfNotPresent"), ("v1.latest", "IfNotPresent")]
)
def test_behaviour_07_pull_policy(examples: Path, tag: str, policy: str) -> None:
    """An image is pulled each time if it is latest or has no tag, and else only where it is not yet."""
    _, container = manifest(order(examples, "default", tag))
    assert container["imagePullPolicy"] == policy


RESTRICTED_CAPABILITIES = {"NET_BIND_SERVICE"}
RESTRICTED_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected"}
BASELINE_FORBIDDEN = ("hostNetwork", "hostPID", "hostIPC")


def restricted(spec: dict[str, Any]) -> list[str]:
    """Find what the Pod Security Standard `restricted` objects to.

    Source: kubernetes.io/docs/concepts/security/pod-security-standards, baseline and restricted.
    """
    found = [field for field in BASELINE_FORBIDDEN if spec.get(field)]
    pod = spec.get("securityContext", {})
    found += [
        f"volume {volume['name']}" for volume in spec.get("volumes", ()) if not (volume.keys() & RESTRICTED_VOLUMES)
    ]
    for container in spec["containers"]:
        own = container.get("securityContext", {})
        capabilities = own.get("capabilities", {})
        seccomp = own.get("seccompProfile", pod.get("seccompProfile", {})).get("type")
        checks = {
            "privileged": not own.get("privileged"),
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
            "capabilities.drop": "ALL" in capabilities.get("drop", ()),
            "capabilities.add": set(capabilities.get("add", ())) <= RESTRICTED_CAPABILITIES,
            "runAsNonRoot": own.get("runAsNonRoot", pod.get("runAsNonRoot")) is True,
            "runAsUser": own.get("runAsUser", pod.get("runAsUser")) != 0,
            "seccompProfile": seccomp in {"RuntimeDefault", "Localhost"},
            "hostPort": not any(port.get("hostPort") for port in container.get("ports", ())),
            "procMount": own.get("procMount", "Default") == "Default",
        }
        found += [name for name, passed in checks.items() if not passed]
    return found


@pytest.mark.parametrize("workspace", ["default", "staging", "production", "pr-17"])
def test_pods_pass_the_restricted_standard(examples: Path, workspace: str) -> None:
    """A pod of the minimal example passes `restricted` in every environment, though nobody asked for it."""
    planned, _ = manifest(order(examples, workspace))
    assert restricted(planned["spec"]["template"]["spec"]) == []


@pytest.mark.parametrize(
    ("security", "objection"),
    [
        ({"run_as_non_root": False}, "runAsNonRoot"),
        ({"allow_privilege_escalation": True}, "allowPrivilegeEscalation"),
        ({"seccomp": "Unconfined"}, "seccompProfile"),
        ({"drop_capabilities": ["NET_RAW"]}, "capabilities.drop"),
        ({"add_capabilities": ["SYS_ADMIN"]}, "capabilities.add"),
    ],
)
def test_what_the_standards_loosen_is_loose(
    make_order: Callable[..., Order], security: dict[str, Any], objection: str
) -> None:
    """Each option of `security` changes just its own point of `restricted`, and so is really applied."""
    assert restricted(podspec.pod(make_order())) == []
    assert restricted(podspec.pod(make_order(security=security))) == [objection]


@pytest.mark.parametrize(
    "security",
    [
        {"add_capabilities": ["NET_BIND_SERVICE"]},
        {"run_as_user": 10001, "run_as_group": 10001, "fs_group": 10001},
        {"read_only_root_filesystem": True},
    ],
)
def test_what_restricted_permits(make_order: Callable[..., Order], security: dict[str, Any]) -> None:
    """Options that `restricted` permits keep a pod within it."""
    assert restricted(podspec.pod(make_order(security=security))) == []


def test_users_and_groups(make_order: Callable[..., Order]) -> None:
    """User, group and the volumes' group are each those of the standards, for all of the pod."""
    context = podspec.pod(make_order(security={"run_as_user": 1, "run_as_group": 2, "fs_group": 3}))["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"], context["fsGroup"]) == (1, 2, 3)


def test_pods_have_no_token_unasked(make_order: Callable[..., Order]) -> None:
    """A pod may speak to the API server only where the standards name a service account for it."""
    assert podspec.pod(make_order())["automountServiceAccountToken"] is False
    assert "automountServiceAccountToken" not in podspec.pod(make_order(service_account="web"))


def test_root_is_locked_in_the_examples(examples: Path) -> None:
    """The example company's lock on run_as_non_root holds against a developer's waypoint.hcl."""
    with pytest.raises(PolicyError, match="run_as_non_root"):
        order(examples, "default", options=Kubernetes(security=Security(run_as_non_root=False)))
