"""What a service's process loads: the client of a cloud only where service.yaml has one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from testservers import service

if TYPE_CHECKING:
    from pathlib import Path

CLOUDS = {"boto3", "botocore", "kubernetes"}
ACCOUNT = {"id": "111122223333"}
KUBECONFIG = """\
{"clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
 "users": [{"name": "u", "user": {"token": "no secret"}}],
 "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}], "current-context": "x"}
"""
PROVIDER = {"kind": "oidc", "name": "corp", "issuer": "https://login.example", "client_id": "wps"}


@pytest.mark.parametrize(("settings", "expected"), [
    ({}, set()),
    ({"clusters": {"main": {"kubeconfig": "config"}}}, {"kubernetes"}),
    ({"accounts": {"main": ACCOUNT}}, {"boto3", "botocore"}),
], ids=["plain", "cluster", "account"])  # fmt: skip
def test_a_service_loads_the_clients_of_its_clouds(
    tmp_path: Path, settings: dict[str, Any], expected: set[str]
) -> None:
    """By Python's own report, a service that listens has loaded what its configuration needs, before the first call."""
    (tmp_path / "config").write_text(KUBECONFIG)
    environ = {"PYTHONPROFILEIMPORTTIME": "1"}
    with service.start(tmp_path, [PROVIDER], environ=environ, **settings) as running:
        lines = [line for line in running.log.splitlines() if line.startswith("import time:")]
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
    assert {"grpc", "sqlalchemy", "teamconfig"} <= loaded, "the report is there"
    assert loaded & CLOUDS == expected
