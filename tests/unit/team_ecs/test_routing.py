"""Rules of a shared listener: what they match, and that they are never the default action."""

from __future__ import annotations

from typing import Any

import pytest

from team_ecs import routing
from teamconfig.model import Network
from waypaas_sdk.errors import OptionError, StateError


@pytest.mark.parametrize(
    ("network", "conditions"),
    [
        (Network(host="web.acme.example"), {"host-header": ["web.acme.example"]}),
        (Network(host="a.b", path="/api"), {"host-header": ["a.b"], "path-pattern": ["/api", "/api/*"]}),
        (Network(host="a.b", path="/api/"), {"host-header": ["a.b"], "path-pattern": ["/api", "/api/*"]}),
        (Network(path="/api", path_type="Exact"), {"path-pattern": ["/api"]}),
        (Network(host="a.b", path="/", path_type="Exact"), {"host-header": ["a.b"], "path-pattern": ["/"]}),
        (Network(host="a.b", allowed_cidrs=["10.0.0.0/8"]), {"host-header": ["a.b"], "source-ip": ["10.0.0.0/8"]}),
    ],
)
def test_behaviour_22_the_rule_matches_the_app_alone(network: Network, conditions: dict[str, list[str]]) -> None:
    """Host, path and client networks of the standards become conditions; a path takes what is below it."""
    planned = routing.traffic_conditions(network)
    assert {each["Field"]: routing.values_of(each) for each in planned} == conditions


@pytest.mark.parametrize(
    ("network", "text"),
    [
        (Network(), "neither host nor path"),
        (Network(path="/"), "neither host nor path"),
        (Network(host="a.b", path="/a*"), "%2A"),
        (Network(host="a.b", path="/a", allowed_cidrs=["10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8"]), "at most 5"),
    ],
)
def test_behaviour_22_rules_that_cannot_be(network: Network, text: str) -> None:
    """What would take everybody's requests, or is more than a rule holds, is refused before any call."""
    with pytest.raises(OptionError, match=text):
        routing.traffic_conditions(network)


def test_priorities() -> None:
    """The first free number is taken, and the default rule's word is none."""
    rules = [{"Priority": "default"}, {"Priority": "1000"}, {"Priority": "1001"}, {"Priority": "1003"}]
    assert routing.free_priority(rules, 1000) == 1002
    assert routing.free_priority(rules, 1) == 1
    with pytest.raises(StateError, match="no free priority"):
        routing.free_priority([{"Priority": str(number)} for number in range(49999, 50001)], 49999)


def test_two_rules_are_the_same_by_what_they_match() -> None:
    """Order and spelling of conditions do not matter, values do."""
    old = [{"Field": "path-pattern", "Values": ["/b", "/a"]}, {"Field": "host-header", "Values": ["x"]}]
    new = [
        {"Field": "host-header", "HostHeaderConfig": {"Values": ["x"]}},
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a", "/b"]}},
    ]
    assert routing.same(old, new)
    assert not routing.same(old, new[:1])


@pytest.mark.parametrize(
    ("network", "listener", "url"),
    [
        (Network(host="web.acme.example"), {"Protocol": "HTTPS", "Port": 443}, "https://web.acme.example"),
        (Network(host="web.acme.example", path="/a"), {"Protocol": "HTTP", "Port": 80}, "http://web.acme.example/a"),
        (Network(path="/a"), {"Protocol": "HTTPS", "Port": 8443}, "https://lb.aws:8443/a"),
        (Network(host="*.acme.example"), {"Protocol": "HTTP", "Port": 443}, "http://lb.aws:443"),
    ],
)
def test_behaviour_16_urls(network: Network, listener: dict[str, Any], url: str) -> None:
    """The URL has the listener's scheme and port, and the app's host and path."""
    assert routing.url(network, listener, "lb.aws") == url


def test_targets_leave_out_what_has_no_weight() -> None:
    """A target group without weight gets no request, and so is none that a rule leads to."""
    groups = [{"TargetGroupArn": "a", "Weight": 0}, {"TargetGroupArn": "b", "Weight": 1}]
    assert routing.targets({"Actions": [{"ForwardConfig": {"TargetGroups": groups}}]}) == ["b"]
    assert routing.targets({"Actions": [{"Type": "forward", "TargetGroupArn": "c"}]}) == ["c"]
    assert routing.targets({"Actions": [{"Type": "fixed-response"}]}) == []
