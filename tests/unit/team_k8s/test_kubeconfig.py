"""Kubeconfig files as `kubectl` and cloud tools write them: what is found in them."""

from __future__ import annotations

import base64
import json
import os
import ssl
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from team_k8s import kubeconfig
from waypaas_sdk.errors import MissingError

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "hunter2"


def config(user: dict[str, Any] | None = None, **cluster: Any) -> dict[str, Any]:
    """Make a kubeconfig with the one context dev."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "dev",
        "contexts": [{"name": "dev", "context": {"cluster": "c", "user": "u", "namespace": "payments-dev"}}],
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:8001", **cluster}}],
        "users": [{"name": "u", "user": {"token": TOKEN} if user is None else user}],
    }


def written(path: Path, content: dict[str, Any]) -> str:
    """Write a kubeconfig and give its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return str(path)


def load(path: Path, content: dict[str, Any], **wanted: str) -> kubeconfig.Access:
    """Load a kubeconfig with a content."""
    return kubeconfig.load(written(path / "config", content), environ={}, **wanted)


def test_the_current_context(tmp_path: Path) -> None:
    """Without a wish, the current context says server, namespace and user."""
    access = load(tmp_path, config())
    assert (access.server, access.namespace, access.context) == ("http://127.0.0.1:8001", "payments-dev", "dev")
    assert access.headers == {"Authorization": f"Bearer {TOKEN}"}
    assert access.tls is None
    assert not access.in_cluster


def test_json_is_yaml(tmp_path: Path) -> None:
    """A kubeconfig in JSON, as some tools write it, is read the same."""
    path = tmp_path / "config"
    path.write_text(json.dumps(config()), encoding="utf-8")
    assert kubeconfig.load(str(path), environ={}) == load(tmp_path, config())


@pytest.mark.parametrize(
    ("wanted", "in_context", "namespace"),
    [("mine", "payments-dev", "mine"), ("", "payments-dev", "payments-dev"), ("", "", "default")],
)
def test_namespaces(tmp_path: Path, wanted: str, in_context: str, namespace: str) -> None:
    """A wanted namespace goes before the context's, and that before default."""
    content = config()
    content["contexts"][0]["context"]["namespace"] = in_context
    assert load(tmp_path, content, namespace=wanted).namespace == namespace


def test_a_wanted_context(tmp_path: Path) -> None:
    """A context that is asked for goes before the current one."""
    content = config()
    content["contexts"].append({"name": "other", "context": {"cluster": "c"}})
    access = load(tmp_path, content, context="other")
    assert (access.context, access.namespace, access.headers) == ("other", "default", {})


def test_servers_have_no_slash_at_the_end(tmp_path: Path) -> None:
    """A path can be appended to the server as it is."""
    assert load(tmp_path, config(server="http://127.0.0.1:8001/k8s/")).server == "http://127.0.0.1:8001/k8s"


def test_basic_authentication(tmp_path: Path) -> None:
    """User and password become the header that the API server expects."""
    access = load(tmp_path, config({"username": "me", "password": TOKEN}))
    assert access.headers["Authorization"] == "Basic " + base64.b64encode(b"me:hunter2").decode()


def test_token_files_are_beside_the_kubeconfig(tmp_path: Path) -> None:
    """A relative path in a kubeconfig is relative to that file, wherever we are."""
    (tmp_path / "secret").write_text(f"{TOKEN}\n")
    assert load(tmp_path, config({"tokenFile": "secret"})).headers == {"Authorization": f"Bearer {TOKEN}"}


def test_access_shows_no_credentials(tmp_path: Path) -> None:
    """What a log or a debugger prints of an access has no token in it."""
    assert TOKEN not in repr(load(tmp_path, config()))


def test_several_files(tmp_path: Path) -> None:
    """Of several files in KUBECONFIG the first that names a thing holds, and one that is not there is no matter."""
    first, second = config({"token": "first"}), config({"token": "second"})
    first["current-context"] = ""
    second["contexts"].append({"name": "only", "context": {"cluster": "c", "user": "u"}})
    paths = [written(tmp_path / "a", first), str(tmp_path / "absent"), written(tmp_path / "b", second)]
    environ = {"KUBECONFIG": os.pathsep.join(paths)}
    assert kubeconfig.load(environ=environ).headers == {"Authorization": "Bearer first"}
    assert kubeconfig.load(context="only", environ=environ).context == "only"


def test_the_usual_place(tmp_path: Path) -> None:
    """Without KUBECONFIG the user's own file is read."""
    written(tmp_path / ".kube" / "config", config())
    assert kubeconfig.load(environ={"HOME": str(tmp_path)}).context == "dev"


def test_a_given_file_goes_before_a_cluster(tmp_path: Path) -> None:
    """In a pod, a kubeconfig that the standards name is used, not the pod's own account."""
    path = written(tmp_path / "config", config())
    assert not kubeconfig.load(path, environ={"KUBERNETES_SERVICE_HOST": "192.0.2.1"}).in_cluster


@pytest.fixture(name="account")
def fixture_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay out a pod's service account, where the constant of its path says."""
    monkeypatch.setattr(kubeconfig, "SERVICE_ACCOUNT", tmp_path)
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "namespace").write_text("payments-dev\n")
    (tmp_path / "ca.crt").write_text(AUTHORITY)
    return tmp_path


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("host", "port", "server"),
    [
        ("192.0.2.1", {}, "https://192.0.2.1:443"),
        ("2001:db8::1", {"KUBERNETES_SERVICE_PORT": "6443"}, "https://[2001:db8::1]:6443"),
    ],
)
def test_in_a_cluster(host: str, port: dict[str, str], server: str) -> None:
    """In a pod, its service account is used without any file, over IPv6 too."""
    access = kubeconfig.load(environ={"KUBERNETES_SERVICE_HOST": host, **port})
    assert (access.server, access.namespace, access.in_cluster) == (server, "payments-dev", True)
    assert access.headers == {"Authorization": f"Bearer {TOKEN}"}
    assert kubeconfig.load(namespace="mine", environ={"KUBERNETES_SERVICE_HOST": host}).namespace == "mine"


AUTHORITY = """-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUOhL7/vtXWF7B4x5wH/Pqfe49wjYwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjQxNTUyMjFaGA8yMTI2MTAzMTE1NTIy
MVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABKR1
cKkeI0lTQjHZlnLUV/rNbsRhPFTHbwU3x7AJ2Rlj4rsKkWiGr6W+0bKPuG7vOW1j
TxDsqFmjcH28T1qJub+jUzBRMB0GA1UdDgQWBBSStf6tb6/GDCdR8noDM/w+wbEm
wjAfBgNVHSMEGDAWgBSStf6tb6/GDCdR8noDM/w+wbEmwjAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIQCkPLNa7oPxatKBl4y2yMAkMxTIkm52+bDT
x2XIaZP3+AIgGvYrPYBTl1y5ClIX7aofSLMb+Hv9LtmikvmoaP1igi8=
-----END CERTIFICATE-----
"""


def test_a_certificate_authority(tmp_path: Path) -> None:
    """Only the cluster's own authority is believed, and the server has to show its name."""
    encoded = base64.b64encode(AUTHORITY.encode()).decode()
    access = load(
        tmp_path,
        config(
            **{
                "server": "https://127.0.0.1:6443",
                "certificate-authority-data": encoded,
                "tls-server-name": "kubernetes",
            }
        ),
    )
    assert access.tls is not None
    (found,) = access.tls.get_ca_certs()
    assert found["subject"] == ((("commonName", "test"),),)
    assert (access.tls.verify_mode, access.tls.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert access.server_name == "kubernetes"


def test_a_certificate_authority_in_a_file(tmp_path: Path) -> None:
    """The authority's certificate may be in a file beside the kubeconfig."""
    (tmp_path / "ca.crt").write_text(AUTHORITY)
    access = load(tmp_path, config(**{"server": "https://127.0.0.1:6443", "certificate-authority": "ca.crt"}))
    assert access.tls is not None
    assert len(access.tls.get_ca_certs()) == 1


def test_no_verification_only_where_it_is_written(tmp_path: Path) -> None:
    """The server's certificate is unchecked if the kubeconfig says so in these words, and else never."""
    content = config(**{"server": "https://127.0.0.1:6443", "insecure-skip-tls-verify": True})
    access = load(tmp_path, content)
    assert access.tls is not None
    assert access.tls.verify_mode == ssl.CERT_NONE
    checked = load(tmp_path, config(server="https://127.0.0.1:6443"))
    assert checked.tls is not None
    assert checked.tls.verify_mode == ssl.CERT_REQUIRED


def test_no_kubeconfig(tmp_path: Path) -> None:
    """Without any file the error names where it was looked for."""
    with pytest.raises(MissingError, match=r"no kubeconfig in .*/nowhere"):
        kubeconfig.load(str(tmp_path / "nowhere"), environ={})


@pytest.mark.parametrize(("section", "kind"), [("contexts", "context"), ("clusters", "cluster"), ("users", "user")])
def test_what_is_not_there(tmp_path: Path, section: str, kind: str) -> None:
    """A context, cluster or user that is named and not there is told by its name, with those that are."""
    content = config()
    content[section][0]["name"] = "else"
    with pytest.raises(MissingError) as caught:
        load(tmp_path, content)
    assert f"the kubeconfig has no {kind} " in caught.value.what
    assert caught.value.why == "it has: else"
    assert str(tmp_path / "config") in caught.value.where
