"""Build and install what the bed consists of; cached by version outside of the checkout."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from testbed import gobuild
from testbed.shell import TestbedError, run, step

KUBERNETES = "1.37.2"
KWOK = "0.8.0"
GATEWAY_API = "1.4.0"
MODULES = Path(__file__).resolve().parent / "gomod"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "waypaas" / "testbed"
BINARIES = CACHE / f"kubernetes-{KUBERNETES}-kwok-{KWOK}"

PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet", "kubectl")
"""Names of the one binary."""

PACKAGES = {
    "/usr/bin/etcd": "etcd-server",
    "/usr/bin/containerd": "containerd",
    "/usr/sbin/runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "/usr/sbin/iptables": "iptables",
    "/usr/sbin/conntrack": "conntrack",
    "/bin/busybox": "busybox-static",
    "/usr/sbin/ip": "iproute2",
    "/usr/bin/docker-registry": "docker-registry",
    "/usr/bin/skopeo": "skopeo",
    "/usr/bin/openssl": "openssl",
    "/usr/bin/curl": "curl",
}
"""Debian package by the file that it is for."""


def binary(name: str) -> Path:
    """Give the path of one of PROGRAMS, or of kwok."""
    return BINARIES / name


def ensure() -> None:
    """Install and build what is missing.

    Raises:
        TestbedError: A package or a build failed.
    """
    _packages()
    if not binary("kube").exists():
        flags = f"-s -w -X k8s.io/component-base/version.gitVersion=v{KUBERNETES}"
        title = f"Kubernetes {KUBERNETES} (10 to 15 minutes, once)"
        gobuild.build(title, ".", binary("kube"), cwd=MODULES / "kube", ldflags=flags)
    for name in PROGRAMS:
        if not binary(name).exists():
            binary(name).symlink_to("kube")
    if not binary("kwok").exists():
        gobuild.build(f"kwok {KWOK}", "sigs.k8s.io/kwok/cmd/kwok", binary("kwok"), cwd=MODULES / "kwok")


def gateway_crds() -> list[Path]:
    """Give the custom resource definitions of the Gateway API that the bed has; fetch them if they are not there.

    Raises:
        TestbedError: They could not be fetched.
    """
    kept = CACHE / f"gateway-api-{GATEWAY_API}"
    if not kept.exists():
        with tempfile.TemporaryDirectory() as scratch:
            module = f"sigs.k8s.io/gateway-api@v{GATEWAY_API}"
            fetched = json.loads(gobuild.go("mod", "download", "-json", module, cwd=Path(scratch)))
            fresh = kept.with_name(f".{kept.name}.{os.getpid()}")
            shutil.copytree(Path(fetched["Dir"]) / "config" / "crd" / "standard", fresh)
            fresh.rename(kept)
    return [kept / f"gateway.networking.k8s.io_{plural}.yaml" for plural in ("gateways", "httproutes")]


def _packages() -> None:
    missing = sorted({package for path, package in PACKAGES.items() if not Path(path).exists()})
    if not missing:
        return
    if os.geteuid() != 0:
        raise TestbedError(f"Debian packages are missing: {' '.join(missing)}; install them, or run this as root")
    with step(f"installing {' '.join(missing)}"):
        # The packages' services are not ours to start: the policy says no for the length of the installation.
        policy = Path("/usr/sbin/policy-rc.d")
        mine = not policy.exists()
        if mine:
            policy.write_text("#!/bin/sh\nexit 101\n")
            policy.chmod(0o755)
        try:
            run(["apt-get", "update", "-qq"])
            run(
                [
                    "env",
                    "DEBIAN_FRONTEND=noninteractive",
                    "apt-get",
                    "install",
                    "-y",
                    "--no-install-recommends",
                    *missing,
                ]
            )
        finally:
            if mine:
                policy.unlink()
