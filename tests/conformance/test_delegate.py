"""A component that wraps another plugin: what goes in, what comes back, and how it ends."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct

from waypaas_sdk.gen.docker.docker_pb2 import Image
from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2
from waypaas_sdk.testing.host import PluginHost
from waypaas_sdk.testing.streams import RecordingUI
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
Args = arguments_pb2.Args


def waited(condition: Callable[[], object], seconds: float = 15.0) -> bool:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def running(mark: Path) -> bool:
    """Tell whether a process runs whose command line names a path."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
            state = entry.with_name("stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z" and str(mark).encode() in words:
            return True
    return False


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Give the program of a plugin "everything", found in the app's directory."""
    program = tmp_path / "waypoint-plugin-everything"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {HERE / "everything.py"} "$0"\n')
    program.chmod(0o755)
    return program


@pytest.fixture
def host(other: Path) -> Iterator[PluginHost]:
    """Give a host of the wrapper, whose user answers "fine"."""
    assert other.exists()
    ui = RecordingUI(interactive=True, answers=("fine",))
    with PluginHost([sys.executable, str(HERE / "wrapper.py")], ui=ui) as started:
        yield started


def source(other: Path) -> Args.Source:
    """Give the app's source."""
    return Args.Source(app="web", path=str(other.parent))


def deploy(host: PluginHost, other: Path, image: str, tag: str = "", **options: str) -> Struct:
    """Deploy what tells the other plugin what to do."""
    host.configure("platform", {"plugin": "everything", "options": options})
    reply = host.invoke("platform", "Deploy", Image(image=image, tag=tag), source(other))
    return anys.unpack(reply.result, Struct)


def test_arguments_arrive(host: PluginHost, other: Path) -> None:
    """Image, deployment, job, directories and options reach the other plugin as they reached ours."""
    made = deploy(host, other, "web", greeting="hello")
    assert dict(made) == {
        "name": "web-v1", "said": "hello", "id": "01H0000000000000000000000", "sequence": 1, "project": "shop",
        "cache": "/nonexistent",
    }  # fmt: skip


def test_builder_is_wrapped(host: PluginHost, other: Path) -> None:
    """A builder's image and labels come back, and HasRegistry and the labels of the app went in."""
    host.configure("builder", {"plugin": "everything"})
    labels = Args.LabelSet(labels={"team": "payments"})
    reply = host.invoke("builder", "Build", source(other), labels, HasRegistry=True)
    assert anys.unpack(reply.result, Image) == Image(image="built", tag="1")
    assert dict(reply.labels) == {"common/kind": "test"}
    assert host.ui.lines == ["wrapped"]


def test_values_of_our_own_are_supplied(host: PluginHost, other: Path) -> None:
    """A docker.AccessInfo that no host gave reaches the other plugin."""
    host.configure("builder", {"plugin": "everything"})
    reply = host.invoke("builder", "BuildODR", source(other))
    assert anys.unpack(reply.result, Image) == Image(image="made/up", tag="odr")


def test_release_manager_is_wrapped(host: PluginHost, other: Path) -> None:
    """A release manager gets the deployment, and its URL and result come back."""
    host.configure("releasemanager", {"plugin": "everything"})
    deployment = Struct()
    deployment.update({"name": "web-v1"})
    reply = host.invoke("releasemanager", "Release", deployment, source(other))
    assert reply.release.url == "https://web.test"
    assert anys.unpack(reply.result, Struct)["of"] == "web-v1"
    assert host.ui.lines == ["released web-v1"]


def test_terminal_is_shared(host: PluginHost, other: Path) -> None:
    """What the other plugin shows comes after what we showed before, its steps end, and its question is answered."""
    deploy(host, other, "paint")
    lines = host.ui.lines
    assert lines[:2] == ["before", "a heading"]
    assert lines[-1] == "you said fine"
    steps = {step.message: step for step in host.ui.steps.values()}
    assert set(steps) == {"first is on its way", "second"}
    assert all(step.done for step in steps.values())
    assert steps["second"].output == b"below the second\n"


def test_what_it_prints_and_logs_reaches_the_host(host: PluginHost, other: Path) -> None:
    """Output of the other plugin and of its children is ours, and so is its log, secrets hidden."""
    deploy(host, other, "print", "here")
    assert waited(lambda: b"child here" in host.printed["stdout"] and b"err here" in host.printed["stderr"])
    assert b"out here" in host.printed["stdout"]
    assert waited(lambda: any('"deploying"' in line for line in host.plugin.log))
    assert not any("hunter2" in line for line in host.plugin.log)


@pytest.mark.parametrize(
    ("kind", "code"),
    [("OptionError", "INVALID_ARGUMENT"), ("PolicyError", "PERMISSION_DENIED"), ("MissingError", "NOT_FOUND"),
     ("StateError", "FAILED_PRECONDITION"), ("CloudBusyError", "UNAVAILABLE"), ("CloudError", "INTERNAL")],
)  # fmt: skip
def test_errors_keep_their_kind_and_text(host: PluginHost, other: Path, kind: str, code: str) -> None:
    """An error of the other plugin is ours, of the same kind, with its whole text and its name."""
    with pytest.raises(grpc.RpcError) as caught:
        deploy(host, other, "fail", kind)
    assert caught.value.code().name == code
    assert caught.value.details() == 'plugin "everything": what\n  why\n  fix\n  at where'


@pytest.mark.parametrize(
    ("options", "text"),
    [({"greting": "hello"}, "write greeting\n  at deploy.use.options.greting"), ({"greeting": "goodbye"}, "not fit")],
)
def test_wrong_options_are_told(host: PluginHost, other: Path, options: dict[str, str], text: str) -> None:
    """An option that the other plugin does not have, or refuses, is told with its place."""
    with pytest.raises(grpc.RpcError) as caught:
        deploy(host, other, "web", **options)
    assert caught.value.code().name == "INVALID_ARGUMENT"
    assert text in caught.value.details()


def test_a_missing_plugin_is_told(host: PluginHost, other: Path) -> None:
    """A plugin that is nowhere is an error that names where it was looked for."""
    host.configure("platform", {"plugin": "absent-thing"})
    with pytest.raises(grpc.RpcError) as caught:
        host.invoke("platform", "Deploy", Image(), source(other))
    text = caught.value.details()
    assert "absent-thing" in text
    assert str(other.parent) in text or "No such plugin" in text


def test_cancelling_undoes(host: PluginHost, other: Path, tmp_path: Path) -> None:
    """Cancelling our call cancels the other plugin's: it undoes what it made, and is gone."""
    made = tmp_path / "made"
    host.configure("platform", {"plugin": "everything"})
    future = host.begin("platform", "Deploy", Image(image="wait", tag=str(made)), source(other))
    assert waited(made.exists)
    future.cancel()
    assert waited(lambda: not made.exists())
    assert waited(lambda: not running(other))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_never_outlives_us(host: PluginHost, other: Path, tmp_path: Path, how: signal.Signals) -> None:
    """However our process ends, the other one's ends too, and undoes what it made."""
    made = tmp_path / "made"
    host.configure("platform", {"plugin": "everything"})
    future = host.begin("platform", "Deploy", Image(image="wait", tag=str(made)), source(other))
    assert waited(made.exists)
    assert running(other)
    host.plugin._process.send_signal(how)
    assert waited(lambda: not running(other))
    assert waited(lambda: not made.exists())
    future.cancel()


def test_its_death_is_told(host: PluginHost, other: Path, tmp_path: Path) -> None:
    """A plugin that dies in the middle is an error that says so, and no step of it stays open."""
    made = tmp_path / "made"
    host.configure("platform", {"plugin": "everything"})
    future = host.begin("platform", "Deploy", Image(image="wait", tag=str(made)), source(other))
    assert waited(made.exists)
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        if str(other).encode() in entry.read_bytes().split(b"\0"):
            os.kill(int(entry.parent.name), signal.SIGKILL)
    with pytest.raises(grpc.RpcError) as caught:
        future.result(30)
    assert caught.value.code().name == "FAILED_PRECONDITION"
    assert 'plugin "everything" died in the middle of its work (signal 9)' in caught.value.details()
