"""`wps create --infra` on a file that deploys to the other platform: what is set goes along, or is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from teamconfig import StandardsError, reading
from wps import appfile, carrying, creation
from wps.sizing import Infra

ORG = b"org: {name: acme, contact: '#platform', environments: [dev, production]}\n"
TEAM = json.dumps({"team": {"projects": ["shop"]}}).encode()
TREE = reading.tree({"org.yaml": ORG, "teams/payments/team.yaml": TEAM}, revision="dir:test", origin="test")
PATH = Path("waypoint.hcl")
RICH = """\
      port     = 8080
      replicas = 3
      env      = { MODE = "strict" }
      probe {
        readiness {
          path   = "/healthz"
          period = "10s"
        }
      }
      sidecars {
        name  = "proxy"
        image = "registry.test/proxy:1"
        args  = ["--up=8080"]
      }
"""


def file(options: str, plugin: str = "team-k8s", after: str = "") -> str:
    """Give a file that deploys with some options."""
    deploy = f'  deploy {{\n    use "{plugin}" {{\n{options}    }}\n  }}\n'
    return f'project = "shop"\n\napp "web" {{\n  build {{\n    use "docker" {{}}\n  }}\n{deploy}{after}}}\n'


def moved(text: str, infra: Infra, cpu: str | None = None) -> str:
    """Move a file to a platform, as the command does."""
    wishes = creation.Wishes("web", infra, cpu=cpu)
    found = appfile.parse(text, PATH)
    bases = creation.Bases(TREE, "shop", "web")
    after = creation.text(text, str(PATH), wishes, bases, None, carrying.options(found, wishes))
    creation.check(TREE, appfile.parse(after, PATH), wishes)
    return after


def test_options_are_said_in_the_words_of_ecs() -> None:
    """What is set for Kubernetes is set for ECS under its own names, blocks as blocks, and is permitted there."""
    text = moved(file(RICH), Infra.ECS)
    assert 'use "team-ecs" {' in text
    for line in ("port  = 8080", "count = 3", 'path   = "/healthz"', 'period = "10s"', 'command = ["--up=8080"]'):
        assert line in text, text
    assert "health_check {" in text
    assert "replicas" not in text


def test_what_moved_there_and_back_is_the_same() -> None:
    """After a move and the move back the file says what it said."""
    there = moved(file(RICH), Infra.ECS)
    back = appfile.options(appfile.parse(moved(there, Infra.K8S), PATH), "web", "")
    before = appfile.options(appfile.parse(file(RICH), PATH), "web", "")
    assert [one.values for one in back.stanzas] == [one.values for one in before.stanzas]


def test_what_is_asked_for_counts_more() -> None:
    """A size that the user asks for replaces the one that the file has."""
    text = moved(file('      cpu = "1"\n'), Infra.ECS, cpu="2")
    assert 'cpu = "2"' in text
    assert '"1"' not in text


@pytest.mark.parametrize(
    ("options", "line", "way"),
    [
        ('      node_selector = { disk = "ssd" }\n', 9, "ecs.architecture and ecs.launch_type"),
        ('      init {\n        name    = "x"\n        command = ["x"]\n      }\n', 9, "the image's entrypoint"),
        ('      probe {\n        readiness {\n          kind = "grpc"\n        }\n      }\n', 11, "by HTTP"),
        ('      network {\n        host = "x.acme.example"\n      }\n', 9, "the standards of the team"),
    ],
)  # fmt: skip
def test_what_cannot_move_is_refused(options: str, line: int, way: str) -> None:
    """An option without counterpart is refused with its line and the closest way, and nothing is written."""
    with pytest.raises(StandardsError) as caught:
        moved(file(options), Infra.ECS)
    assert way in str(caught.value)
    assert f"waypoint.hcl:{line}" in str(caught.value)


def test_what_only_waypoint_works_out_is_refused() -> None:
    """An option whose value is known at run time alone is not lost in silence."""
    with pytest.raises(StandardsError, match="is worked out when Waypoint runs"):
        moved(file("      replicas = var.count\n"), Infra.ECS)


def test_a_release_of_the_other_platform_is_refused() -> None:
    """A release stanza of the platform that the app leaves would look for it there, so it has to go first."""
    with pytest.raises(StandardsError, match="the release uses team-k8s"):
        moved(file("", after='  release {\n    use "team-k8s" {}\n  }\n'), Infra.ECS)


def test_every_problem_is_told_at_once() -> None:
    """Three options that cannot move are three problems of one error."""
    options = '      namespace = "x"\n      service_account = "x"\n      priority_class = "x"\n'
    with pytest.raises(StandardsError) as caught:
        moved(file(options), Infra.ECS)
    assert len(caught.value.problems) == 3
