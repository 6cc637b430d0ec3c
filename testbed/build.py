"""Build and install what the bed consists of; cached by version outside of the checkout."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from testbed.shell import TestbedError, run, step

KUBERNETES = "1.37.2"
KWOK = "0.8.0"
HERE = Path(__file__).resolve().parent
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
        with step(f"building Kubernetes {KUBERNETES} (10 to 15 minutes, once)"):
            flags = f"-s -w -X k8s.io/component-base/version.gitVersion=v{KUBERNETES}"
            _go_build("kube", "kube", ".", flags)
    for name in PROGRAMS:
        if not binary(name).exists():
            binary(name).symlink_to("kube")
    if not binary("kwok").exists():
        with step(f"building kwok {KWOK}"):
            _go_build("kwok", "kwok", "sigs.k8s.io/kwok/cmd/kwok", "-s -w")


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


def _go_build(module: str, name: str, package: str, ldflags: str) -> None:
    go = shutil.which("go")
    if go is None:
        raise TestbedError("Go 1.26 or newer is needed to build Kubernetes; run `make setup`, which installs it")
    BINARIES.mkdir(parents=True, exist_ok=True)
    fresh = BINARIES / f".{name}.{os.getpid()}"
    run([go, "build", "-ldflags", ldflags, "-o", fresh, package], cwd=HERE / "gomod" / module)
    fresh.rename(BINARIES / name)
