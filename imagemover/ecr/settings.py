"""Settings of an ECR repository: what is wanted, what is there, and the differences between the two, as values.

Pure. The two policies, which are texts, are in `policies`.

Source: Amazon ECR user guide, image tag mutability.
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imagemover.ecr import policies
from imagemover.ecr.differences import Difference

if TYPE_CHECKING:
    from imagemover.ecr.policies import Lifecycle


@dataclass(frozen=True, slots=True)
class Settings:
    """What is wanted; None means that it does not matter.

    Args:
        is_immutable: Whether tags may not move.
        mutable_tags: Wildcards of tags that may move all the same; None: those that are there stay.
        scans_on_push: Whether images are scanned when they are pushed.
        kms_key: ARN, id or alias of the key that encrypts; "": ECR's own encryption (AES256).
        lifecycle: What is deleted.
        pull_accounts: Accounts that may pull, besides the owner and what others have granted.
        tags: Of the repository itself; further ones stay.
    """

    is_immutable: bool | None = None
    mutable_tags: tuple[str, ...] | None = None
    scans_on_push: bool | None = None
    kms_key: str | None = None
    lifecycle: Lifecycle | None = None
    pull_accounts: tuple[str, ...] | None = None
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What is there.

    Args:
        name: Of the repository.
        arn: Of the repository.
        mutability: As ECR spells it.
        filters: Wildcards of tags for which the opposite holds.
        scans_on_push: As in Settings.
        encryption: "AES256", "KMS" or "KMS_DSSE".
        kms_key: ARN of the key; empty for AES256.
        lifecycle: Text of the policy; empty if there is none.
        policy: Text of the repository policy; empty if there is none.
        tags: Of the repository.
        age_seconds: Since it was created; None if ECR does not say.
    """

    name: str
    arn: str
    mutability: str = "MUTABLE"
    filters: tuple[str, ...] = ()
    scans_on_push: bool = False
    encryption: str = "AES256"
    kms_key: str = ""
    lifecycle: str = ""
    policy: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    age_seconds: float | None = None

    @property
    def is_immutable(self) -> bool:
        """Whether tags may not move, but for filters."""
        return self.mutability.startswith("IMMUTABLE")

    def freezes(self, tag: str) -> bool:
        """Tell whether a tag may not move.

        Args:
            tag: The tag.

        Returns:
            Whether it may not.
        """
        return self.is_immutable != any(fnmatch.fnmatchcase(tag, one) for one in self.filters)


def wanted_filters(found: Found, wanted: Settings) -> tuple[str, ...]:
    """Give the filters that a repository has to have.

    Args:
        found: What is there.
        wanted: What is wanted.

    Returns:
        Those that are wanted; else those that are there, if the kind of mutability does not change.
    """
    if wanted.mutable_tags is not None:
        return wanted.mutable_tags if wanted.is_immutable else ()
    return found.filters if wanted.is_immutable in {None, found.is_immutable} else ()


def differences(found: Found, wanted: Settings, partition: str = "aws") -> tuple[Difference, ...]:
    """Compare.

    Args:
        found: What is there.
        wanted: What is wanted.
        partition: For the ARNs of accounts.

    Returns:
        What is not as wanted.
    """
    told: list[Difference] = []
    if wanted.is_immutable is not None:
        filters = wanted_filters(found, wanted)
        if (found.is_immutable, set(found.filters)) != (wanted.is_immutable, set(filters)):
            actual, aim = _tags(found.is_immutable, found.filters), _tags(wanted.is_immutable, filters)
            told.append(Difference("tags", actual, aim))
    if wanted.scans_on_push not in {None, found.scans_on_push}:
        told.append(Difference("scan on push", _on(found.scans_on_push), _on(wanted.scans_on_push)))
    if wanted.kms_key is not None and not _is_encrypted_so(found, wanted.kms_key):
        actual = f"{found.encryption} {found.kms_key}".strip()
        aim = f"KMS {wanted.kms_key}" if wanted.kms_key else "AES256"
        fix = "encryption is chosen when a repository is created: create another repository and copy the images there"
        told.append(Difference("encryption", actual, aim, is_mendable=False, fix=fix))
    if wanted.lifecycle is not None and policies.rules(found.lifecycle) != policies.rules(wanted.lifecycle.text()):
        actual = f"{len(policies.rules(found.lifecycle))} rules" if found.lifecycle else "absent"
        told.append(Difference("lifecycle", actual, _lifecycle(wanted.lifecycle)))
    if (
        wanted.pull_accounts is not None
        and policies.with_pullers(found.policy, wanted.pull_accounts, partition) is not None
    ):
        actual = ", ".join(sorted(policies.pullers(found.policy))) or "nobody"
        told.append(Difference("accounts that pull", actual, ", ".join(sorted(wanted.pull_accounts)) or "nobody"))
    for key, value in wanted.tags:
        if found.tags.get(key) != value:
            told.append(Difference(f"tag {key}", repr(found.tags.get(key, "")), repr(value)))
    return tuple(told)


def _is_encrypted_so(found: Found, key: str) -> bool:
    if not key:
        return found.encryption == "AES256"
    return found.encryption.startswith("KMS") and (found.kms_key == key or found.kms_key.endswith(f"/{key}"))


def _tags(immutable: bool, filters: tuple[str, ...]) -> str:  # noqa: FBT001  # the only thing that it says
    kind = "immutable" if immutable else "mutable"
    return f"{kind} but for {', '.join(sorted(filters))}" if filters else kind


def _on(value: bool | None) -> str:  # noqa: FBT001  # as above
    return "on" if value else "off"


def _lifecycle(wanted: Lifecycle) -> str:
    untagged = f", untagged for {wanted.untagged_days} days" if wanted.untagged_days else ""
    return f"the newest {wanted.keep} and {', '.join(wanted.release_tags)}{untagged}"
