"""Kubernetes manifests of the rights that tokens carry: allow-lists, never a pattern. Pure.

Owns service accounts, Roles and bindings for each (team, environment, class of
action), and the admission policy that shuts protected namespaces even to
administrators. The platform team applies them; the service only makes tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teamconfig import errors
from teamconfig.credentials import names, namespaces
from teamconfig.credentials.names import ActionClass
from teamconfig.keys import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from teamconfig.tree import Tree

Manifest = dict[str, Any]
Right = tuple[str, str, str]
"""API group, resource with subresource, verb."""

_DEPLOY = (
    ("apps", "deployments", "get list watch create patch delete"),
    ("apps", "replicasets", "get list delete"),
    ("autoscaling", "horizontalpodautoscalers", "get list create patch delete deletecollection"),
    ("policy", "poddisruptionbudgets", "get list create patch delete deletecollection"),
    ("networking.k8s.io", "networkpolicies", "get list create patch delete deletecollection"),
    ("", "services", "get list create patch delete"),
    ("networking.k8s.io", "ingresses", "get list create patch delete deletecollection"),
    ("gateway.networking.k8s.io", "httproutes", "get list create patch delete deletecollection"),
    ("", "pods", "get list watch deletecollection"),
    ("", "pods/log", "get"),
    ("", "events", "list"),
)
"""Those of examples/02-deployer-rights, which says why, and whose test uses each of them."""

_READ = (
    ("apps", "deployments", "get list watch"),
    ("apps", "replicasets", "get list"),
    ("autoscaling", "horizontalpodautoscalers", "get list"),
    ("", "services", "get list"),
    ("networking.k8s.io", "ingresses", "get list"),
    ("gateway.networking.k8s.io", "httproutes", "get list"),
    ("", "pods", "get list watch"),
    ("", "pods/log", "get"),
    ("", "events", "list"),
)

_EXEC = (
    ("", "pods", "list"),
    ("", "pods/exec", "get create"),
)

RULES = {ActionClass.READ: _READ, ActionClass.DEPLOY: _DEPLOY, ActionClass.EXEC: _EXEC}
"""API group, resource and verbs, by class of action; never a secret, a role, a token or a "*"."""

SHELLS = ("pods/exec", "pods/attach", "pods/portforward", "pods/ephemeralcontainers", "pods/proxy", "services/proxy",
          "nodes/proxy", "serviceaccounts/token")  # fmt: skip
"""Resources through which one gets into a container, or becomes another; `get` on some of them is enough."""

EXEC_POLICY = "waypaas-no-shell-in-protected"


def classes(*, protected: bool) -> tuple[ActionClass, ...]:
    """Give the classes that an environment has accounts for: no EXEC in a protected one."""
    return tuple(action for action in RULES if not (protected and action is ActionClass.EXEC))


def rights(action: ActionClass) -> frozenset[Right]:
    """Give what the Role of a class permits."""
    return frozenset((group, resource, verb) for group, resource, verbs in RULES[action] for verb in verbs.split())


def manifests(
    tree: Tree,
    *,
    environments: Iterable[str] = (),
    service_account: str = "waypaas",
    service_namespace: str = "waypaas",
) -> list[Manifest]:
    """Write all that one cluster needs so that tokens can be issued for the teams of a revision.

    Args:
        tree: The standards.
        environments: Those that live on the cluster; empty for all.
        service_account: Of the team config service, which may then make tokens; empty if it runs elsewhere.
        service_namespace: Where that is.

    Returns:
        Manifests, in an order in which they can be applied.

    Raises:
        StandardsError: There is no such environment, or a namespace would belong to two teams, or to a protected
            environment and another one.
    """
    wanted = tuple(environments) or tree.org.environments
    for name in wanted:
        if name not in tree.org.environments:
            why = f"org.environments has {', '.join(tree.org.environments)}"
            fix = f"write {nearest(name, tree.org.environments) or tree.org.environments[0]}"
            raise errors.state(f"unknown environment {name}", why, fix, "the arguments")
    made: list[Manifest] = [_namespace(names.RIGHTS_NAMESPACE, {})]
    if service_account:
        made += issuer(service_account, service_namespace)
    for space in namespaces.of(tree, wanted):
        labels = {
            names.TEAM_LABEL: names.part(space.team),
            names.PROTECTED_LABEL: "true" if space.protected else "false",
        }
        made.append(_namespace(space.name, labels))
        for environment in space.environments:
            made += team(space.team, environment, space.name, protected=space.protected)
    accounts = {(each["kind"], each["metadata"]["name"], each["metadata"].get("namespace")): each for each in made}
    return [*accounts.values(), *exec_policy()]


def team(name: str, environment: str, namespace: str, *, protected: bool) -> Iterator[Manifest]:
    """Write what one team needs in one environment and namespace.

    Args:
        name: Of the team.
        environment: One of the company's.
        namespace: Where its apps run.
        protected: Whether the environment is protected.

    Yields:
        For each class a ServiceAccount, a Role and a RoleBinding.
    """
    whose = names.MANAGED | {names.TEAM_LABEL: names.part(name), names.ENVIRONMENT_LABEL: names.part(environment)}
    for action in classes(protected=protected):
        account = names.service_account(name, environment, action)
        labels = whose | {names.CLASS_LABEL: str(action)}
        yield {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": account, "namespace": names.RIGHTS_NAMESPACE, "labels": labels},
            "automountServiceAccountToken": False,
        }
        yield _role(names.role(action), namespace, _rules(action))
        yield _binding(account, namespace, names.role(action), account, names.RIGHTS_NAMESPACE)


def issuer(service_account: str, namespace: str) -> list[Manifest]:
    """Write the service's own rights: tokens and leases in the namespace of rights, and nothing anywhere else.

    Args:
        service_account: Of the team config service.
        namespace: Where that is.

    Returns:
        A Role and a RoleBinding.
    """
    name = "waypaas-issuer"
    rules = [
        {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create", "list", "delete"]},
    ]
    return [
        _role(name, names.RIGHTS_NAMESPACE, rules),
        _binding(name, names.RIGHTS_NAMESPACE, name, service_account, namespace),
    ]


def exec_policy() -> list[Manifest]:
    """Write the admission policy that lets nobody, administrators included, into containers of protected namespaces.

    Returns:
        A ValidatingAdmissionPolicy, and its binding to namespaces labelled waypaas.dev/protected=true.
    """
    doors = ["pods/exec", "pods/attach", "pods/portforward", "pods/proxy"]
    message = "nobody opens a shell in a protected environment; read the logs, or use one that is not protected"
    rules = [
        {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CONNECT"], "resources": doors},
        {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["pods/ephemeralcontainers"]},
    ]
    api = "admissionregistration.k8s.io/v1"
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": rules},
        "validations": [{"expression": "false", "message": message, "reason": "Forbidden"}],
    }
    binding = {
        "policyName": EXEC_POLICY,
        "validationActions": ["Deny", "Audit"],
        "matchResources": {"namespaceSelector": {"matchLabels": {names.PROTECTED_LABEL: "true"}}},
    }
    metadata = {"name": EXEC_POLICY, "labels": dict(names.MANAGED)}
    return [
        {"apiVersion": api, "kind": "ValidatingAdmissionPolicy", "metadata": metadata, "spec": spec},
        {"apiVersion": api, "kind": "ValidatingAdmissionPolicyBinding", "metadata": metadata, "spec": binding},
    ]


def _rules(action: ActionClass) -> list[Manifest]:
    return [
        {"apiGroups": [group], "resources": [resource], "verbs": verbs.split()}
        for group, resource, verbs in RULES[action]
    ]


def _namespace(name: str, labels: dict[str, str]) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": names.MANAGED | labels}}


def _role(name: str, namespace: str, rules: list[Manifest]) -> Manifest:
    metadata = {"name": name, "namespace": namespace, "labels": dict(names.MANAGED)}
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata, "rules": rules}


def _binding(name: str, namespace: str, role: str, account: str, account_namespace: str) -> Manifest:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(names.MANAGED)},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": account_namespace}],
    }
