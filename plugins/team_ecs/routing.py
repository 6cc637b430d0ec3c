"""Rules of a shared listener: an app's own, and nothing else of it. Pure.

A deployment has a preview rule from its first moment: it matches a header only
that deployment knows of, and by it the load balancer begins to ask the tasks
for their health. The traffic rule is the app's, and made by its first release.
The default action, the certificates and the port are never touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waypaas_sdk.errors import OptionError, StateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from team_ecs.order import Request
    from teamconfig.model import Network

HEADER = "x-waypaas-deployment"
MOST_VALUES = 5
"""Of all conditions of a rule together, says AWS."""

FIRST_TRAFFIC = 1000
LAST_PRIORITY = 50000
PORTS = {"HTTP": 80, "HTTPS": 443}


def forward(target_group_arn: str) -> list[Request]:
    """Plan the action that sends all requests to one target group."""
    return forward_split({target_group_arn: 1})


def forward_split(weights: Mapping[str, int]) -> list[Request]:
    """Plan the action that shares requests out.

    Args:
        weights: By ARN of the target group.

    Returns:
        Actions of a rule.
    """
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]


def preview_conditions(deployment_id: str) -> list[Request]:
    """Plan what only a deployment's own requests have."""
    return [
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": HEADER, "Values": [deployment_id]}},
    ]


def traffic_conditions(network: Network, *, alone: bool = False) -> list[Request]:
    """Plan which requests are an app's.

    Args:
        network: Section of the standards.
        alone: The load balancer is the app's own: without host and path all requests are.

    Returns:
        Conditions of the rule: host, path, client networks.

    Raises:
        OptionError: They are nobody's in particular, or more than a rule can hold.
    """
    host, path = network.host or "", network.path or "/"
    conditions: list[Request] = []
    if host:
        conditions.append({"Field": "host-header", "HostHeaderConfig": {"Values": [host]}})
    if path != "/" or network.path_type == "Exact":
        conditions.append({"Field": "path-pattern", "PathPatternConfig": {"Values": _paths(path, network.path_type)}})
    if not conditions and alone:
        conditions.append({"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}})
    if not conditions:
        raise OptionError(
            "the app has neither host nor path of its own",
            why="its rule would take all requests of a shared listener",
            fix='set network.host, as "{app}.{environment}.acme.example", or network.path',
            where="network.host",
        )
    if network.allowed_cidrs:
        conditions.append({"Field": "source-ip", "SourceIpConfig": {"Values": list(network.allowed_cidrs)}})
    held = sum(len(values_of(condition)) for condition in conditions)
    if held > MOST_VALUES:
        raise OptionError(
            f"network.allowed_cidrs has {len(network.allowed_cidrs or ())} networks",
            why=f"host, paths and networks of a listener's rule are at most {MOST_VALUES} together, here {held}",
            fix="name fewer and larger networks, or hold them in the load balancer's security group",
            where="network.allowed_cidrs",
        )
    return conditions


def _paths(path: str, kind: str | None) -> list[str]:
    if set(path) & set("*?"):
        raise OptionError(
            f'network.path = "{path}" has a sign that a load balancer takes for any text',
            fix="write it as %2A or %3F",
            where="network.path",
        )
    stem = path.rstrip("/")
    return [path] if kind == "Exact" else [stem or "/", f"{stem}/*"]


def values_of(condition: Mapping[str, Any]) -> list[str]:
    """Give the values of a condition, whatever it compares."""
    found = next((value for key, value in condition.items() if key.endswith("Config")), None) or condition
    return list(found.get("Values") or ())


def same(one: Iterable[Mapping[str, Any]], other: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether two rules match the same requests."""

    def read(conditions: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
        return sorted((str(each["Field"]), sorted(values_of(each))) for each in conditions)

    return read(one) == read(other)


def free_priority(rules: Iterable[Mapping[str, Any]], first: int) -> int:
    """Find a priority that no rule has.

    Args:
        rules: Of the listener, as AWS tells them.
        first: To begin with.

    Returns:
        The priority.

    Raises:
        StateError: There is none.
    """
    taken = {str(rule.get("Priority")) for rule in rules}
    found = next((number for number in range(first, LAST_PRIORITY + 1) if str(number) not in taken), None)
    if found is None:
        raise StateError("the listener has no free priority for a rule", fix="remove rules that nobody needs")
    return found


def targets(rule: Mapping[str, Any]) -> list[str]:
    """Give the ARNs of the target groups that a rule sends requests to."""
    found: list[str] = []
    for action in rule.get("Actions", ()):
        groups = action.get("ForwardConfig", {}).get("TargetGroups", ())
        weighted = [str(group["TargetGroupArn"]) for group in groups if group.get("Weight", 1) != 0]
        found += weighted or ([str(action["TargetGroupArn"])] if action.get("TargetGroupArn") else [])
    return found


def url(network: Network, listener: Mapping[str, Any], address: str) -> str:
    """Write where an app is reached.

    Args:
        network: Section of the standards.
        listener: As AWS tells it.
        address: Name of the load balancer in DNS.

    Returns:
        The URL, with the listener's scheme, and its port where that is not the usual one.
    """
    protocol, port = str(listener.get("Protocol", "HTTP")), int(listener.get("Port", 0))
    host = network.host if network.host and not network.host.startswith("*") else address
    shown = "" if port in {0, PORTS.get(protocol)} else f":{port}"
    path = network.path or "/"
    return f"{protocol.lower()}://{host}{shown}{'' if path == '/' else path}"


def as_rule(listener: Mapping[str, Any]) -> dict[str, Any]:
    """Read a listener of a network load balancer, which has no rules, as if it were one."""
    return {
        "RuleArn": str(listener["ListenerArn"]),
        "Priority": str(listener.get("Port", "")),
        "Conditions": [],
        "Actions": list(listener.get("DefaultActions") or ()),
    }


def network_url(network: Network, request: Mapping[str, Any], address: str) -> str:
    """Write where an app behind a network load balancer is reached.

    Args:
        network: Section of the standards.
        request: Of its listener: "Protocol" TCP or TLS, "Port".
        address: Name of the load balancer in DNS.

    Returns:
        The URL: of HTTP where the port is HTTP's, else of TCP or TLS.
    """
    port, encrypted = int(request["Port"]), request["Protocol"] == "TLS"
    host = network.host or address
    if encrypted and port == PORTS["HTTPS"]:
        return f"https://{host}"
    if not encrypted and port == PORTS["HTTP"]:
        return f"http://{host}"
    return f"{'tls' if encrypted else 'tcp'}://{host}:{port}"
