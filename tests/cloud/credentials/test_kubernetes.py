"""Tokens on a real API server: they are issued, may do what they have to and nothing else, and end when they should."""

from __future__ import annotations

import base64
import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from company import Company, Holder
from faults import Fault, Proxy

from teamconfig.credentials import kubernetes, names, places, rbac
from teamconfig.credentials.errors import (
    CloudBusyError,
    CloudError,
    CredentialsError,
    MissingError,
    PolicyError,
    StateError,
)
from teamconfig.credentials.names import ActionClass
from testbed.shell import TestbedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from teamconfig.credentials.kubernetes import KubernetesCredentials
    from testbed.fixture import Bed

VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
EVERYBODY = {
    ("authorization.k8s.io", "selfsubjectaccessreviews", "create"),
    ("authorization.k8s.io", "selfsubjectrulesreviews", "create"),
    ("authentication.k8s.io", "selfsubjectreviews", "create"),
    *(("certificates.k8s.io", "clustertrustbundles", verb) for verb in ("get", "list", "watch")),
}
"""What Kubernetes lets every service account do."""

LINES = ("exec?command=id&stdout=1", "attach?stdout=1", "portforward?ports=80", "proxy/")


@pytest.fixture(scope="session")
def company(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Give a company whose rights are applied."""
    made = Company(bed, tmp_path_factory.mktemp("company"))
    yield made
    made.remove()


@pytest.fixture(scope="session")
def resources(bed: Bed) -> list[tuple[str, str]]:
    """Give every resource and subresource that the cluster has, as group and name."""
    groups = json.loads(bed.kubectl("get", "--raw", "/apis"))["groups"]
    paths = ["/api/v1", *(f"/apis/{group['preferredVersion']['groupVersion']}" for group in groups)]
    found = {
        ("" if path == "/api/v1" else path.split("/")[2], resource["name"])
        for path in paths
        for resource in json.loads(bed.kubectl("get", "--raw", path))["resources"]
    }
    found |= {right[:2] for kind in rbac.RULES for right in rbac.rights(kind)}
    found |= {("", "pods/exec"), ("", "pods/ephemeralcontainers"), ("", "nodes/proxy"), ("", "serviceaccounts/token")}
    return sorted(found)


@pytest.fixture
def holding() -> Iterator[Any]:
    """Give a function that makes holders of credentials, whose connections end with the test."""
    made: list[Holder] = []

    def hold(found: KubernetesCredentials) -> Holder:
        made.append(Holder(found.server, found.certificate_authority, found.token))
        return made[-1]

    yield hold
    for each in made:
        each.close()


@pytest.fixture
def proxied(company: Company) -> Iterator[tuple[Company, Proxy, dict[str, Any]]]:
    """Give the company, a proxy before its API server, and the argument that makes `issue` go through it."""
    proxy = Proxy(company.bed.url, company.context())
    cluster = company.reached(f"proxied-{os.urandom(4).hex()}", proxy.url, company.token)
    yield company, proxy, {"cluster": cluster}
    proxy.close()


def allowed(holder: Holder, resources: list[tuple[str, str]], namespace: str) -> set[tuple[str, str, str]]:
    """Ask for every verb on every resource and subresource."""
    return {
        (group, resource, verb)
        for group, resource in resources
        for verb in VERBS
        if holder.may(group, resource, verb, namespace)
    }


@pytest.mark.parametrize(
    ("action", "environment", "kind"),
    [
        ("deploy", "production", ActionClass.DEPLOY),
        ("logs", "production", ActionClass.READ),
        ("deploy", "dev", ActionClass.DEPLOY),
        ("exec", "dev", ActionClass.EXEC),
    ],
)
def test_a_token_may_do_its_class_and_nothing_else(
    company: Company, resources: list[tuple[str, str]], holding: Any, action: str, environment: str, kind: ActionClass
) -> None:
    """Of every verb on every resource and subresource, a token may do what its class says in its namespace."""
    holder = holding(company.issue(action, environment))
    assert len(resources) > 80
    assert allowed(holder, resources, f"{company.team}-{environment}") - EVERYBODY == rbac.rights(kind)


def test_a_token_is_good_in_its_own_namespaces_only(
    company: Company, resources: list[tuple[str, str]], holding: Any
) -> None:
    """In another environment's or team's namespace, the system's, that of the accounts, or cluster-wide: nothing."""
    holder = holding(company.issue("deploy", "dev"))
    main = {"pods", "secrets", "deployments", "services", "serviceaccounts", "nodes", "namespaces"}
    few = [each for each in resources if each[1].partition("/")[0] in main]
    for namespace in (f"{company.team}-production", f"{company.other}-dev", "kube-system", names.RIGHTS_NAMESPACE, ""):
        assert allowed(holder, few, namespace) == set(), namespace


def test_the_shell_stays_shut_by_websocket(company: Company, holding: Any) -> None:
    """A GET that asks for a WebSocket on exec, attach, port-forward or proxy is forbidden to a production token."""
    for action in ("deploy", "logs"):
        holder = holding(company.issue(action, "production"))
        for line in LINES:
            path = f"/api/v1/namespaces/{company.team}-production/pods/web/{line}"
            status, answer = holder.upgrade(path)
            assert status == 403, (line, answer)
    opened = holding(company.issue("exec", "dev"))
    path = f"/api/v1/namespaces/{company.team}-dev/pods/web/exec?command=id&stdout=1"
    assert opened.upgrade(path)[0] == 404, "past authorization: there is no such pod"


def test_not_even_an_administrator_gets_in(company: Company) -> None:
    """The admission policy refuses exec, attach, port-forward, proxy and debug containers in protected namespaces."""
    namespace = f"{company.team}-production"
    pod = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "admin", "namespace": namespace},
        "spec": {"containers": [{"name": "web", "image": "registry.test/hello:v1"}]},
    }  # fmt: skip
    company.bed.kubectl("apply", "-f", "-", stdin=json.dumps(pod))
    commands = (
        ("exec", "admin", "--", "id"),
        ("attach", "admin"),
        ("get", "--raw", f"/api/v1/namespaces/{namespace}/pods/admin/portforward?ports=80"),
        ("debug", "admin", "--image=x"),
        ("get", "--raw", f"/api/v1/namespaces/{namespace}/pods/admin/proxy/"),
    )
    for command in commands:
        where = [] if "--raw" in command else ["-n", namespace]
        with pytest.raises(TestbedError, match="nobody opens a shell in a protected environment"):
            company.bed.kubectl(*where, *command)
    open_pod = pod | {"metadata": {"name": "admin", "namespace": f"{company.team}-dev"}}
    company.bed.kubectl("apply", "-f", "-", stdin=json.dumps(open_pod))
    debugged = ["-n", f"{company.team}-dev", "debug", "admin", "--image=x", "--attach=false", "-c", "d"]
    company.bed.kubectl(*debugged)


def test_the_token_for_exec_opens_a_shell_where_it_may(bed: Bed, company: Company, holding: Any) -> None:
    """In an open environment the token for exec gets its WebSocket to a running pod, and no other token of the team."""
    namespace = f"{company.team}-dev"
    container = {"name": "web", "image": "registry.test/hello:v1", "env": [{"name": "PORT", "value": "8080"}]}
    spec = {"nodeSelector": {"waypaas.test/node": "real"}, "containers": [container]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shell", "namespace": namespace}, "spec": spec}
    bed.kubectl("apply", "-f", "-", stdin=json.dumps(pod))
    bed.kubectl("wait", "--for=condition=Ready", "pod/shell", "-n", namespace, "--timeout=60s")
    path = f"/api/v1/namespaces/{namespace}/pods/shell/exec?command=id&stdout=1"
    found = {action: holding(company.issue(action)).upgrade(path)[0] for action in ("exec", "deploy", "logs")}
    assert found == {"exec": 101, "deploy": 403, "logs": 403}


def test_credentials_are_short_and_complete(company: Company, holding: Any) -> None:
    """A token holds 600 seconds by its own claims, is bound to its lease, and comes with all that a client needs."""
    found = company.issue("deploy", "production", lease_id="lease-a", seconds=600)
    middle = found.token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    assert claims["exp"] - claims["iat"] == 600
    assert claims["exp"] == found.expires
    assert claims["sub"] == f"system:serviceaccount:{names.RIGHTS_NAMESPACE}:{company.team}.production.deploy"
    assert claims["kubernetes.io"]["secret"]["name"] == "lease-lease-a"
    assert (found.server, found.cluster) == (company.bed.url, "main")
    assert found.namespace == f"{company.team}-production"
    assert holding(found).ask("GET", f"/api/v1/namespaces/{found.namespace}/pods")[0] == 200
    longest = company.issue("deploy", "production", seconds=900)
    assert 0 < longest.expires - time.time() <= 900 + 5
    for seconds in (599, 901, 3600):
        with pytest.raises(ValueError, match="is not within"):
            company.issue("deploy", "production", seconds=seconds)


def test_a_revoked_token_is_dead_when_the_server_has_forgotten_it(company: Company, holding: Any) -> None:
    """A token in use is refused within the 10 seconds that an API server remembers one; to revoke again is no error."""
    found = company.issue("deploy", "production", lease_id="lease-b")
    holder, path = holding(found), f"/api/v1/namespaces/{found.namespace}/pods"
    assert "secret/lease-lease-b" in company.leases()
    assert holder.ask("GET", path)[0] == 200
    assert kubernetes.revoke(company.cluster, "lease-b") is True
    revoked = time.monotonic()
    while holder.ask("GET", path)[0] != 401:
        assert time.monotonic() - revoked < 11
        time.sleep(0.1)
    assert kubernetes.revoke(company.cluster, "lease-b") is False


def test_a_token_that_nobody_has_seen_is_dead_at_once(company: Company, holding: Any) -> None:
    """A token that waited longer than the server remembers is refused by the very next request after the revocation."""
    found = company.issue("deploy", "production", lease_id="lease-c")
    time.sleep(10.5)
    assert kubernetes.revoke(company.cluster, "lease-c") is True
    assert holding(found).ask("GET", f"/api/v1/namespaces/{found.namespace}/pods")[0] == 401


def test_sweeping_removes_what_is_over(company: Company) -> None:
    """Leases that are over are removed, those that hold stay, and so does what is not a lease."""
    company.issue("logs", "dev", lease_id="lease-old")
    company.issue("logs", "dev", lease_id="lease-new", seconds=900)
    company.bed.kubectl("create", "secret", "generic", "stays", "-n", names.RIGHTS_NAMESPACE)
    assert kubernetes.sweep(company.cluster, time.time() + 700) >= 1
    assert "secret/lease-lease-old" not in company.leases()
    assert "secret/lease-lease-new" in company.leases()
    company.bed.kubectl("get", "secret", "stays", "-n", names.RIGHTS_NAMESPACE)


def test_a_missing_account_names_what_to_apply(company: Company) -> None:
    """Without the team's service account there is no token, no lease is left, and the text says what to apply."""
    before = company.leases()
    with pytest.raises(MissingError) as caught:
        company.issue("deploy", "dev", team="nobody")
    assert f"ServiceAccount {names.RIGHTS_NAMESPACE}/nobody.dev.deploy" in str(caught.value)
    assert "python -m teamconfig.credentials STANDARDS" in str(caught.value)
    assert company.leases() == before


def test_a_missing_role_names_what_to_apply(company: Company) -> None:
    """Without the Role, or in a namespace without it, no token is handed out, and none is left."""
    before = company.leases()
    with pytest.raises(MissingError) as caught:
        company.issue("deploy", "dev", namespace="default")
    assert "Role waypaas-deploy or its binding is missing or old" in str(caught.value)
    company.bed.kubectl("delete", "role", "waypaas-read", "-n", f"{company.team}-dev")
    with pytest.raises(MissingError, match="has not the rights"):
        company.issue("logs", "dev")
    company.apply()
    assert company.issue("logs", "dev").token
    assert len(company.leases()) == len(before) + 1


@pytest.mark.parametrize("rule", [
    ["--verb=get", "--resource=pods/exec"], ["--verb=*", "--resource=*.*"], ["--verb=create", "--resource=pods/attach"],
])  # fmt: skip
def test_an_account_that_can_too_much_gets_no_token(company: Company, rule: list[str]) -> None:
    """Where somebody has given the account a way into containers, no token is handed out until it is taken away."""
    namespace, before = f"{company.team}-production", company.leases()
    account = f"--serviceaccount={names.RIGHTS_NAMESPACE}:{company.team}.production.deploy"
    company.bed.kubectl("create", "role", "excess", "-n", namespace, *rule)
    company.bed.kubectl("create", "rolebinding", "excess", "-n", namespace, "--role=excess", account)
    try:
        with pytest.raises(PolicyError, match="the token could do more than it may"):
            company.issue("deploy", "production")
    finally:
        company.bed.kubectl("delete", "role,rolebinding", "excess", "-n", namespace)
    assert company.leases() == before
    assert company.issue("deploy", "production").token


def test_exec_in_production_is_refused_before_anything_is_asked(
    proxied: tuple[Company, Proxy, dict[str, Any]],
) -> None:
    """Exec in a protected environment gets no token, and the API server is not even asked."""
    company, proxy, through = proxied
    with pytest.raises(PolicyError, match="exec is not possible here"):
        company.issue("exec", "production", **through)
    assert proxy.paths == []


def test_a_service_without_rights_says_so(company: Company) -> None:
    """A service that the cluster knows but gives no rights, or does not know, gets a text that says which."""
    nobody = company.bed.kubectl("create", "token", "default", "-n", company.home).strip()
    with pytest.raises(StateError, match="the cluster refuses the service"):
        company.issue("deploy", "dev", cluster=company.reached("nobody", company.bed.url, nobody))
    with pytest.raises(StateError, match="the cluster does not know the service") as caught:
        company.issue("deploy", "dev", cluster=company.reached("stranger", company.bed.url, "canary"))
    assert "canary" not in str(caught.value)


def refused(company: Company, through: dict[str, Any], kind: type[CredentialsError]) -> tuple[str, float]:
    """Get no token, and give the text and how long it took."""
    began = time.monotonic()
    with pytest.raises(kind) as caught:
        company.issue("deploy", "dev", **through)
    assert type(caught.value) is kind
    return str(caught.value), time.monotonic() - began


def test_throttling_is_waited_out(proxied: tuple[Company, Proxy, dict[str, Any]]) -> None:
    """A server that says "too many", with or without a time, is asked again, and the token comes."""
    company, proxy, through = proxied
    proxy.faults.extend([Fault(429), Fault(429, headers={"Retry-After": "1"}), Fault(503), Fault(0)])
    began = time.monotonic()
    assert company.issue("deploy", "dev", **through).token
    assert 1 <= time.monotonic() - began < 4
    assert proxy.faults == proxy.faults.__class__()


def test_throttling_for_too_long_is_told_soon(proxied: tuple[Company, Proxy, dict[str, Any]]) -> None:
    """A server that asks to wait longer than the deadline is not waited for."""
    company, proxy, through = proxied
    proxy.faults.append(Fault(429, headers={"Retry-After": "30"}))
    text, seconds = refused(company, through, CloudBusyError)
    assert "is busy" in text
    assert seconds < 2.5


@pytest.mark.parametrize("match", ["/secrets", "/token", "selfsubjectrulesreviews"])
def test_silence_is_told_within_the_deadline(proxied: tuple[Company, Proxy, dict[str, Any]], match: str) -> None:
    """A server that is silent for 30 seconds, at whichever step, is given up in time, and no lease is left."""
    company, proxy, through = proxied
    before = company.leases()
    proxy.faults.append(Fault(200, delay=30, match=match))
    text, seconds = refused(company, through, CloudBusyError)
    assert "gives no answer" in text
    assert 2 < seconds < 6
    assert company.leases() == before


@pytest.mark.parametrize(
    ("fault", "kind", "told"),
    [
        (Fault(403, '{"message": "no\\u001b[31m"}'), StateError, "waypaas-issuer"),
        (Fault(401, "{}"), StateError, "renew its kubeconfig"),
        (Fault(418, "<html>"), CloudError, "418: nothing"),
        (Fault(301, headers={"Location": "http://127.0.0.1:1/"}), CloudError, "301"),
        (Fault(200, "<html>"), CloudError, "cannot be read"),
        (Fault(201, '{"metadata": 7, "status": 7}'), CloudError, "cannot be read"),
    ],
)
def test_refusals_are_typed_and_not_tried_again(
    proxied: tuple[Company, Proxy, dict[str, Any]], fault: Fault, kind: type[CredentialsError], told: str
) -> None:
    """A refusal, and an answer that is not the API server's, is told at once with whose fault it is."""
    company, proxy, through = proxied
    for match in ("/secrets", "/token", "selfsubjectrulesreviews"):
        proxy.faults.append(Fault(fault.status, fault.body, fault.headers, match=match))
        text, seconds = refused(company, through, kind)
        assert told in text
        assert "\x1b" not in text
        assert company.token not in text
        assert seconds < 3
        assert not proxy.faults


def told(rules: list[dict[str, Any]]) -> Fault:
    """Give the answer of a server that cannot list what all of its authorizers allow."""
    status = {"resourceRules": rules, "nonResourceRules": [], "incomplete": True}
    return Fault(201, json.dumps({"status": status}), match="selfsubjectrulesreviews")


def test_rights_that_cannot_be_listed_are_not_missed(proxied: tuple[Company, Proxy, dict[str, Any]]) -> None:
    """Where an authorizer outside of the cluster cannot list its rules, what is not listed is not held against it."""
    company, proxy, through = proxied
    proxy.faults.append(told([]))
    assert company.issue("deploy", "production", **through).token


@pytest.mark.parametrize("resource", ["pods/exec", "pods/*", "*/exec", "*", "pods/proxy", "nodes/proxy", "*/token"])
def test_any_way_to_write_a_door_is_seen(proxied: tuple[Company, Proxy, dict[str, Any]], resource: str) -> None:
    """However a rule names a way into containers, for one pod or for all, there is no token."""
    company, proxy, through = proxied
    for names_of in ([], ["web-1"]):
        rule = {"verbs": ["get"], "apiGroups": ["*"], "resources": [resource], "resourceNames": names_of}
        proxy.faults.append(told([rule]))
        with pytest.raises(PolicyError, match="the token could do more than it may"):
            company.issue("deploy", "production", **through)


def test_no_way_to_the_cluster(company: Company) -> None:
    """Without a usable kubeconfig, or out of a cluster, the text names the key of service.yaml."""
    for cluster in (
        places.Cluster("a", kubeconfig="missing"),
        places.Cluster("b"),
        places.Cluster("c", kubeconfig=company.cluster.kubeconfig, context="no-such"),
    ):
        with pytest.raises(StateError, match=f"there is no way to cluster {cluster.name}") as caught:
            company.issue("deploy", "dev", cluster=cluster)
        assert f"clusters.{cluster.name} in service.yaml" in str(caught.value)
