"""The two policies of an ECR repository, which are texts: what is deleted, and who may pull.

Pure. Of a repository policy only our statement is ours; what others wrote stays.

Source: Amazon ECR user guide, lifecycle policy properties and repository policies.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from imagemover.ecr.differences import SettingsError

MOST_IMAGES = 100_000
"""Of a repository; a rule that keeps so many deletes nothing."""

PULL_ACTIONS = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
SID = "WaypaasPull"
"""Names our statement in a repository policy."""

_MOST_WILDCARDS = 4


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Which images are deleted: all but the newest ones, and never a release.

    A rule of its own, of first priority, holds each release pattern: in ECR, what
    matches the tags of a rule is not deleted by a later one, whatever other tags
    it has. Images without a tag are counted apart: parts of an index, signatures
    and images that are promoted by digest have none.

    Args:
        keep: Newest tagged images that stay, by when they were pushed first; 1 to 100,000.
        release_tags: Patterns of tags that are never deleted, such as "release-*"; at most 4 "*" in each.
        untagged_days: Days after which images without a tag go; None: they stay.

    Raises:
        SettingsError: A number is out of its bounds, or no release pattern is given.
    """

    keep: int
    release_tags: tuple[str, ...]
    untagged_days: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.keep <= MOST_IMAGES or (self.untagged_days is not None and self.untagged_days < 1):
            why = f"keep is 1 to {MOST_IMAGES}, days are at least 1"
            raise SettingsError((), "a lifecycle rule is refused", why, "choose another number", "")
        if not self.release_tags or not all(one.count("*") + len(one) > 0 and one for one in self.release_tags):
            why = "without a pattern of release tags it would delete what runs"
            raise SettingsError((), "a lifecycle rule is refused", why, 'name them, such as "release-*"', "")
        if any(one.count("*") > _MOST_WILDCARDS for one in self.release_tags):
            why = f"ECR takes at most {_MOST_WILDCARDS} * in a pattern"
            raise SettingsError((), "a lifecycle rule is refused", why, "write a shorter pattern", "")

    def text(self) -> str:
        """Give the lifecycle policy.

        Returns:
            JSON, rules in the order of their priority.
        """
        # One rule for each pattern: several patterns in one rule must all fit an image.
        rules = [_rule("releases stay", {"tagStatus": "tagged", "tagPatternList": [one]}, MOST_IMAGES)
                 for one in self.release_tags]  # fmt: skip
        rules.append(_rule("the newest stay", {"tagStatus": "tagged", "tagPatternList": ["*"]}, self.keep))
        if self.untagged_days is not None:
            rules.append(_rule("what has no tag goes", {"tagStatus": "untagged"}, self.untagged_days, days=True))
        return json.dumps({"rules": [{"rulePriority": number} | rule for number, rule in enumerate(rules, 1)]})


def _rule(description: str, selection: dict[str, Any], number: int, *, days: bool = False) -> dict[str, Any]:
    count: dict[str, Any] = {"countType": "imageCountMoreThan", "countNumber": number}
    if days:
        count = {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": number}
    return {"description": description, "selection": selection | count, "action": {"type": "expire"}}


def with_pullers(text: str, accounts: tuple[str, ...], partition: str) -> str | None:
    """Give the repository policy with our statement in it.

    Args:
        text: The policy that is there; empty if there is none.
        accounts: That may pull; empty: our statement goes.
        partition: For their ARNs.

    Returns:
        The policy; empty if nothing is left of it; None if it is right as it is.
    """
    policy = _loaded(text)
    statements = _listed(policy.get("Statement"))
    others = [one for one in statements if one.get("Sid") != SID]
    if pullers(text) == set(accounts) and len(statements) - len(others) == bool(accounts):
        return None
    if accounts:
        roots = [f"arn:{partition}:iam::{one}:root" for one in sorted(set(accounts))]
        others.append({"Sid": SID, "Effect": "Allow", "Principal": {"AWS": roots}, "Action": list(PULL_ACTIONS)})
    return json.dumps({"Version": "2012-10-17"} | policy | {"Statement": others}) if others else ""


def pullers(text: str) -> set[str]:
    """Read who may pull by our statement.

    Args:
        text: A repository policy; empty if there is none.

    Returns:
        Accounts; nobody, if the statement does not grant all of pulling any more.
    """
    found: set[str] = set()
    for one in _listed(_loaded(text).get("Statement")):
        if one.get("Sid") == SID and one.get("Effect") == "Allow" and "Condition" not in one:
            principal = one.get("Principal")
            arns = _texts(principal.get("AWS")) if isinstance(principal, dict) else []
            if set(PULL_ACTIONS) <= set(_texts(one.get("Action"))):
                found |= {arn.split(":")[4] if arn.startswith("arn:") else arn for arn in arns}
    return found


def rules(text: str) -> list[dict[str, Any]]:
    """Read a lifecycle policy's rules, for comparing.

    Args:
        text: The policy; empty if there is none.

    Returns:
        The rules by priority, without their descriptions.
    """
    listed = _listed(_loaded(text).get("rules"))
    plain = [{name: value for name, value in rule.items() if name != "description"} for rule in listed]
    return sorted(plain, key=lambda rule: int(rule.get("rulePriority", 0)))


def _loaded(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _listed(value: Any) -> list[dict[str, Any]]:
    found = value if isinstance(value, list) else [value]
    return [one for one in found if isinstance(one, dict)]


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)] if value else []
