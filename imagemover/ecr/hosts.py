"""Host names of ECR: which account, region and partition one stands for; and which region is meant.

Pure. Looks nothing up: the environment and the profile are the caller's.

Source: Amazon ECR user guide, Private registries and IPv6; botocore's partitions.json.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imagemover.errors import ReferenceSyntaxError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PUBLIC = "public.ecr.aws"
"""Host of the public gallery; it has no accounts and regions."""

PUBLIC_REGION = "us-east-1"
"""The one region that gives tokens for the public gallery."""


@dataclass(frozen=True, slots=True)
class Partition:
    """A part of AWS that shares nothing with the others.

    Args:
        name: As ARNs have it.
        regions: Regular expression of its regions.
        suffix: Of its hosts.
        dual_stack_suffix: Of its hosts with IPv6; empty if ECR has none there.
    """

    name: str
    regions: str
    suffix: str
    dual_stack_suffix: str = ""


PARTITIONS = (
    Partition("aws-cn", r"cn-\w+-\d+", "amazonaws.com.cn", "on.amazonwebservices.com.cn"),
    Partition("aws-us-gov", r"us-gov-\w+-\d+", "amazonaws.com", "on.aws"),
    Partition("aws-iso", r"us-iso-\w+-\d+", "c2s.ic.gov"),
    Partition("aws-iso-b", r"us-isob-\w+-\d+", "sc2s.sgov.gov"),
    Partition("aws-iso-e", r"eu-isoe-\w+-\d+", "cloud.adc-e.uk"),
    Partition("aws-iso-f", r"us-isof-\w+-\d+", "csp.hci.ic.gov"),
    Partition("aws-eusc", r"eusc-\w+-\w+-\d+", "amazonaws.eu", "on.amazonwebservices.eu"),
    Partition("aws", r"[a-z]{2}-\w+-\d+", "amazonaws.com", "on.aws"),
)
"""The first whose expression fits a region is the region's."""

_ACCOUNT = re.compile(r"\d{12}\Z")
_HOST = re.compile(r"(\d{12})\.dkr([.-])ecr(-fips)?\.([a-z0-9-]+)\.([a-z0-9.-]+)\Z")


@dataclass(frozen=True, slots=True)
class Host:
    """A registry of ECR.

    Args:
        account: Twelve digits; empty: whoever asks.
        region: Such as "eu-central-1".
        is_fips: Whether it is reached by the endpoints of FIPS 140.
        is_dual_stack: Whether it is reached by IPv6, too.
    """

    account: str
    region: str
    is_fips: bool = False
    is_dual_stack: bool = False

    @property
    def partition(self) -> Partition:
        """The part of AWS that it is in."""
        return partition(self.region)

    def __str__(self) -> str:
        """Give its host name."""
        joint = "-" if self.is_dual_stack else "."
        suffix = self.partition.dual_stack_suffix if self.is_dual_stack else self.partition.suffix
        return f"{self.account or 'ACCOUNT'}.dkr{joint}ecr{'-fips' if self.is_fips else ''}.{self.region}.{suffix}"


def partition(region: str) -> Partition:
    """Give the partition of a region.

    Args:
        region: Such as "cn-north-1".

    Returns:
        The partition.

    Raises:
        ReferenceSyntaxError: It is no region.
    """
    for one in PARTITIONS:
        if re.fullmatch(one.regions, region):
            return one
    why = "a region is written as eu-central-1, us-gov-west-1 or cn-north-1"
    raise ReferenceSyntaxError(f"{region!r} is not an AWS region", why, "write a region of AWS", "")


def parse(text: str) -> Host | None:
    """Read a host name.

    Args:
        text: Such as "111111111111.dkr.ecr.eu-central-1.amazonaws.com", in lower case, without a port.

    Returns:
        The registry; None if the host is not a private registry of ECR.
    """
    match = _HOST.match(text)
    if match is None:
        return None
    try:
        found = Host(match[1], match[4], is_fips=bool(match[3]), is_dual_stack=match[2] == "-")
        return found if str(found) == text else None
    except ReferenceSyntaxError:
        return None


def build(account: str, region: str, *, fips: bool = False, dual_stack: bool = False) -> Host:
    """Give the registry of an account in a region.

    Args:
        account: Twelve digits; empty: whoever asks.
        region: Such as "eu-central-1".
        fips: Whether by the endpoints of FIPS 140.
        dual_stack: Whether by IPv6, too.

    Returns:
        The registry.

    Raises:
        ReferenceSyntaxError: The account or the region is none, or ECR has no such host there.
    """
    if account and not _ACCOUNT.match(account):
        why = "an account is twelve digits"
        raise ReferenceSyntaxError(f"{account!r} is not an AWS account", why, "write the account's number", "")
    partition(region)
    found = Host(account, region, fips, dual_stack)
    if dual_stack and not found.partition.dual_stack_suffix:
        why = f"the partition {found.partition.name} has no dual stack hosts"
        raise ReferenceSyntaxError(f"ECR in {region} has no dual stack host", why, "leave dual stack out", "")
    return found


def region(wanted: str, environ: Mapping[str, str], profile: Callable[[], str | None]) -> str:
    """Choose the region.

    Args:
        wanted: What the caller was told; empty: nothing.
        environ: AWS_REGION counts, then AWS_DEFAULT_REGION.
        profile: Gives the region of the user's AWS profile; asked last.

    Returns:
        The region.

    Raises:
        ReferenceSyntaxError: Nobody names one, or what they name is none.
    """
    found = wanted or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or profile() or ""
    if not found:
        why = "neither the options nor AWS_REGION, AWS_DEFAULT_REGION or the AWS profile name one"
        raise ReferenceSyntaxError("the AWS region is not known", why, "set AWS_REGION, such as eu-central-1", "")
    partition(found)
    return found
