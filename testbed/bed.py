"""A bed: start it, find it again, stop it and leave nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import sys
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass, field
from pathlib import Path
from ssl import create_default_context

from testbed import build, controlplane, kwok, node, pki, processes
from testbed.processes import Process
from testbed.shell import TestbedError, run, step, wait_until

DEFAULT = Path(__file__).resolve().parent.parent / ".testbed"
FORWARD = Path(__file__).resolve().parent / "forward.py"
INGRESS = Path(__file__).resolve().parent / "ingress.py"
READY_SECONDS = 120.0

INGRESS_CLASS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "IngressClass",
    "metadata": {"name": "testbed", "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}},
    "spec": {"controller": "waypaas.test/ingress"},
}


@dataclass
class State:
    """What is written down of a bed, in testbed.json.

    Args:
        directory: Of the bed.
        netns: Name of its network namespace.
        api_port: Of the API server, inside and outside.
        registry_port: Of the registry, outside.
        processes: By name.
    """

    directory: str
    netns: str
    api_port: int
    registry_port: int
    processes: dict[str, Process] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The bed's directory."""
        return Path(self.directory)

    @property
    def url(self) -> str:
        """Of the API server."""
        return f"https://127.0.0.1:{self.api_port}"

    @property
    def admin(self) -> Path:
        """Kubeconfig with every right."""
        return self.path / "admin.kubeconfig"

    def save(self) -> None:
        """Write it down."""
        fresh = self.path / ".testbed.json"
        fresh.write_text(json.dumps(asdict(self) | {"kubeconfig": str(self.admin), "url": self.url}, indent=1))
        fresh.rename(self.path / "testbed.json")


def load(directory: Path) -> State | None:
    """Read what is written down of a bed; None if there is none."""
    try:
        data = json.loads((directory / "testbed.json").read_text())
    except FileNotFoundError:
        return None
    found = {name: Process(**entry) for name, entry in data["processes"].items()}
    return State(data["directory"], data["netns"], data["api_port"], data["registry_port"], found)


def free_port() -> int:
    """Find a port of the loopback that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def up(directory: Path = DEFAULT) -> State:
    """Start a bed, or find that it runs.

    Args:
        directory: Of the bed.

    Returns:
        Its state, when every node is ready.

    Raises:
        TestbedError: A part could not be built or did not get ready; the text names its log.
    """
    directory = directory.resolve()
    state = load(directory)
    if state is not None and all(process.alive() for process in state.processes.values()) and api_ready(state):
        sys.stderr.write(f"testbed: up already, in {directory}\n")
        return state
    if state is not None:
        down(directory)
    node.refuse_second(directory)
    build.ensure()
    (directory / "logs").mkdir(parents=True, exist_ok=True)
    netns = f"waypaas-{hashlib.sha256(str(directory).encode()).hexdigest()[:8]}"
    state = State(str(directory), netns, free_port(), free_port())
    try:
        _start(state)
    except TestbedError as error:
        down(directory)
        raise TestbedError(f"{error}\nthe bed was taken down again; its logs are kept in {directory}/logs") from error
    return state


def _start(state: State) -> None:
    directory, netns = state.path, state.netns
    with step("network namespace and certificates"):
        run(["ip", "netns", "add", netns])
        state.save()
        inside = ["ip", "-n", netns]
        run([*inside, "link", "set", "lo", "up"])
        run([*inside, "link", "add", "cni0", "type", "bridge"])
        run([*inside, "addr", "add", f"{node.ADDRESS}/24", "dev", "cni0"])
        run([*inside, "link", "set", "cni0", "up"])
        run([*inside, "route", "add", "default", "dev", "cni0"], check=False)
        run(["nsenter", f"--net=/run/netns/{netns}", "sysctl", "-qw", "net.ipv4.ip_forward=1"])
        run(
            ["nsenter", f"--net=/run/netns/{netns}", "sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1"], check=False
        )
        pki.make(directory / "pki")
        pki.kubeconfig(directory / "pki", state.admin, "admin", "system:masters", state.url)
    with step("API server"):
        rules = [
            f"{state.api_port}=127.0.0.1:{state.api_port}",
            f"{state.registry_port}=127.0.0.1:{node.REGISTRY_PORT}",
        ]
        log = directory / "logs/forward.log"
        _keep(state, forward=processes.start([sys.executable, FORWARD, netns, *rules], log))
        _keep(state, etcd=controlplane.start_etcd(directory, netns), registry=node.start_registry(directory, netns))
        _keep(state, **{"kube-apiserver": controlplane.start_apiserver(directory, netns, state.api_port)})
        wait_until(
            f"the API server at {state.url}, see logs/kube-apiserver.log", lambda: api_ready(state), READY_SECONDS
        )
        _keep(state, **controlplane.start_controllers(directory, netns, state.admin))
    with step("registry and images"):
        node.push_images(directory, netns)
    with step("ingress"):
        for crd in build.gateway_crds():
            kubectl(state, "apply", "--server-side", "-f", str(crd))
        kubectl(state, "apply", "-f", "-", stdin=json.dumps(INGRESS_CLASS))
        command = [sys.executable, INGRESS, state.url, directory / "pki", node.ADDRESS]
        _keep(state, ingress=processes.start(command, directory / "logs/ingress.log", netns=netns))
    with step("nodes"):
        kwok.write_config(directory / "kwok.yaml")
        _keep(state, kwok=_start_kwok(state), containerd=node.start_runtime(directory, netns))
        _keep(state, **node.start(directory, netns, state.admin))
        for name in kwok.NODES:
            kubectl(state, "apply", "-f", "-", stdin=json.dumps(kwok.node(name)))
        names = [*kwok.NODES, node.NAME]
        wait_until(f"nodes {', '.join(names)}, see logs/kubelet.log", lambda: _nodes_ready(state, names), READY_SECONDS)
        wait_until("the default service account", lambda: "default" in _service_accounts(state), READY_SECONDS)


def _keep(state: State, **started: Process) -> None:
    """Write down at once what was started, so that nothing is ever lost."""
    state.processes |= started
    state.save()


def _start_kwok(state: State) -> Process:
    command = [
        build.binary("kwok"),
        f"--kubeconfig={state.admin}",
        f"--config={state.path}/kwok.yaml",
        "--manage-all-nodes=false",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
        "--node-lease-duration-seconds=40",
        "--cidr=10.0.0.1/24",
        "--node-ip=10.0.0.1",
    ]
    return processes.start(command, state.path / "logs/kwok.log", netns=state.netns)


def api_ready(state: State) -> bool:
    """Tell whether the API server says that it is ready, asked from outside of the bed."""
    try:
        context = create_default_context(cafile=str(state.path / "pki/ca.crt"))
        with urllib.request.urlopen(f"{state.url}/readyz", timeout=2, context=context) as answer:  # noqa: S310  # our own URL
            return bool(answer.status == 200)  # noqa: PLR2004
    except (OSError, urllib.error.URLError):
        return False


def _nodes_ready(state: State, names: list[str]) -> bool:
    for name, process in state.processes.items():
        if not process.alive():
            raise TestbedError(
                f"{name} ended while the nodes were waited for\n{_tail(state.path / f'logs/{name}.log')}"
            )
    path = '{range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="Ready")].status} {end}'
    ready = kubectl(state, "get", "nodes", "-o", f"jsonpath={path}").split()
    return all(f"{name}=True" in ready for name in names)


def _tail(log: Path, lines: int = 5) -> str:
    text = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return "\n".join([f"the end of {log}:", *text[-lines:]])


def _service_accounts(state: State) -> str:
    return kubectl(state, "get", "serviceaccounts", "-n", "default", "-o", "name")


def kubectl(state: State, *arguments: str, stdin: str = "") -> str:
    """Run kubectl with every right.

    Args:
        state: Of the bed.
        arguments: Of kubectl.
        stdin: Its input.

    Returns:
        Its output.

    Raises:
        TestbedError: It failed.
    """
    return run([build.binary("kubectl"), f"--kubeconfig={state.admin}", *arguments], stdin=stdin)


def stop_apiserver(state: State) -> None:
    """Stop the API server as a crash would."""
    state.processes["kube-apiserver"].stop(9)


def start_apiserver(state: State) -> None:
    """Start it again, and wait until it is ready.

    The controllers start again with it: by themselves they would look for it
    again after up to a minute, which says nothing about us.
    """
    _keep(state, **{"kube-apiserver": controlplane.start_apiserver(state.path, state.netns, state.api_port)})
    wait_until(f"the API server at {state.url}", lambda: api_ready(state), READY_SECONDS)
    for name in controlplane.CONTROLLERS:
        state.processes[name].stop()
    _keep(state, **controlplane.start_controllers(state.path, state.netns, state.admin))


def down(directory: Path = DEFAULT) -> None:
    """Stop a bed and remove everything of it but its logs.

    Args:
        directory: Of the bed.
    """
    directory = directory.resolve()
    state = load(directory)
    if state is None:
        return
    with step("taking it down"):
        for name in reversed(state.processes):
            state.processes[name].stop()
        node.clean(directory)
        run(["ip", "netns", "delete", state.netns], check=False)
        for entry in directory.iterdir():
            if entry.name != "logs":
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
