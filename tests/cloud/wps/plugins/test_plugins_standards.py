"""The set that a team's standards pin: source, keys, plugins and number come from its layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pluginworld import World

ORG = """\
org:
  name: acme
  environments: [dev, production]
  contact: "#platform"
standards:
  plugins:
    source: {source}
    keys: ["{key}"]
"""
TEAM = """\
team:
  projects: [shop]
standards:
  plugins:
    names: [team-k8s]
"""


def standards(world: World, more: str = "") -> None:
    """Write standards of the company and of the team of the app, and name them in the checkout."""
    root = world.folder / "standards"
    (root / "teams/payments").mkdir(parents=True, exist_ok=True)
    (root / "org.yaml").write_text(ORG.format(source=world.tree.as_uri(), key=world.public))
    (root / "teams/payments/team.yaml").write_text(TEAM + more)
    (world.app / ".waypaas.toml").write_text('standards = "../standards"\n')


def test_what_the_standards_pin(empty: World) -> None:
    """Source and keys are the company's, the plugins the team's; a newer set comes until a number is pinned."""
    empty.make(team_k8s="one", team_ecs="one")
    empty.publish()
    standards(empty)
    done = empty.wps("plugins", "sync")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in empty.links.iterdir()] == ["waypoint-plugin-team-k8s"]
    empty.make(team_k8s="two")
    empty.publish()
    assert empty.wps("plugins", "sync").returncode == 0
    assert empty.says("team-k8s") == "two"
    standards(empty, "    serial: 1\n")
    assert empty.wps("plugins", "sync").returncode == 0
    assert empty.says("team-k8s") == "one"


def test_standards_without_plugins(empty: World) -> None:
    """Where the standards name no source, sync says who can, and what to write instead."""
    standards(empty)
    (empty.folder / "standards/org.yaml").write_text(ORG.partition("standards:")[0])
    done = empty.wps("plugins", "sync")
    assert done.returncode == 1
    assert (
        "nothing says where plugins come from\n  the standards of team payments have no plugins.source" in done.stderr
    )


def test_a_source_without_tls_is_no_standard(empty: World) -> None:
    """Standards that name plain HTTP are refused where they are read."""
    standards(empty)
    text = (empty.folder / "standards/org.yaml").read_text()
    (empty.folder / "standards/org.yaml").write_text(text.replace(empty.tree.as_uri(), "http://plugins.example"))
    done = empty.wps("plugins", "sync")
    assert (done.returncode, "on this machine's loopback only" in done.stderr) == (1, True)
