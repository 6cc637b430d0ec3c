"""Sections clusters and accounts of service.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from teamconfig import StandardsError
from teamconfig.credentials import config
from teamconfig.credentials.aws import AwsCredentials
from teamconfig.credentials.kubernetes import KubernetesCredentials
from teamconfig.credentials.places import Account, Cluster

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def test_both_sections_are_read(tmp_path: Path) -> None:
    """Every key lands in its place, paths start from the file, and what is not written has its default."""
    (tmp_path / "ca.pem").write_text(PEM)
    clusters = {
        "main": {
            "environments": ["dev", "staging"], "kubeconfig": "kube/config", "context": "acme",
            "server": "https://api.acme.example:6443", "certificate_authority": "ca.pem",
        },
        "here": None,
    }  # fmt: skip
    accounts = {"prod": {"id": "111122223333", "environments": ["production"], "sts_region": "eu-west-1"}}
    found = config.read(clusters, accounts, tmp_path / "service.yaml")
    main = Cluster(
        "main", ("dev", "staging"), str(tmp_path / "kube/config"), "acme", "https://api.acme.example:6443", PEM
    )
    assert found.clusters == (main, Cluster("here"))
    assert found.accounts == (Account("prod", "111122223333", ("production",), sts_region="eu-west-1"),)
    assert found.cluster("dev") == main
    assert found.cluster("production").name == "here"
    assert found.account("production", "111122223333").name == "prod"


@pytest.mark.parametrize("empty", [None, {}, []])
def test_nothing_is_nothing(empty: Any) -> None:
    """Without the sections there are no clouds, and asking for one says what to add."""
    found = config.read(empty, empty, Path("service.yaml"))
    assert found == config.Clouds()
    with pytest.raises(StandardsError, match="no cluster for environment dev"):
        found.cluster("dev")
    with pytest.raises(StandardsError, match="no AWS account 111122223333 for environment dev"):
        found.account("dev", "111122223333")


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    """Every problem is told in one go, with the key where it is."""
    (tmp_path / "key.pem").write_text(PEM + "-----BEGIN PRIVATE KEY-----\n")
    clusters = {
        "Main": {},
        "a": {"kubeconfg": "x", "server": "http://api.example", "environments": "dev", "context": "x"},
        "b": {"certificate_authority": "key.pem", "server": "https://user:pass@api.example"},
        "c": [],
    }
    accounts = {
        "x": {"role": "deployer"},
        "y": {"id": "12", "role": "{team}-{environment}", "external_id": "{secret}", "partition": "*"},
        "z": {"id": "111122223333", "sts_endpoint": "http://169.254.169.254", "sts_region": ["eu"]},
    }
    with pytest.raises(StandardsError) as caught:
        config.read(clusters, accounts, tmp_path / "service.yaml")
    told = sorted(problem.where.split(", ")[1] for problem in caught.value.problems)
    assert told == [
        "accounts.x", "accounts.x.role", "accounts.y.external_id", "accounts.y.id", "accounts.y.partition",
        "accounts.y.role", "accounts.z.sts_endpoint", "accounts.z.sts_region", "clusters.Main", "clusters.a",
        "clusters.a", "clusters.a.environments", "clusters.a.server", "clusters.b.certificate_authority",
        "clusters.b.server", "clusters.c",
    ]  # fmt: skip
    assert "write kubeconfig" in str(caught.value)


@pytest.mark.parametrize(
    "role", ["{team}-{environment}", "{team}_{environment}", "{team}", "x/{environment}", "a.{team}"]
)
def test_roles_that_two_could_share_are_refused(role: str) -> None:
    """A template that gives two teams or environments one role is refused: team a-b in c, and team a in b-c."""
    with pytest.raises(StandardsError, match="is not allowed"):
        config.read({}, {"x": {"id": "111122223333", "role": role}}, Path("service.yaml"))
    for good in ("{team}.{environment}", "paas/{environment}/{team}-deployer", "x-{team}@{environment}"):
        assert config.read({}, {"x": {"id": "111122223333", "role": good}}, Path("s")).accounts[0].role == good


@pytest.mark.parametrize("wrong", ["text", ["a"], 7])
def test_a_section_is_a_map(wrong: Any) -> None:
    """Something else than a map by name is refused."""
    with pytest.raises(StandardsError, match="clusters is not a map"):
        config.read(wrong, None, Path("service.yaml"))


def test_an_account_follows_team_and_environment() -> None:
    """The role is that of team and environment, by default and by template."""
    assert Account("a", "111122223333").role_arn("payments", "dev") == (
        "arn:aws:iam::111122223333:role/waypaas.payments.dev"
    )
    templated = Account("a", "111122223333", role="paas/{team}/{environment}", partition="aws-cn")
    assert templated.role_arn("payments", "dev") == "arn:aws-cn:iam::111122223333:role/paas/payments/dev"


def test_secrets_show_in_no_repr() -> None:
    """What is printed of credentials has neither token nor key."""
    kubernetes = KubernetesCredentials("https://x", PEM, "canary-1", "payments-dev", 1, "main")
    amazon = AwsCredentials("AKIA", "canary-2", "canary-3", "eu-west-1", 1)
    assert "canary" not in f"{kubernetes!r} {amazon!r}"
