"""`wps iam` for images: the policy of who pushes them, by the standards of an app."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from teamconfig.credentials import operations
from teamconfig.credentials.operations import Purpose

FILE = """\
project = "shop"

app "web" {
  build {
    use "team-ecr" {}
  }
  deploy {
    use "team-k8s" {}
  }
}
"""
ECR = {"region": "eu-west-1", "account": "111122223333", "replicas": ["us-east-1", "mirror.acme.example"]}


def asked(place: Path, registry: dict[str, Any], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Ask for the policy of a pusher in a directory with one team, whose images are somewhere."""
    standards = place / "standards"
    for path, text in {
        "waypoint.hcl": FILE,
        "standards/org.yaml": json.dumps(
            {"org": {"name": "acme", "environments": ["dev"]}, "standards": {"registry": registry}}
        ),
        "standards/environments/dev.yaml": "{}",
        "standards/teams/payments/team.yaml": json.dumps({"team": {"projects": ["shop"]}}),
    }.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
    command = [Path(sys.executable).parent / "wps", "iam", "--role", "pusher", *arguments]
    environ = os.environ | {"WAYPAAS_STANDARDS": str(standards), "HOME": str(place)}
    return subprocess.run(command, cwd=place, env=environ, capture_output=True, text=True, check=False)


def test_a_pusher_may_push_into_one_repository(tmp_path: Path) -> None:
    """All that pushing needs is allowed on the app's repository, in its region and where it is replicated to."""
    done = asked(tmp_path, ECR)
    assert done.returncode == 0, done.stderr
    allowed = {
        action: each
        for each in json.loads(done.stdout)["Statement"]
        if each["Effect"] == "Allow"
        for action in each["Action"]
    }
    assert allowed.keys() == operations.needed(Purpose.PULL, Purpose.PUSH)
    assert allowed["ecr:PutImage"]["Resource"] == [
        f"arn:aws:ecr:{region}:111122223333:repository/shop/web" for region in ("eu-west-1", "us-east-1")
    ]


@pytest.mark.parametrize(
    ("registry", "told"),
    [
        ({"region": "eu-west-1"}, "registry.account is not set"),
        ({"account": "111122223333"}, "the standards name no region of ECR"),
        ({"url": "registry.acme.example"}, "registry.acme.example: that is not ECR"),
    ],
)
def test_images_that_are_not_at_ecr_have_no_policy(tmp_path: Path, registry: dict[str, Any], told: str) -> None:
    """What the standards do not say, or say of another registry, is named, and nothing is printed."""
    done = asked(tmp_path, registry)
    assert done.returncode != 0
    assert told in done.stderr
    assert not done.stdout
