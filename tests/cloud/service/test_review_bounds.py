"""What credentials of AWS reach is said by the standards; options that a client sends cannot widen it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from teamconfig.client.stanzas import stanzas_json
from teamconfig.gen.waypaas.v1 import common_pb2, standards_pb2
from teamconfig.stanza import Stanza
from tests.cloud.service import stsserver
from testservers import service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cloud.credentials.faults import Proxy
    from tests.cloud.service.conftest import People
    from testservers.oidc import OidcProvider
    from testservers.service import Running

DIGEST = "sha256:" + "7" * 64
WIDENED = [
    Stanza(
        "ecs",
        {
            "cluster": "foreign", "region": "us-east-1", "log_group": "/foreign",
            "task_role": "arn:aws:iam::111122223333:role/foreign",
            "execution_role": "arn:aws:iam::111122223333:role/foreign",
        },
        "app.web.deploy.use",
    ),
    Stanza("registry", {"repository": "foreign/images", "region": "us-east-1"}, "app.web.build.use"),
]  # fmt: skip
"""Options of a waypoint.hcl that name what is not the team's; no rule of these standards forbids them."""


@pytest.fixture(name="sts", scope="module")
def _sts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Give STS."""
    with stsserver.start(tmp_path_factory.mktemp("sts")) as proxy:
        yield proxy


@pytest.fixture(name="served", scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory, idp: OidcProvider, sts: Proxy) -> Iterator[Running]:
    """Give a service with an account of AWS."""
    home = tmp_path_factory.mktemp("bounds")
    role = "arn:aws:iam::111122223333:role/payments-task"
    standards = stsserver.write_standards(home / "standards", task_role=role, log_group="/payments")
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": "wps"}
    (home / "service").mkdir()
    with service.start(home / "service", [provider], standards=standards, **stsserver.settings(sts.url)) as running:
        yield running


def policy(sts: Proxy) -> str:
    """Give the session policy that STS was asked for last."""
    (found,) = parse_qs(sts.bodies[-1].decode())["Policy"]
    return found


@pytest.mark.parametrize(("action", "platform", "reached"), [
    ("deploy", "aws", "role/payments-task"), ("logs", "aws", "log-group:/payments:*"),
    ("build", "ecr", "eu-west-1:111122223333:repository/shop/web"), ("read", "ecr", "repository/shop/web"),
])  # fmt: skip
def test_options_do_not_choose_what_credentials_reach(
    served: Running, people: People, sts: Proxy, action: str, platform: str, reached: str
) -> None:
    """With options or without, STS is asked for the very same rights, in the region of the standards."""
    people.running = served
    client = people.sign_in("dora", "payments-developers")
    asked = standards_pb2.ExplainRequest(
        target=common_pb2.Target(project="shop", app="web", workspace="dev"), stanzas=stanzas_json(WIDENED)
    )
    shown = json.loads(client.call("Standards/Explain", asked).document)
    assert "foreign" in json.dumps(shown), "the options count for the app, and for the app alone"
    plain = client.credentials("shop", "web", "dev", action, platform)
    expected = policy(sts)
    widened = client.credentials("shop", "web", "dev", action, platform, WIDENED)
    assert policy(sts) == expected
    assert reached in expected
    assert "foreign" not in sts.bodies[-1].decode()
    assert (plain.aws.region, widened.aws.region) == ("eu-west-1", "eu-west-1")


def test_options_of_a_grant_do_not_either(served: Running, people: People, sts: Proxy) -> None:
    """A grant that was asked for with options is redeemed for what the standards reach."""
    people.running = served
    client = people.sign_in("dora", "payments-developers")
    client.credentials("shop", "web", "dev", "deploy", "aws")
    expected = policy(sts)
    grant = client.request_grant("shop", "web", "dev", "deploy", DIGEST, "widened", WIDENED)
    assert client.redeem(grant.token, DIGEST, "aws", WIDENED).aws.region == "eu-west-1"
    assert policy(sts) == expected
