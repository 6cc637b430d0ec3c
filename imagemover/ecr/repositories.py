"""Repositories of ECR: created when missing, set as wanted, listed.

Owns the calls; what is wanted and what differs is `settings`. Two that create
the same repository at once are both fine.

Source: Amazon ECR API reference.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from imagemover.ecr import policies, settings
from imagemover.ecr.cloud import clock
from imagemover.ecr.clouderrors import code_of
from imagemover.ecr.differences import Difference, SettingsError
from imagemover.ecr.settings import Found, Settings
from imagemover.errors import ImageError, MissingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagemover.ecr.cloud import Cloud
    from imagemover.ecr.hosts import Host

Mode = Literal["mend", "refuse", "report"]
"""What is done about differences: mend: changed; refuse: SettingsError; report: told only."""

PAGE = 1000
YOUNG_SECONDS = 20.0
"""A repository of this age may lack settings because somebody is about to set them."""

_TRIES = 5
_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Ensured:
    """What became of a repository.

    Args:
        found: As it is now.
        is_new: Whether it was created here.
        differences: That were found; mended ones too.
        mended: Those of them that were changed.
    """

    found: Found
    is_new: bool
    differences: tuple[Difference, ...] = ()
    mended: tuple[Difference, ...] = ()


def describe(cloud: Cloud, host: Host, name: str) -> Found:
    """Read a repository's own settings, without its policies and tags.

    Args:
        cloud: ECR's API.
        host: The registry.
        name: Of the repository.

    Returns:
        What is there.

    Raises:
        MissingError: There is no such repository.
        ImageError: ECR does not say.
    """
    answer = cloud.call(host, "describe_repositories", repositoryNames=[name])
    return _found(answer["repositories"][0], clock(answer))


def look(cloud: Cloud, host: Host, name: str, wanted: Settings | None = None) -> Found | None:
    """Read a repository's settings.

    Args:
        cloud: ECR's API.
        host: The registry.
        name: Of the repository.
        wanted: Only what matters to it is read; None: everything.

    Returns:
        What is there; None if there is no such repository.

    Raises:
        ImageError: ECR does not say.
    """
    try:
        found = describe(cloud, host, name)
    except MissingError:
        return None
    more: dict[str, Any] = {}
    if wanted is None or wanted.lifecycle is not None:
        more["lifecycle"] = _text(cloud, host, "get_lifecycle_policy", "lifecyclePolicyText", name)
    if wanted is None or wanted.pull_accounts is not None:
        more["policy"] = _text(cloud, host, "get_repository_policy", "policyText", name)
    if wanted is None or wanted.tags:
        answer = cloud.call(host, "list_tags_for_resource", resourceArn=found.arn)
        more["tags"] = {one["Key"]: one["Value"] for one in answer.get("tags") or []}
    return dataclasses.replace(found, **more)


def ensure(cloud: Cloud, host: Host, name: str, wanted: Settings, mode: Mode = "mend") -> Ensured:
    """Make sure that a repository exists and is set as wanted.

    Args:
        cloud: ECR's API.
        host: The registry.
        name: Of the repository.
        wanted: Its settings; what is created has them all, whatever the mode.
        mode: What is done about differences of one that exists.

    Returns:
        What became of it.

    Raises:
        SettingsError: Something differs, and the mode is refuse or it cannot be changed; nothing was changed.
        ImageError: ECR refuses.
    """
    found = look(cloud, host, name, wanted)
    is_new = was_missing = found is None
    for _ in range(_TRIES):
        if found is not None:
            break
        is_new = _create(cloud, host, name, wanted)
        found = look(cloud, host, name, wanted)
    if found is None:
        what = f"the repository {name} is created and cannot be seen"
        raise MissingError(what, f"it was looked for {_TRIES} times", "run it again", str(host))
    told = settings.differences(found, wanted, host.partition.name)
    if was_missing:
        # Of two that create at once, the later one must not take the other's half-made settings for a difference.
        told = _change(cloud, host, found, wanted, told)
        return Ensured(look(cloud, host, name, wanted) or found, is_new, told, told)
    if mode != "mend":
        found, told = _settled(cloud, host, found, wanted, told)
    if mode == "report" or not told:
        return Ensured(found, is_new=False, differences=told)
    if mode == "refuse":
        raise _refused(host, name, told, told)
    mended = _change(cloud, host, found, wanted, told)
    return Ensured(look(cloud, host, name, wanted) or found, is_new=False, differences=told, mended=mended)


def every(cloud: Cloud, host: Host) -> Iterator[Found]:
    """List all repositories of a registry, without their policies and tags.

    Args:
        cloud: ECR's API.
        host: The registry.

    Yields:
        Each.

    Raises:
        ImageError: ECR does not say.
    """
    for one in cloud.pages(host, "describe_repositories", "repositories", maxResults=PAGE):
        yield _found(one)


def _settled(
    cloud: Cloud, host: Host, found: Found, wanted: Settings, told: tuple[Difference, ...]
) -> tuple[Found, tuple[Difference, ...]]:
    """Give whoever creates it at this moment the time to finish."""
    for _ in range(_TRIES):
        if not any(one.is_mendable for one in told) or found.age_seconds is None or found.age_seconds > YOUNG_SECONDS:
            break
        cloud.patience.cancellation.wait(_PAUSE_SECONDS)
        found = look(cloud, host, found.name, wanted) or found
        told = settings.differences(found, wanted, host.partition.name)
    return found, told


def _create(cloud: Cloud, host: Host, name: str, wanted: Settings) -> bool:
    arguments: dict[str, Any] = {"repositoryName": name}
    if wanted.is_immutable is not None:
        arguments |= _mutability(wanted.is_immutable, wanted.mutable_tags if wanted.is_immutable else ())
    if wanted.scans_on_push is not None:
        arguments["imageScanningConfiguration"] = {"scanOnPush": wanted.scans_on_push}
    if wanted.kms_key is not None:
        key = {"kmsKey": wanted.kms_key} if wanted.kms_key else {}
        arguments["encryptionConfiguration"] = {"encryptionType": "KMS" if wanted.kms_key else "AES256"} | key
    if wanted.tags:
        arguments["tags"] = [{"Key": key, "Value": value} for key, value in wanted.tags]
    try:
        cloud.call(host, "create_repository", **arguments)
    except ImageError as err:
        if code_of(err) != "RepositoryAlreadyExistsException":
            raise
        return False  # somebody else was faster, or our first answer was lost
    return True


def _change(
    cloud: Cloud, host: Host, found: Found, wanted: Settings, told: tuple[Difference, ...]
) -> tuple[Difference, ...]:
    """Change what differs; nothing, if one of the differences cannot be changed."""
    stuck = tuple(one for one in told if not one.is_mendable)
    if stuck:
        raise _refused(host, found.name, told, stuck)
    names = {one.setting for one in told}
    if "tags" in names and wanted.is_immutable is not None:
        filters = settings.wanted_filters(found, wanted)
        mutability = _mutability(wanted.is_immutable, filters)
        cloud.call(host, "put_image_tag_mutability", repositoryName=found.name, **mutability)
    if "scan on push" in names:
        scan = {"scanOnPush": bool(wanted.scans_on_push)}
        cloud.call(host, "put_image_scanning_configuration", repositoryName=found.name, imageScanningConfiguration=scan)
    if "lifecycle" in names and wanted.lifecycle is not None:
        text = wanted.lifecycle.text()
        cloud.call(host, "put_lifecycle_policy", repositoryName=found.name, lifecyclePolicyText=text)
    if "accounts that pull" in names and wanted.pull_accounts is not None:
        _put_policy(cloud, host, found, wanted.pull_accounts)
    changed = [{"Key": key, "Value": value} for key, value in wanted.tags if f"tag {key}" in names]
    if changed:
        cloud.call(host, "tag_resource", resourceArn=found.arn, tags=changed)
    return told


def _put_policy(cloud: Cloud, host: Host, found: Found, accounts: tuple[str, ...]) -> None:
    text = policies.with_pullers(found.policy, accounts, host.partition.name)
    if text:
        cloud.call(host, "set_repository_policy", repositoryName=found.name, policyText=text)
    elif text is not None:
        cloud.call(host, "delete_repository_policy", repositoryName=found.name)


def _refused(host: Host, name: str, told: tuple[Difference, ...], stuck: tuple[Difference, ...]) -> SettingsError:
    why = "; ".join(str(one) for one in stuck)
    fix = next((one.fix for one in stuck if one.fix), "change the repository, or let its settings be mended")
    return SettingsError(told, f"the repository {name} is not set as it must be", why, fix, f"{host}/{name}")


def _mutability(immutable: bool, filters: tuple[str, ...] | None) -> dict[str, Any]:  # noqa: FBT001  # as ECR has it
    kind = "IMMUTABLE" if immutable else "MUTABLE"
    if not filters:
        return {"imageTagMutability": kind}
    given = [{"filterType": "WILDCARD", "filter": one} for one in filters]
    return {"imageTagMutability": f"{kind}_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": given}


def _text(cloud: Cloud, host: Host, operation: str, key: str, name: str) -> str:
    try:
        return str(cloud.call(host, operation, repositoryName=name).get(key) or "")
    except MissingError:
        return ""


def _found(one: dict[str, Any], now: float | None = None) -> Found:
    created = one.get("createdAt")
    encryption = one.get("encryptionConfiguration") or {}
    return Found(
        one["repositoryName"],
        one["repositoryArn"],
        one.get("imageTagMutability", "MUTABLE"),
        tuple(entry["filter"] for entry in one.get("imageTagMutabilityExclusionFilters") or []),
        bool((one.get("imageScanningConfiguration") or {}).get("scanOnPush")),
        encryption.get("encryptionType", "AES256"),
        encryption.get("kmsKey", ""),
        age_seconds=now - created.timestamp() if now is not None and created is not None else None,
    )
