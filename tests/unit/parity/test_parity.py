"""The same app on Kubernetes and on ECS: equal plans, and an error for all that only one of them has."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bothplans import on_ecs, on_kubernetes

from team_ecs import refusals
from teamconfig.model import Ecs, Network
from teamconfig.model.network import Gateway, Tls
from waypaas_sdk.errors import OptionError
from wps import parity, paritytable

APPS: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "apps.yaml").read_text())

NAME = st.from_regex(r"[A-Z][A-Z0-9_]{0,15}", fullmatch=True)
OPTIONS = st.fixed_dictionaries(
    {
        "port": st.integers(1, 65535),
        "cpu": st.integers(125, 16000).map(lambda number: f"{number}m"),
        "memory": st.integers(64, 120 * 1024).map(lambda number: f"{number}Mi"),
        "replicas": st.integers(0, 50),
        "env": st.dictionaries(NAME, st.text("abc $\"{}'", max_size=8), min_size=1, max_size=4),
        "probe": st.fixed_dictionaries(
            {
                "readiness": st.fixed_dictionaries(
                    {
                        "path": st.from_regex(r"/[a-z]{0,9}", fullmatch=True),
                        "period": st.integers(6, 300).map(lambda number: f"{number}s"),
                        "timeout": st.integers(2, 5).map(lambda number: f"{number}s"),
                        "failure_threshold": st.integers(2, 10),
                        "success_threshold": st.integers(2, 10),
                    }
                )
            }
        ),
    },
    optional={
        "args": st.lists(st.text("ab-= ", min_size=1, max_size=5), min_size=1, max_size=3),
        "termination_grace": st.integers(2, 120).map(lambda number: f"{number}s"),
    },
)


def test_there_are_twenty_apps() -> None:
    """The property is held by twenty apps, none of which is another one's copy."""
    assert len(APPS) == 20
    assert len({repr(options) for options in APPS.values()}) == 20


@pytest.mark.parametrize("name", APPS)
def test_an_app_gets_the_same_on_both(name: str) -> None:
    """Ports, environment, cpu, memory, number, health, program and grace are equal on machines of one's own."""
    assert on_ecs(APPS[name], machines=True) == replace(
        on_kubernetes(APPS[name]), cpu=on_ecs(APPS[name], machines=True).cpu
    )
    assert abs(on_ecs(APPS[name], machines=True).cpu - on_kubernetes(APPS[name]).cpu) <= 1, "a 1024th against a 1000th"


@pytest.mark.parametrize("name", APPS)
def test_fargate_gives_no_less(name: str) -> None:
    """On Fargate all is the same but sizes, which are those of the next larger task that it sells."""
    ours, theirs = on_kubernetes(APPS[name]), on_ecs(APPS[name])
    assert replace(theirs, cpu=ours.cpu, memory=ours.memory) == ours
    assert theirs.cpu >= ours.cpu
    assert theirs.memory >= ours.memory
    if name != "odd-size":
        assert (theirs.cpu, theirs.memory) == (ours.cpu, ours.memory)


@given(OPTIONS)
def test_any_app_gets_the_same_on_both(options: dict[str, Any]) -> None:
    """Whatever both can hold is equal, as far as a 1024th of a core is a 1000th."""
    ours, theirs = on_kubernetes(options), on_ecs(options, machines=True)
    assert replace(theirs, cpu=ours.cpu) == ours
    assert abs(theirs.cpu - ours.cpu) <= 1


@given(OPTIONS)
def test_there_and_back(options: dict[str, Any]) -> None:
    """Options that moved to ECS and back are what they were."""
    there, problems = parity.converted("kubernetes", options, "use", {})
    back, more = parity.converted("ecs", there, "use", {})
    assert problems + more == []
    assert back == options


@pytest.mark.parametrize("section", ["kubernetes", "ecs"])
def test_every_standard_is_in_the_table(section: str) -> None:
    """Each key of both sections has a counterpart or a closest way, never both, and the table knows no other keys."""
    known = set(parity.keys(section))
    both = {key for key in known if parity.counterpart(section, key) and parity.way(section, key)}
    neither = {key for key in known if not parity.counterpart(section, key) and not parity.way(section, key)}
    assert (both, neither) == (set(), set())
    only = paritytable.KUBERNETES_ONLY if section == "kubernetes" else paritytable.ECS_ONLY
    listed = {*only, *(paritytable.PAIRS if section == "kubernetes" else paritytable.PAIRS.values())}
    assert {key for key in listed if not any(f"{each}.".startswith(f"{key}.") for each in known)} == set()


@pytest.mark.parametrize(
    ("section", "key"),
    [
        *(("kubernetes", key) for key in paritytable.KUBERNETES_ONLY),
        *(("ecs", key) for key in paritytable.ECS_ONLY),
    ],
)
def test_what_one_alone_has_is_refused_with_the_closest_way(section: str, key: str) -> None:
    """Each option without a counterpart is a problem that names the closest way and its line; it is never dropped."""
    names = next(each for each in parity.keys(section) if f"{each}.".startswith(f"{key}.")).split(".")
    value: Any = "x"
    for name in reversed(names[1:]):
        value = {name: value}
    values = {names[0]: [value] if names[0] == "sidecars" else value}
    made, problems = parity.converted(section, values, "app.web.deploy.use", {"app.web.deploy.use": "waypoint.hcl:7"})
    assert len(problems) == 1
    assert parity.way(section, ".".join(names)) in problems[0].why
    assert problems[0].kind == "option"
    assert made in ({}, {"sidecars": [{}]})


@pytest.mark.parametrize(
    "key", [key for key, (_, theirs) in paritytable.SHARED.items() if theirs.startswith("refused")]
)
def test_a_shared_standard_that_ecs_cannot_hold_is_refused(key: str) -> None:
    """What the table says that ECS refuses of section network is refused before any call, with what takes its place."""
    tls = {"secret": Tls(secret="x"), "issuer": Tls(issuer="x"), "certificate_arn": Tls(certificate_arn="x")}
    values: dict[str, Any] = {
        "network.ingress_class": {"ingress_class": "nginx"}, "network.gateway": {"gateway": Gateway(name="x")},
        "network.annotations": {"annotations": {"a/b": "c"}},
    }  # fmt: skip
    wanted = Network(host="web.acme.example", **(values.get(key) or {"tls": tls[key.rpartition(".")[2]]}))
    with pytest.raises(OptionError) as caught:
        refusals.check(Ecs(port=80), wanted, {})
    assert key in str(caught.value)
