"""A cluster that is reached by credentials of one's own, and what a runner's may not do there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wps.checks.finding import fail, ok, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from team_k8s.api import Api
    from team_k8s.kubeconfig import Access
    from wps.checks.finding import Finding

_REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_PATIENCE_SECONDS = 3.0
_SHOWN = 3


def own(access: Access) -> Finding:
    """Ask a cluster whether it is there.

    Args:
        access: By which it is reached.

    Returns:
        The finding.
    """
    from team_k8s.api import Api  # noqa: PLC0415  # only where a cluster is asked
    from waypaas_sdk.errors import PluginError  # noqa: PLC0415

    where = access.context or access.server
    try:
        told = Api(access, patience=_PATIENCE_SECONDS).request("GET", "/version", what="ask for the version")
    except PluginError as err:
        return refused("cluster", err)
    return ok("cluster", f"{where}, Kubernetes {told.get('gitVersion', 'of unknown version')}")


def runner(access: Access) -> Finding:
    """Prove that an identity can neither open a shell nor read secrets, nor become another.

    Args:
        access: Of the runner itself.

    Returns:
        The finding.
    """
    from team_k8s.api import Api  # noqa: PLC0415  # as above
    from waypaas_sdk.errors import PluginError  # noqa: PLC0415

    api = Api(access, patience=_PATIENCE_SECONDS)
    try:
        held = [text for text, spec in _questions(access.namespace) if _may(api, spec)]
    except PluginError as err:
        return refused("runner", err)
    if held:
        more = f" and {len(held) - _SHOWN} more" if len(held) > _SHOWN else ""
        fix = "take these rights from its Role: what a runner needs comes from the team config service, for minutes"
        return fail("runner", f"its own identity may {', '.join(held[:_SHOWN])}{more}", fix)
    return ok("runner", f"its own identity has no shell, no secrets and no tokens at {access.context or access.server}")


def _questions(namespace: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Give what must not be allowed, in the namespace and in all of them."""
    from teamconfig.credentials.rbac import SHELLS  # noqa: PLC0415  # as above

    pairs = [(resource, verb) for resource in SHELLS for verb in ("get", "create")]
    pairs += [("pods/ephemeralcontainers", "patch"), ("secrets", "get"), ("secrets", "list"), ("*", "*")]
    for place in dict.fromkeys((namespace, "")):
        for path, verb in pairs:
            resource, _, part = path.partition("/")
            spec = {"verb": verb, "group": "*" if resource == "*" else "", "resource": resource, "namespace": place}
            yield f"{verb} {path} in {place or 'every namespace'}", spec | ({"subresource": part} if part else {})


def _may(api: Api, spec: dict[str, str]) -> bool:
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
              "spec": {"resourceAttributes": spec}}  # fmt: skip
    told = api.request("POST", _REVIEW, review, what="ask what one may do")
    return bool((told.get("status") or {}).get("allowed"))
