"""What is advised in place of a wrong value: what was meant, and what all rules permit."""

from __future__ import annotations

import pytest

from teamconfig import StandardsError, kinds, reading, resolve, schema, units
from teamconfig.model import SECTIONS
from teamconfig.stanza import Stanza

FILES = {
    "org.yaml": b"""\
org: {name: acme, environments: [dev], contact: "#platform"}
rules:
  kubernetes.memory: {min: 64Mi, max: 2Gi, reason: nodes, owner: platform, ask: "#platform"}
""",
    "teams/payments/team.yaml": b"""\
team: {projects: [shop]}
rules:
  kubernetes.memory: {min: 128Mi, max: 1Gi, reason: quota, owner: payments, ask: "#payments"}
""",
}


@pytest.mark.parametrize(("memory", "fix"), [("3Gi", '"1Gi"'), ("16Mi", '"128Mi"'), ("1536Mi", '"1Gi"')])
def test_the_tightest_limit_is_told(memory: str, fix: str) -> None:
    """A value that breaks the same limit of two layers is one problem, and its advice keeps both."""
    tree = reading.tree(FILES, revision="r", origin="x")
    with pytest.raises(StandardsError) as caught:
        resolve.profile(
            tree, project="shop", app="web", stanzas=[Stanza("kubernetes", {"memory": memory}, "app.web.deploy.use")]
        )
    assert [one.fix for one in caught.value.problems] == [f"write memory = {fix}, or ask #payments"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [("1.5GB", "1536Mi"), ("2GB", "2Gi"), ("512 mb", "512Mi"), ("0.25 g", "256Mi"), ("lots", "512Mi")],
)
def test_an_amount_of_memory(text: str, meant: str) -> None:
    """An amount in other units is advised as the amount that it is."""
    with pytest.raises(units.UnitError) as caught:
        units.parse_memory(text)
    assert caught.value.example == meant
    units.parse_memory(meant)


@pytest.mark.parametrize(
    ("section", "name", "value", "meant"),
    [
        ("kubernetes", "memory", "512", "512Mi"),
        ("kubernetes", "port", 99_999, None),
        ("promotion", "approvals", "eleven", "1"),
    ],
)
def test_a_value_beyond_its_bounds(section: str, name: str, value: object, meant: str | None) -> None:
    """A unit that is left out is advised with it; of a number that is far off, an example is given, not its bound."""
    spec = schema.specs(SECTIONS[section])[name]
    with pytest.raises(kinds.RefusedError) as caught:
        kinds.check(spec, value)
    assert caught.value.example == (meant or spec.example)
    assert caught.value.example not in {"4Mi", "65535", "0"}
    assert kinds.advice(spec, caught.value, "x").startswith("for example, " if meant != "512Mi" else "write")
