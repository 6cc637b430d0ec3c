"""Host names of ECR in all partitions, and the choice of a region."""

from __future__ import annotations

import json
import re
from pathlib import Path

import botocore
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagemover.ecr import hosts
from imagemover.ecr.hosts import Host
from imagemover.errors import ReferenceSyntaxError

ACCOUNT = "111122223333"
KNOWN = {
    f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com": Host(ACCOUNT, "eu-central-1"),
    f"{ACCOUNT}.dkr.ecr-fips.us-east-1.amazonaws.com": Host(ACCOUNT, "us-east-1", is_fips=True),
    f"{ACCOUNT}.dkr-ecr.eu-west-1.on.aws": Host(ACCOUNT, "eu-west-1", is_dual_stack=True),
    f"{ACCOUNT}.dkr-ecr-fips.us-west-2.on.aws": Host(ACCOUNT, "us-west-2", is_fips=True, is_dual_stack=True),
    f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn": Host(ACCOUNT, "cn-north-1"),
    f"{ACCOUNT}.dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn": Host(
        ACCOUNT, "cn-northwest-1", is_dual_stack=True
    ),
    f"{ACCOUNT}.dkr.ecr.us-gov-west-1.amazonaws.com": Host(ACCOUNT, "us-gov-west-1"),
    f"{ACCOUNT}.dkr.ecr-fips.us-gov-east-1.amazonaws.com": Host(ACCOUNT, "us-gov-east-1", is_fips=True),
    f"{ACCOUNT}.dkr.ecr.us-iso-east-1.c2s.ic.gov": Host(ACCOUNT, "us-iso-east-1"),
    f"{ACCOUNT}.dkr.ecr.us-isob-east-1.sc2s.sgov.gov": Host(ACCOUNT, "us-isob-east-1"),
    f"{ACCOUNT}.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk": Host(ACCOUNT, "eu-isoe-west-1"),
    f"{ACCOUNT}.dkr.ecr.us-isof-south-1.csp.hci.ic.gov": Host(ACCOUNT, "us-isof-south-1"),
    f"{ACCOUNT}.dkr.ecr.eusc-de-east-1.amazonaws.eu": Host(ACCOUNT, "eusc-de-east-1"),
}


@pytest.mark.parametrize(("text", "host"), KNOWN.items())
def test_a_host_is_read_and_built(text: str, host: Host) -> None:
    """Each kind of host name in each partition is read, and built from its parts."""
    assert hosts.parse(text) == host
    assert str(host) == text


@pytest.mark.parametrize(
    "text",
    [
        hosts.PUBLIC,
        "registry.example",
        "127.0.0.1:5000",
        f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com.evil.example",
        f"evil.{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com",
        f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com.cn",
        f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com",
        f"{ACCOUNT}.dkr.ecr.nowhere.amazonaws.com",
        f"{ACCOUNT}.dkr-ecr.us-iso-east-1.c2s.ic.gov",
        f"{ACCOUNT}.dkr-ecr.eu-central-1.amazonaws.com",
        f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com:443",
        f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com\n",
        "1234.dkr.ecr.eu-central-1.amazonaws.com",
    ],
)
def test_what_is_no_private_host_is_none(text: str) -> None:
    """Look-alikes, other suffixes than the region's, and other registries are not ECR's: no password goes there."""
    assert hosts.parse(text) is None


@settings(deadline=None)  # the machine may be busy
@given(st.text(alphabet="0123456789.dkrec-fipsamzonwuhvt", max_size=80))
def test_what_is_read_is_what_was_written(text: str) -> None:
    """Whatever text is taken for a host, it is that host's only name."""
    found = hosts.parse(text)
    assert found is None or str(found) == text


def test_partitions_are_those_of_the_aws_library() -> None:
    """Each partition that botocore knows has its name and suffix here, and its regions fall into it."""
    told = json.loads((Path(botocore.__file__).parent / "data/partitions.json").read_text())
    for one in told["partitions"]:
        for region in one["regions"]:
            if re.fullmatch(one["regionRegex"], region):
                found = hosts.partition(region)
                assert (found.name, found.suffix) == (one["id"], one["outputs"]["dnsSuffix"])


@pytest.mark.parametrize(
    ("account", "region", "dual_stack"),
    [("123", "eu-central-1", False), (ACCOUNT, "europe", False), (ACCOUNT, "us-iso-east-1", True)],
)
def test_what_cannot_be_a_host_is_not_built(account: str, region: str, dual_stack: bool) -> None:  # noqa: FBT001
    """A wrong account, a wrong region, and dual stack where there is none are errors."""
    with pytest.raises(ReferenceSyntaxError):
        hosts.build(account, region, dual_stack=dual_stack)


@pytest.mark.parametrize(
    ("wanted", "environ", "profile", "expected"),
    [
        ("eu-west-1", {"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-3"}, "us-east-1", "eu-west-1"),
        ("", {"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-3"}, "us-east-1", "eu-west-2"),
        ("", {"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-3"}, "us-east-1", "eu-west-3"),
        ("", {}, "us-east-1", "us-east-1"),
    ],
)
def test_the_region_has_an_order(wanted: str, environ: dict[str, str], profile: str, expected: str) -> None:
    """The option counts first, then AWS_REGION, AWS_DEFAULT_REGION and the profile."""
    assert hosts.region(wanted, environ, lambda: profile) == expected


def test_no_region_and_a_wrong_one_are_errors() -> None:
    """Neither a missing region nor a mistyped one goes on to a host that does not exist."""
    with pytest.raises(ReferenceSyntaxError, match="not known"):
        hosts.region("", {}, lambda: None)
    with pytest.raises(ReferenceSyntaxError, match="eu_central_1"):
        hosts.region("", {"AWS_REGION": "eu_central_1"}, lambda: None)
