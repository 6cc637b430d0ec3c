"""The whole way of a release, on a real cluster: push, build, dev, staging, production refused, approved, rolled back.

Two registries are the regions, the real service over PostgreSQL keeps records and lends the rights at the cluster, and
Waypoint's own command line builds, deploys and releases.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from shop import ENVIRONMENTS, Shop
from storyworld import Company, prepare

from testbed.fixture import ensure
from testservers import oidc, service
from testservers.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testbed.fixture import Bed
    from testservers.registry import Registry

TO_PRODUCTION = ("promote", "--to", "production", "--yes")
GRANT = re.compile(r"`wps approve (\S+)`")


@pytest.fixture(scope="module")
def bed() -> Bed:
    """Give the cluster."""
    return ensure()


@pytest.fixture
def company(bed: Bed, tmp_path: Path, promotion_registries: list[Registry]) -> Iterator[Company]:
    """Give a company: dev in one region, staging and production in another."""
    builds, near, far, _ = promotion_registries
    shop = Shop(tmp_path, builds, [near, far, far])
    prefix = prepare(shop, bed)
    try:
        (tmp_path / "service").mkdir()
        with postgres() as server, oidc.start(tmp_path / "idp") as idp:
            url = server.database()
            provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": oidc.CLIENT}
            with service.start(
                tmp_path / "service", [provider], standards=shop.workshop.standards, database=url,
                calls_per_second="1000", groups_max_age="1h", clusters={"bed": {"kubeconfig": str(bed.kubeconfig)}},
            ) as running:  # fmt: skip
                yield Company(shop, bed, prefix, running, url, idp)
    finally:
        for name in ENVIRONMENTS:
            bed.kubectl("delete", "namespace", f"{prefix}-{name}", "--wait=false", "--ignore-not-found")


@pytest.mark.timeout(600)
@pytest.mark.flaky(reruns=1, only_rerun="HostHungError")
def test_a_release_from_push_to_rollback(company: Company) -> None:
    """One digest goes from a push to production, past every refusal with its reason, and the one before comes back."""
    company.be("dora", "developers")
    fail(company)
    first = to_staging(company, "first")
    refuse(company, first)
    to_production(company, first)
    assert {company.runs(name).partition("@")[2] for name in ENVIRONMENTS} == {first}

    second = to_staging(company, "second")
    company.shop.test(second, "load", environment="staging")
    to_production(company, second)
    assert {company.runs(name).partition("@")[2] for name in ENVIRONMENTS} == {second}
    roll_back(company, first, second)


def fail(company: Company) -> None:
    """Try to bring a change into staging that its test finds wanting: it is deployed, and gets no traffic."""
    shop = company.shop
    company.push("broken")
    shop.wps("promote", "--to", "dev", "--yes")
    told = shop.wps("promote", "--yes", code=1)
    assert "tests failed: smoke" in told
    assert not company.runs("staging")
    company.works()


def to_staging(company: Company, change: str) -> str:
    """Push a change, and bring it by a developer's hand through dev into the other region."""
    shop = company.shop
    near, far = shop.registries["dev"], shop.registries["staging"]
    company.be("dora", "developers")
    digest = company.push(change)
    assert shop.json("promote", "--to", "dev", "--yes")["record"]["digest"] == digest
    assert digest in near.blobs()
    assert digest not in far.blobs()
    moved = shop.json("promote", "--yes")["record"]
    assert (moved["environment"], moved["digest"], moved["kind"]) == ("staging", digest, "promote")
    assert far.blobs()[digest] == near.blobs()[digest]
    assert company.runs("dev").startswith(f"{near.host}/"), company.runs("dev")
    assert company.runs("staging").startswith(f"{far.host}/"), company.runs("staging")
    assert {company.runs(name).partition("@")[2] for name in ("dev", "staging")} == {digest}
    return digest


def refuse(company: Company, digest: str) -> None:
    """Ask for production where it must not be given: each refusal says why, and nothing comes to run there."""
    shop = company.shop
    company.be("lena", "leads")
    told = shop.wps(*TO_PRODUCTION, code=1)
    assert "test smoke does not speak" not in told, "it ran when the image came to staging"
    assert f"test load does not speak for {digest[:19]} in staging\n  it did not run for this image" in told
    shop.test(digest, "load", "failed", "staging")
    assert f"test load does not speak for {digest[:19]} in staging\n  it failed" in shop.wps(*TO_PRODUCTION, code=1)
    shop.test(digest, "load", environment="staging")

    for name, group in (("vera", "viewers"), ("dora", "developers")):
        company.be(name, group)
        told = shop.wps(*TO_PRODUCTION, code=1)
        assert "in production is not allowed" in told, told
        assert "lead of team payments" in told, told

    company.be("lena", "leads")
    staging = shop.json("releases", "--env", "staging")[0]["id"]
    with company.tampered(staging):
        told = shop.wps(*TO_PRODUCTION, code=1)
        assert "signature" in told, told
    shop.wps("verify")

    company.be("dora", "developers")
    shop.wps("reject", digest, "--reason", "leaks tokens", "--project", "shop", code=1)
    company.be("lena", "leads")
    told = shop.wps(*TO_PRODUCTION, code=1)
    assert f"image {digest} must not go anywhere" in told
    assert "leaks tokens" in told
    shop.wps("reject", digest, "--lift", "--project", "shop")
    assert not company.runs("production")
    assert digest == company.runs("staging").partition("@")[2], "what runs elsewhere goes on"


def to_production(company: Company, digest: str) -> None:
    """Let a lead ask for production; they cannot approve it themselves, another lead can."""
    shop = company.shop
    before = company.runs("production")
    approved(company, TO_PRODUCTION)
    assert company.runs("production") != before
    (made, *_) = shop.json("releases", "--env", "production")
    assert (made["digest"], made["kind"], made["made_by_name"]) == (digest, "promote", "lena")
    assert made["grant"]
    assert len(made["approvers"]) == 1
    assert len(made["evidence"]) >= 1
    assert shop.json("verify")["environments"]["production"]["records"] >= 1


def approved(company: Company, command: tuple[str, ...]) -> None:
    """Run what needs an approval: it waits, its own asker is refused, another lead approves, it runs."""
    shop = company.shop
    company.be("lena", "leads")
    before = company.runs("production")
    told = shop.wps(*command, code=1)
    grant = GRANT.search(" ".join(told.split()))
    assert grant is not None, told
    refused = shop.wps("approve", grant[1], "--yes", code=1)
    assert "nobody approves" in refused.lower(), refused
    assert company.runs("production") == before
    company.be("leo", "leads")
    assert "1 of 1 approvals" in shop.wps("approve", grant[1], "--yes")
    company.be("lena", "leads")
    shop.wps(*command)


def roll_back(company: Company, first: str, second: str) -> None:
    """Bring the release before back: production runs it and is held, the others go on, and all records are whole."""
    shop = company.shop
    approved(company, ("rollback", "--env", "production", "--yes"))
    assert company.runs("production").partition("@")[2] == first
    assert {company.runs(name).partition("@")[2] for name in ("dev", "staging")} == {second}
    assert "production is held" in shop.wps(*TO_PRODUCTION, code=1)
    kinds = [record["kind"] for record in shop.json("releases", "--env", "production")]
    assert kinds == ["rollback", "promote", "promote"]
    file = shop.app.parent / "records.json"
    found = shop.json("verify", "--export", str(file))["environments"]
    assert {name: found[name]["records"] for name in ENVIRONMENTS} == {"dev": 3, "staging": 2, "production": 3}
    shop.wps("verify", "--records", str(file))
