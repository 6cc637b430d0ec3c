"""One real node: containerd, kubelet and kube-proxy, so that pods really run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from testbed import build, images, processes
from testbed.shell import TestbedError, run, wait_until

if TYPE_CHECKING:
    from testbed.processes import Process

NAME = "real-0"
ADDRESS = "10.244.0.1"
REGISTRY_PORT = 5000
RUNTIME_SECONDS = 60.0
"""How long containerd may take to listen; the kubelet does not wait for it, but ends."""

CONTAINERD = """version = 2
root = "{dir}/containerd/root"
state = "{dir}/containerd/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "{dir}/containerd/containerd.sock"
[ttrpc]
  address = "{dir}/containerd/containerd.sock.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.test/pause:1"
  restrict_oom_score_adj = true
  stream_server_address = "{address}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{dir}/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{dir}/mirrors"
"""

CNI = {
    "cniVersion": "0.4.0",
    "name": "testbed",
    "plugins": [
        {
            "type": "bridge",
            "bridge": "cni0",
            "isGateway": True,
            "ipMasq": True,
            "hairpinMode": True,
            "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]},
        },
        {"type": "portmap", "capabilities": {"portMappings": True}},
    ],
}


def start_registry(directory: Path, netns: str) -> Process:
    """Start the registry, and fill it with our images.

    Args:
        directory: Of the bed.
        netns: Of the bed.

    Returns:
        The registry's process.
    """
    config = directory / "registry.json"
    config.write_text(
        json.dumps(
            {
                "version": "0.1",
                "log": {"level": "warn"},
                "storage": {"filesystem": {"rootdirectory": str(directory / "registry")}, "delete": {"enabled": True}},
                "http": {"addr": f"127.0.0.1:{REGISTRY_PORT}"},
            }
        )
    )
    return processes.start(["docker-registry", "serve", config], directory / "logs/registry.log", netns=netns)


def push_images(directory: Path, netns: str) -> None:
    """Write our images and push them to the registry.

    Args:
        directory: Of the bed.
        netns: Of the bed.
    """
    for name in images.IMAGES:
        layout = directory / "images" / name.replace(":", "-")
        images.write_layout(layout, name)
        target = f"docker://127.0.0.1:{REGISTRY_PORT}/{name}"
        inside = ["nsenter", f"--net=/run/netns/{netns}"]
        run([*inside, "skopeo", "copy", "-q", "--insecure-policy", "--dest-tls-verify=false", f"oci:{layout}", target])


def start_runtime(directory: Path, netns: str) -> Process:
    """Start containerd.

    Args:
        directory: Of the bed.
        netns: Of the bed.

    Returns:
        Its process; `start` waits until it listens.
    """
    (directory / "cni").mkdir(exist_ok=True)
    (directory / "cni/10-testbed.conflist").write_text(json.dumps(CNI))
    mirror = directory / "mirrors/registry.test"
    mirror.mkdir(parents=True, exist_ok=True)
    (mirror / "hosts.toml").write_text(
        f'server = "http://127.0.0.1:{REGISTRY_PORT}"\n[host."http://127.0.0.1:{REGISTRY_PORT}"]\ncapabilities = ["pull", "resolve"]\n'
    )
    config = directory / "containerd.toml"
    config.write_text(CONTAINERD.format(dir=directory, address=ADDRESS))
    return processes.start(["containerd", "--config", config], directory / "logs/containerd.log", netns=netns)


def start(directory: Path, netns: str, kubeconfig: Path) -> dict[str, Process]:
    """Start the rest of the node.

    Args:
        directory: Of the bed.
        netns: Of the bed.
        kubeconfig: With every right.

    Returns:
        Its processes by name.

    Raises:
        TestbedError: containerd does not listen.
    """
    logs = directory / "logs"
    listening = directory / "containerd/containerd.sock"
    wait_until(f"containerd at {listening}, see {logs}/containerd.log", listening.is_socket, RUNTIME_SECONDS)
    kubelet = directory / "kubelet.json"
    kubelet.write_text(json.dumps(_kubelet(directory)))
    started = {}
    started["kubelet"] = processes.start(
        [
            build.binary("kubelet"),
            f"--config={kubelet}",
            f"--kubeconfig={kubeconfig}",
            f"--root-dir={directory}/kubelet",
            f"--hostname-override={NAME}",
            f"--node-ip={ADDRESS}",
            "--node-labels=waypaas.test/node=real",
        ],
        logs / "kubelet.log",
        netns=netns,
    )
    proxy = directory / "kube-proxy.json"
    proxy.write_text(json.dumps(_proxy(kubeconfig)))
    command = [build.binary("kube-proxy"), f"--config={proxy}"]
    started["kube-proxy"] = processes.start(command, logs / "kube-proxy.log", netns=netns)
    return started


def refuse_second(directory: Path) -> None:
    """Refuse to start beside another bed's node: both would keep the machine's pods in order, and end the other's.

    Args:
        directory: Of the bed.

    Raises:
        TestbedError: Another bed's kubelet runs.
    """
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        roots = [word.removeprefix("--root-dir=") for word in words if word.startswith("--root-dir=")]
        if f"--hostname-override={NAME}" in words and roots and roots != [f"{directory}/kubelet"]:
            other = Path(roots[0]).parent
            raise TestbedError(
                f"another bed runs in {other} (its kubelet is process {entry.name}), and two nodes on one machine remove "
                f"each other's pods\ntake it down first: python3 -m testbed --dir {other} down"
            )


def _kubelet(directory: Path) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": ADDRESS,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": str(directory / "pki/ca.crt")},
        },
        "authorization": {"mode": "AlwaysAllow"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": "/",
        "containerRuntimeEndpoint": f"unix://{directory}/containerd/containerd.sock",
        "enforceNodeAllocatable": [],
        "evictionHard": {"memory.available": "1Mi", "nodefs.available": "0%", "imagefs.available": "0%"},
        "failCgroupV1": False,
        "failSwapOn": False,
        "localStorageCapacityIsolation": False,
        "podLogsDir": str(directory / "podlogs"),
        "resolvConf": "",
        "serializeImagePulls": False,
        "shutdownGracePeriod": "0s",
        "imageGCHighThresholdPercent": 100,
        "syncFrequency": "5s",
    }


def _proxy(kubeconfig: Path) -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(kubeconfig)},
        "hostnameOverride": NAME,
        "clusterCIDR": "10.244.0.0/24",
        "mode": "iptables",
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "iptables": {"minSyncPeriod": "100ms"},
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
    }


def clean(directory: Path) -> None:
    """Remove what a stopped node leaves: containers' processes, mounts, cgroups.

    Args:
        directory: Of the bed; only what belongs to it is touched.
    """
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if "containerd-shim" in command and str(directory) in command:
            for pid in [*processes.descendants(int(entry.name)), int(entry.name)]:
                processes.Process(pid, processes.started(pid)).stop(9)
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in sorted((m for m in mounts if m.startswith(f"{directory}/")), reverse=True):
        run(["umount", "-l", mount], check=False)
    for pods in Path("/sys/fs/cgroup").glob("*/kubepods"):
        for group in sorted((p for p in pods.rglob("*") if p.is_dir()), reverse=True):
            _remove_cgroup(group)
        _remove_cgroup(pods)


def _remove_cgroup(path: Path) -> None:
    try:
        path.rmdir()
    except OSError:
        return  # in use by another bed
