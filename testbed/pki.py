"""Certificates and kubeconfigs of a bed, made by openssl."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from testbed.shell import run

if TYPE_CHECKING:
    from pathlib import Path

DAYS = "3650"
SERVER_NAMES = "IP:127.0.0.1,IP:10.96.0.1,IP:10.244.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"


def make(directory: Path) -> None:
    """Make a CA, the API server's certificate, and the key for service accounts.

    Args:
        directory: Gets ca, apiserver (.crt and .key) and sa.key.
    """
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    ca = directory / "ca"
    subject = ["-subj", "/CN=waypaas-testbed"]
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", DAYS, *subject, *_out(ca)])
    run(["openssl", "genrsa", "-out", directory / "sa.key", "2048"])
    certificate(directory, "apiserver", "/CN=kube-apiserver", SERVER_NAMES)
    certificate(directory, "kubelet-client", "/CN=kube-apiserver/O=system:masters")


def _out(path: Path) -> list[str]:
    return ["-keyout", f"{path}.key", "-out", f"{path}.crt"]


def certificate(directory: Path, name: str, subject: str, alternative: str = "") -> None:
    """Make a certificate of the bed's CA.

    Args:
        directory: Has the CA.
        name: Of the files.
        subject: "/CN=user/O=group".
        alternative: subjectAltName, if any.
    """
    path = directory / name
    extension = ["-addext", f"subjectAltName={alternative}"] if alternative else []
    run(
        [
            "openssl",
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            subject,
            *extension,
            "-keyout",
            f"{path}.key",
            "-out",
            f"{path}.csr",
        ]
    )
    authority: list[object] = ["-CA", directory / "ca.crt", "-CAkey", directory / "ca.key", "-CAcreateserial"]
    run(
        [
            "openssl",
            "x509",
            "-req",
            "-days",
            DAYS,
            "-in",
            f"{path}.csr",
            *authority,
            "-copy_extensions",
            "copyall",
            "-out",
            f"{path}.crt",
        ]
    )


def kubeconfig(directory: Path, path: Path, user: str, groups: str, url: str) -> None:
    """Write a kubeconfig with a client certificate.

    Args:
        directory: Has the CA.
        path: Of the kubeconfig.
        user: Name of the user.
        groups: Its group.
        url: Of the API server.
    """
    certificate(directory, user, f"/CN={user}/O={groups}" if groups else f"/CN={user}")

    def data(name: str) -> str:
        return base64.b64encode((directory / name).read_bytes()).decode()

    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "testbed",
        "clusters": [{"name": "testbed", "cluster": {"server": url, "certificate-authority-data": data("ca.crt")}}],
        "users": [
            {
                "name": user,
                "user": {"client-certificate-data": data(f"{user}.crt"), "client-key-data": data(f"{user}.key")},
            }
        ],
        "contexts": [{"name": "testbed", "context": {"cluster": "testbed", "user": user}}],
    }
    path.write_text(json.dumps(config, indent=1))
    path.chmod(0o600)
