"""The hand-written matrix of who may do what, asked of a real TLS server by its real calls."""

from __future__ import annotations

import sys
import textwrap
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from teamconfig.client.errors import ServiceError
from teamconfig.gen.waypaas.v1 import audit_pb2, common_pb2, releases_pb2, rights_pb2, sessions_pb2, standards_pb2
from tests.unit.policy import matrix
from testservers import service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.message import Message

    from teamconfig.client.service import Service
    from tests.cloud.service.conftest import People
    from testservers.oidc import OidcProvider

DIGEST = "sha256:" + "0" * 64
PASSED = frozenset(
    {"no_platform", "grant_needed", "digest_unseen", "approval_missing", "exec_denied", "option_refused", "not_held"}
)
"""Reasons that come after the role was found to permit it."""


@pytest.fixture(scope="module", name="strict")
def _strict(tmp_path_factory: pytest.TempPathFactory, idp: OidcProvider) -> Iterator[service.Running]:
    """Give a service over the standards of the matrix."""
    standards = tmp_path_factory.mktemp("matrix") / "standards"
    for path, content in matrix.FILES.items():
        (standards / path).parent.mkdir(parents=True, exist_ok=True)
        (standards / path).write_text(textwrap.dedent(content))
    directory = tmp_path_factory.mktemp("strict")
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": "wps"}
    settings = {"calls_per_second": "100000"}
    with service.start(directory, [provider], standards=standards, **settings) as running:
        yield running


def request(action: str, kind: str, client: Service) -> tuple[str, Message] | None:
    """Give the call that an action is asked by; None if it is about something that has to be there first."""
    target = common_pb2.Target(project="shop", app="web", workspace=matrix.ENVIRONMENTS[kind])
    if action in {"logs", "build", "deploy", "exec", "destroy"}:
        return "Rights/IssueCredentials", rights_pb2.IssueCredentialsRequest(
            target=target, action=action, platform="kubernetes"
        )  # fmt: skip
    subject = client.session().principal
    calls: dict[str, tuple[str, Message]] = {
        "promote": (
            "Rights/RequestGrant",
            rights_pb2.RequestGrantRequest(target=target, action=action, digest=DIGEST),
        ),
        "record": (
            "Releases/PutRecord",
            releases_pb2.PutRecordRequest(draft=releases_pb2.ReleaseDraft(target=target)),
        ),
        "hold": ("Releases/LiftHold", releases_pb2.LiftHoldRequest(target=target)),
        "waive": ("Releases/Waive", releases_pb2.WaiveRequest(target=target)),
        "read": ("Standards/Resolve", standards_pb2.ResolveRequest(target=target)),
        "whoami": ("Sessions/WhoAmI", sessions_pb2.WhoAmIRequest()),
        "register": (
            "Standards/RegisterProject",
            standards_pb2.RegisterProjectRequest(project="shop", team="payments"),
        ),
        "lock": ("Rights/RemoveLock", rights_pb2.RemoveLockRequest(kind="project", subject="shop")),
        "lock-self": ("Rights/RemoveLock", rights_pb2.RemoveLockRequest(kind="user", subject=subject)),
        "audit-read": ("Audit/Read", audit_pb2.ReadAuditRequest(team="payments", page_size=1)),
    }
    return calls.get(action)


ABOUT_NO_ENVIRONMENT = frozenset({"whoami", "register", "lock", "lock-self", "audit-read"})
"""Their calls name no environment: asked once, as in dev."""


@pytest.mark.timeout(600)
def test_the_matrix_holds_over_the_wire(strict: service.Running, people: People) -> None:
    """Each row gets the answer that the hand-written table expects, and no answer of a denied one holds credentials."""
    people.running = strict
    clients: dict[tuple[str, str, str], Service] = {}
    wrong, asked = [], Counter[str]()
    for row in matrix.rows():
        if row.mode != "normal" or row.role == "ci" or row.session not in {"fresh", "stale_groups", "revoked"}:
            continue
        if row.action in ABOUT_NO_ENVIRONMENT and row.kind != "dev":
            continue
        key = (row.role, row.membership, row.session)
        if key not in clients:
            name = "-".join(key).replace("_", "-")
            age = 400.0 if row.session == "stale_groups" else 0.0
            clients[key] = people.sign_in(name, *matrix.groups(row.role, row.membership), age=age)
            if row.session == "revoked":
                clients[key].call("Sessions/Close", sessions_pb2.CloseRequest())
        client = clients[key]
        call = request(row.action, row.kind, client)
        if call is None:
            continue
        session = client.session()
        try:
            reply, reason = client.channel(session).call(*call, session.access_token), ""
        except ServiceError as err:
            reply, reason = None, err.reason
        allowed = reply is not None or reason in PASSED
        # Stale groups are refused before the right is looked at, also where the right would bear them.
        expected = row.allowed and row.session == "fresh"
        asked["allowed" if allowed else reason] += 1
        if allowed != expected:
            wrong.append((row, reason))
        if not expected and reply is not None:
            wrong.append((row, f"an answer: {type(reply).__name__}"))
    sys.stdout.write(f"{sum(asked.values())} rows over TLS: {dict(asked)}\n")
    assert not wrong, wrong[:10]
    assert asked["allowed"] > 100
