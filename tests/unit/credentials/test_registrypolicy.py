"""Session policies for image repositories: one repository, in the regions that it is in, and nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from teamconfig.credentials import boundary, operations, policycheck, sessionpolicy
from teamconfig.credentials.errors import PolicyError
from teamconfig.credentials.names import ActionClass
from teamconfig.credentials.operations import Purpose
from teamconfig.credentials.scope import Scope

ROOT = Path(__file__).resolve().parents[3]
MOVER = ROOT / "imagemover" / "ecr"
DOCUMENT = ROOT / "docs" / "service" / "credentials.md"
PULLING = Scope(
    ActionClass.PULL, "payments", "production", protected=True, account="111122223333", region="eu-west-1",
    repositories=("shop/web",),
)  # fmt: skip
PUSHING = replace(PULLING, action=ActionClass.BUILD, regions=("us-east-1", "eu-west-1"))
NEAR, FAR = (f"arn:aws:ecr:{region}:111122223333:repository/shop/web" for region in ("eu-west-1", "us-east-1"))
DENIED = {"Effect": "Deny", "Action": ["ecs:ExecuteCommand", "ssm:StartSession", "ecs:RunTask"], "Resource": "*"}
DOCTOR = {"describe_registry", "get_registry_policy"}
"""Calls of `wps image doctor` alone, which runs by the user's own credentials."""


def test_pulling_reads_one_repository() -> None:
    """The policy for reading, word for word."""
    assert json.loads(sessionpolicy.build(PULLING)) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"],
                "Resource": NEAR,
            },
            {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
            DENIED,
        ],
    }


def test_pushing_is_bound_to_the_repository_in_each_region() -> None:
    """The policy for pushing, word for word; a region that is named twice stands there once."""
    assert json.loads(sessionpolicy.build(PUSHING)) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": [
                    "ecr:BatchCheckLayerAvailability",
                    "ecr:BatchGetImage",
                    "ecr:CompleteLayerUpload",
                    "ecr:CreateRepository",
                    "ecr:DeleteRepositoryPolicy",
                    "ecr:DescribeImageReplicationStatus",
                    "ecr:DescribeImages",
                    "ecr:DescribeRepositories",
                    "ecr:GetDownloadUrlForLayer",
                    "ecr:GetLifecyclePolicy",
                    "ecr:GetRepositoryPolicy",
                    "ecr:InitiateLayerUpload",
                    "ecr:ListTagsForResource",
                    "ecr:PutImage",
                    "ecr:PutImageScanningConfiguration",
                    "ecr:PutImageTagMutability",
                    "ecr:PutLifecyclePolicy",
                    "ecr:SetRepositoryPolicy",
                    "ecr:TagResource",
                    "ecr:UploadLayerPart",
                ],
                "Resource": [NEAR, FAR],
            },
            {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
            DENIED,
        ],
    }


def test_every_call_of_the_mover_is_listed() -> None:
    """What the code of the mover calls of ECR's API is allowed to who pushes, but for what only the doctor asks."""
    called = set()
    for path in MOVER.glob("*.py"):
        called |= set(re.findall(r'(?:call|pages|_text)\(\s*(?:cloud, )?\w[\w.]*, "([a-z_]+)"', path.read_text()))
    assert {"create_repository", "put_lifecycle_policy", "describe_image_replication_status"} <= called
    named = {"ecr:" + "".join(word.capitalize() for word in each.split("_")) for each in called - DOCTOR}
    assert named <= operations.needed(Purpose.PUSH)


@pytest.mark.parametrize("scope", [PULLING, PUSHING])
def test_a_repository_elsewhere_is_refused(scope: Scope) -> None:
    """The checker refuses another region, account or repository, and any right that the class has not."""
    text = sessionpolicy.build(scope)
    for change in ({"region": "eu-north-1", "regions": ()}, {"account": "9" * 12}, {"repositories": ("shop/api",)}):
        assert policycheck.problems(text, replace(scope, **change)), change
    assert policycheck.problems(text.replace("ecr:BatchGetImage", "ecr:DeleteRepository"), scope)
    assert policycheck.problems(text.replace("ecr:BatchGetImage", "ecr:*"), scope)


def test_the_documented_role_has_room_for_every_session() -> None:
    """The statements that the documentation gives for the role allow what a session policy for pushing may, no more."""
    text = DOCUMENT.read_text().partition("For images, add these two statements")[2]
    images, login = json.loads(text.partition("```json\n")[2].partition("```")[0])
    assert {*images["Action"], login["Action"]} == boundary.PUSH
    assert images["Resource"] != "*"


def test_who_pulls_changes_nothing() -> None:
    """The class for reading has no action that writes, and is within that for pushing."""
    assert boundary.PULL < boundary.PUSH
    assert all(re.match(r"ecr:(BatchGet|Describe|Get)", action) for action in boundary.PULL)


def test_too_many_regions_are_refused_with_their_size() -> None:
    """A policy over STS's limit is refused before it is sent, and the text says how large it is."""
    regions = tuple(f"eu-{word}-1" for word in ("a" * n for n in range(1, 30)))
    with pytest.raises(PolicyError, match="session policy for build") as caught:
        sessionpolicy.build(replace(PUSHING, regions=regions))
    assert "characters, and STS takes 2048" in caught.value.problem.why
