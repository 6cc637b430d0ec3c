"""Names and labels: valid for Kubernetes, the builtin's own, and never shared by two deployments."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from team_k8s import names
from teamplugin.identity import Identity

DNS_1123 = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=120) | st.from_regex(
    r"[A-Za-z0-9 ._-]{1,90}", fullmatch=True
)
APPS = st.from_regex(r"[a-z][a-z0-9 ._-]{0,80}", fullmatch=True)
SEQUENCES = st.integers(1, 10**9)
IDENTITIES = st.builds(Identity, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS)


@given(TEXTS)
def test_any_text_makes_a_dns_label(text: str) -> None:
    """Whatever a text holds, the name made of it is a DNS-1123 label of at most 63 characters."""
    assert DNS_1123.fullmatch(names.dns_label(text))


@pytest.mark.parametrize("length", [62, 63, 64, 65, 200])
@pytest.mark.parametrize("letter", ["a", "A", "-a", "ä"])
def test_long_texts(length: int, letter: str) -> None:
    """Around and beyond the longest name there can be, names and labels stay within its 63 characters."""
    text = (letter * length)[:length]
    assert DNS_1123.fullmatch(names.dns_label(text))
    assert LABEL_VALUE.fullmatch(names.label_value(text))


@given(TEXTS, SEQUENCES)
def test_any_app_makes_valid_names(app: str, sequence: int) -> None:
    """Any app gets a Deployment and a Service whose names the API server accepts."""
    assert DNS_1123.fullmatch(names.deployment(app, sequence))
    assert DNS_1123.fullmatch(names.service(app, "default"))
    assert DNS_1123.fullmatch(names.service(app, app))


@given(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True))
def test_what_fits_stays(text: str) -> None:
    """A text that is a DNS label already is its own name."""
    assert names.dns_label(text) == text


@given(st.tuples(APPS, SEQUENCES), st.tuples(APPS, SEQUENCES))
def test_two_deployments_have_two_names(one: tuple[str, int], other: tuple[str, int]) -> None:
    """Two apps, or two deploys of one app, never get the same Deployment."""
    assume(f"{one[0]}-v{one[1]}" != f"{other[0]}-v{other[1]}")
    assert names.deployment(*one) != names.deployment(*other)


def test_long_names_differ_at_their_ends() -> None:
    """Names that only differ after the 63rd character are still two names."""
    made = {names.deployment("a" * 70, sequence) for sequence in range(1, 50)}
    assert len(made) == 49


def test_separators_are_not_confused() -> None:
    """Apps whose names differ in characters that a name cannot have get different names."""
    assert len({names.dns_label(text) for text in ("a.b", "a b", "a_b", "a-b", "a--b", "-a-b")}) == 6


@pytest.mark.parametrize(
    ("app", "sequence", "name"), [("web", 1, "web-v1"), ("Web", 12, "web-v12"), ("my-api", 3, "my-api-v3")]
)
def test_deployments_are_named_as_the_builtin_does(app: str, sequence: int, name: str) -> None:
    """A Deployment is lower("<app>-v<sequence>"), as dashboards and scripts for the builtin expect."""
    assert names.deployment(app, sequence) == name


@pytest.mark.parametrize(
    ("app", "workspace", "name"),
    [("web", "default", "web"), ("web", "staging", "web-staging"), ("web", "pr-17", "web-pr-17")],
)
def test_services_are_named_as_the_builtin_does(app: str, workspace: str, name: str) -> None:
    """A Service is <app> in the workspace default and <app>-<workspace> in every other one."""
    assert names.service(app, workspace) == name


@given(TEXTS)
def test_any_text_makes_a_label_value(text: str) -> None:
    """Whatever a text holds, the label's value made of it is one that the API server accepts."""
    assert LABEL_VALUE.fullmatch(names.label_value(text))


@pytest.mark.parametrize("text", ["", "a", "web", "My_App.v2", "01HXYZ", "a" * 63])
def test_fitting_label_values_stay(text: str) -> None:
    """A text that is a label's value already is not changed, its case included."""
    assert names.label_value(text) == text


@pytest.mark.parametrize(
    ("one", "other"),
    [("My App", "my app"), ("a" * 70, "A" * 70), ("a/b", "a b"), ("Web", "web"), ("-web", "web"), ("é", "è")],
)
def test_label_values_are_not_confused(one: str, other: str) -> None:
    """Different texts give different values: labels decide whose an object is, and so what destroy removes."""
    assert names.label_value(one) != names.label_value(other)


@given(TEXTS, TEXTS)
def test_label_values_are_injective(one: str, other: str) -> None:
    """No two texts share a label's value."""
    assume(one != other)
    assert names.label_value(one) != names.label_value(other)


@given(IDENTITIES)
def test_every_label_is_valid(identity: Identity) -> None:
    """All labels of an identity are valid, whatever its parts are called."""
    labels = names.common(identity)
    assert all(LABEL_VALUE.fullmatch(value) for value in labels.values())
    assert all(re.fullmatch(r"([a-z0-9.-]+/)?[a-z0-9.-]{1,63}", key) for key in labels)


@given(IDENTITIES)
def test_common_labels_hold_the_owners(identity: Identity) -> None:
    """Whatever carries the common labels is found by its owner's."""
    assert names.owner(identity).items() <= names.common(identity).items()


@pytest.mark.parametrize("part", ["project", "app", "workspace"])
def test_owners_are_told_apart(part: str) -> None:
    """Two apps that differ in project, app or workspace have different owner labels."""
    same = {"project": "shop", "app": "web", "workspace": "default", "environment": "dev", "team": "payments"}
    assert names.owner(Identity(**same)) != names.owner(Identity(**(same | {part: "other"})))


@pytest.mark.parametrize("part", ["environment", "team"])
def test_owners_outlive_a_reorganisation(part: str) -> None:
    """A project that moves to another team or environment still finds what it deployed before."""
    same = {"project": "shop", "app": "web", "workspace": "default", "environment": "dev", "team": "payments"}
    assert names.owner(Identity(**same)) == names.owner(Identity(**(same | {part: "other"})))


def test_selector_is_that_of_the_builtin_releaser() -> None:
    """Pods are selected by the Deployment's name and Waypoint's id, as the builtin's Service selects them."""
    assert names.selector("web-v1", "01A") == {"name": "web-v1", "waypoint.hashicorp.com/id": "01A"}


def test_selectors_are_written_in_one_order() -> None:
    """A query is the same text however the labels were collected."""
    assert names.selector_text({"b": "2", "a": "1"}) == names.selector_text({"a": "1", "b": "2"}) == "a=1,b=2"
