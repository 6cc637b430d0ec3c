"""Why an image is not where ECR's own replication should have brought it: its known traps, looked for one by one.

Owns the questions; changes nothing. What cannot be looked at for lack of rights
is a finding, too.

Source: Amazon ECR user guide, Private image replication, considerations.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from imagemover.ecr import images, repositories, settings
from imagemover.ecr.settings import Settings
from imagemover.errors import CredentialError, DeniedError, MissingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagemover.ecr.cloud import Cloud
    from imagemover.ecr.hosts import Host

Code = Literal[
    "other-partition", "no-rule", "filter", "permission", "no-repository", "settings",
    "pushed-before-rule", "untagged", "unreadable",
]  # fmt: skip

MOST_NAMED = 5
MOST_ASKED = 50
"""Images whose state is asked for one by one; of more, the rest counts as not on its way."""

_REPLICATE, _CREATE = "ecr:ReplicateImage", "ecr:CreateRepository"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is in the way.

    Args:
        code: Which trap.
        what: What is so.
        why: The rule of ECR that it breaks.
        fix: One imperative.
        where: The destination.
    """

    code: Code
    what: str
    why: str
    fix: str
    where: str

    def __str__(self) -> str:
        """Give it as errors are shown."""
        return f"{self.what}\n  {self.why}\n  {self.fix}\n  at {self.where}"


def examine(
    cloud: Cloud, source: Host, name: str, targets: Sequence[Host], wanted: Settings | None = None
) -> tuple[Finding, ...]:
    """Look for what keeps a repository from being replicated as it should be.

    Args:
        cloud: ECR's API; with credentials for the destinations, as far as they can be had.
        source: The registry that images are pushed to; with its account, where destinations are others'.
        name: Of the repository.
        targets: Where its images should arrive.
        wanted: Settings of the repository; None: those that it has in the source.

    Returns:
        What was found; empty if nothing is in the way.

    Raises:
        MissingError: The repository is not in the source.
        ImageError: ECR does not say.
    """
    there = repositories.look(cloud, source, name)
    if there is None:
        raise MissingError(f"the repository {name} is not there", "", "check account, region and name", str(source))
    wanted = wanted or Settings(is_immutable=there.is_immutable, mutable_tags=there.filters,
                                scans_on_push=there.scans_on_push)  # fmt: skip
    registry = cloud.call(source, "describe_registry")
    rules = (registry.get("replicationConfiguration") or {}).get("rules") or []
    account = source.account or str(registry.get("registryId", ""))
    found: list[Finding] = []
    for target in targets:
        if target.partition != source.partition:
            why = f"{source.region} is in {source.partition.name}, {target.region} in {target.partition.name}"
            found.append(
                Finding("other-partition", "ECR does not replicate to another partition", why,
                        f"copy to {target}; another login is needed there", str(target))
            )  # fmt: skip
            continue
        covered = _rules(rules, name, account, target)
        found += covered
        try:
            found += _permission(cloud, account, name, target)
            found += _destination(cloud, source, name, target, wanted, is_covered=not covered)
        except (DeniedError, CredentialError) as err:
            fix = "run it with credentials of the account that owns the destination"
            found.append(Finding("unreadable", "the destination cannot be looked at", err.why, fix, str(target)))
    return tuple(found)


def _rules(rules: list[dict[str, Any]], name: str, account: str, target: Host) -> list[Finding]:
    """Look whether a rule leads there, and whether its filters let the repository pass."""
    leading = [rule for rule in rules if any(
        one.get("region") == target.region and one.get("registryId") == (target.account or account)
        for one in rule.get("destinations") or [])]  # fmt: skip
    if not leading:
        why = "the replication configuration of the source names it in no rule"
        fix = "add the destination to a rule, or let each push be copied there"
        return [Finding("no-rule", f"nothing is replicated to {target}", why, fix, str(target))]
    filters = [[one.get("filter", "") for one in rule.get("repositoryFilters") or []] for rule in leading]
    if any(not some or any(name.startswith(prefix) for prefix in some) for some in filters):
        return []
    told = ", ".join(sorted({prefix for some in filters for prefix in some}))
    why = f"the rule takes repositories whose names begin with {told}"
    return [Finding("filter", f"{name} is not replicated to {target}", why, "add a filter that fits", str(target))]


def _permission(cloud: Cloud, account: str, name: str, target: Host) -> list[Finding]:
    """Look whether another account lets images in."""
    if target.account in {"", account}:
        return []
    try:
        policy = json.loads(cloud.call(target, "get_registry_policy").get("policyText") or "{}")
    except MissingError:
        policy = {}
    statements = policy.get("Statement") or []
    granted: set[str] = set()
    for one in statements if isinstance(statements, list) else [statements]:
        principal, action = json.dumps(one.get("Principal")), one.get("Action")
        if one.get("Effect") == "Allow" and (account in principal or '"*"' in principal):
            granted |= set(action if isinstance(action, list) else [str(action)])
    needed = {_REPLICATE} | (set() if _has(cloud, target, name) else {_CREATE})
    lacking = sorted(needed - granted) if not granted & {"*", "ecr:*"} else []
    if not lacking:
        return []
    why = f"its registry policy does not grant {' and '.join(lacking)} to {account}"
    fix = "let the destination's account add that to its registry policy"
    return [Finding("permission", f"{target} takes no images of {account}", why, fix, str(target))]


def _has(cloud: Cloud, target: Host, name: str) -> bool:
    try:
        repositories.describe(cloud, target, name)
    except MissingError:
        return False
    return True


def _destination(
    cloud: Cloud, source: Host, name: str, target: Host, wanted: Settings, *, is_covered: bool
) -> list[Finding]:
    """Look what is in the destination: its settings, its images, their tags."""
    there = repositories.look(cloud, target, name, wanted)
    if there is None:
        why = "replication will create it with the defaults of ECR: mutable tags, no scan, no lifecycle"
        fix = "create it with its settings before the next push"
        return [Finding("no-repository", f"{name} is not in {target}", why, fix, str(target))]
    found = []
    differing = settings.differences(there, wanted, target.partition.name)
    if differing:
        why = "replication brings images, no settings: " + "; ".join(str(one) for one in differing)
        fix = "set the repository there, too"
        found.append(Finding("settings", f"{name} is set otherwise in {target}", why, fix, str(target)))
    arrived = {one.digest: one for one in images.every(cloud, target, name)}
    absent, untagged = [], []
    for one in images.every(cloud, source, name):
        if one.digest not in arrived:
            absent.append(one.digest)
        elif not set(one.tags) <= set(arrived[one.digest].tags):
            untagged += sorted(set(one.tags) - set(arrived[one.digest].tags))
    if absent and is_covered:
        asked = [digest for digest in absent[:MOST_ASKED] if not _is_on_its_way(cloud, source, name, digest, target)]
        unknown = asked + absent[MOST_ASKED:]
        if unknown:
            why = f"ECR replicates what is pushed after the rule was made; not there: {_named(unknown)}"
            what = f"{len(unknown)} images were pushed before the rule, or their replication failed"
            found.append(Finding("pushed-before-rule", what, why, "copy them there once", str(target)))
    if untagged:
        why = "a tag that stands there already and may not move stays where it is; the image arrives without it"
        what = f"tags stand on other images in {target}, or on none: {_named(untagged)}"
        found.append(Finding("untagged", what, why, "deploy by digest, or choose another tag", str(target)))
    return found


def _is_on_its_way(cloud: Cloud, source: Host, name: str, digest: str, target: Host) -> bool:
    answer = cloud.call(
        source, "describe_image_replication_status", repositoryName=name, imageId={"imageDigest": digest}
    )
    return any(
        one.get("region") == target.region and target.account in {"", one.get("registryId")}
        and one.get("status") == "IN_PROGRESS"
        for one in answer.get("replicationStatuses") or []
    )  # fmt: skip


def _named(found: Sequence[str]) -> str:
    rest = len(found) - MOST_NAMED
    return ", ".join(found[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
