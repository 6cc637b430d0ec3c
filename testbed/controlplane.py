"""etcd, API server, controllers and scheduler."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from testbed import build, processes

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.processes import Process

SERVICE_NETWORK = "10.96.0.0/16"

CONTROLLERS = ("kube-controller-manager", "kube-scheduler")
"""What acts on what the API server stores."""

AUDITED = "waypaas:audited"
"""Group of users whose requests are written down, so that a test can tell which rights they used."""

AUDIT = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata", "userGroups": [AUDITED]}, {"level": "None"}],
}


def start_etcd(directory: Path, netns: str) -> Process:
    """Start etcd, on its usual ports of the bed's own loopback."""
    command = ["etcd", "--data-dir", directory / "etcd", "--unsafe-no-fsync"]
    return processes.start(command, directory / "logs/etcd.log", netns=netns)


def start_apiserver(directory: Path, netns: str, port: int) -> Process:
    """Start the API server.

    Args:
        directory: Of the bed.
        netns: Of the bed.
        port: Inside the bed; the same is forwarded outside.
    """
    pki = directory / "pki"
    (directory / "audit.json").write_text(json.dumps(AUDIT))
    return processes.start(
        [
            build.binary("kube-apiserver"),
            "--etcd-servers=http://127.0.0.1:2379",
            # Debian's etcd 3.4 cannot stream a first list, and clients that ask for it would never get their watch.
            "--feature-gates=WatchList=false",
            "--bind-address=0.0.0.0",
            "--advertise-address=10.244.0.1",
            f"--secure-port={port}",
            f"--service-cluster-ip-range={SERVICE_NETWORK}",
            f"--tls-cert-file={pki}/apiserver.crt",
            f"--tls-private-key-file={pki}/apiserver.key",
            f"--client-ca-file={pki}/ca.crt",
            f"--kubelet-client-certificate={pki}/kubelet-client.crt",
            f"--kubelet-client-key={pki}/kubelet-client.key",
            "--kubelet-preferred-address-types=InternalIP,Hostname",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={pki}/sa.key",
            f"--service-account-signing-key-file={pki}/sa.key",
            "--authorization-mode=RBAC",
            "--enable-admission-plugins=PodNodeSelector",
            "--allow-privileged=true",
            "--shutdown-delay-duration=0s",
            f"--audit-policy-file={directory}/audit.json",
            f"--audit-log-path={directory}/audit.log",
        ],
        directory / "logs/kube-apiserver.log",
        netns=netns,
    )


def start_controllers(directory: Path, netns: str, kubeconfig: Path) -> dict[str, Process]:
    """Start controller-manager and scheduler.

    Args:
        directory: Of the bed.
        netns: Of the bed.
        kubeconfig: With every right.
    """
    pki, logs = directory / "pki", directory / "logs"
    manager = [
        build.binary("kube-controller-manager"),
        f"--kubeconfig={kubeconfig}",
        f"--service-account-private-key-file={pki}/sa.key",
        f"--root-ca-file={pki}/ca.crt",
        "--use-service-account-credentials=true",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
    ]
    scheduler = [
        build.binary("kube-scheduler"),
        f"--kubeconfig={kubeconfig}",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
    ]
    return {
        "kube-controller-manager": processes.start(manager, logs / "kube-controller-manager.log", netns=netns),
        "kube-scheduler": processes.start(scheduler, logs / "kube-scheduler.log", netns=netns),
    }
