"""An app with standards and plugins of its own; Waypoint is played by the SDK's own host."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct

from test_stage.gen.test_stage.v1.test_stage_pb2 import Release
from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2
from waypaas_sdk.testing.host import PluginHost
from waypaas_sdk.wire import anys, asked

if TYPE_CHECKING:
    from google.protobuf.message import Message

Args = arguments_pb2.Args
BIN = Path(sys.executable).parent
ORG = "org:\n  name: acme\n  contact: '#platform'\n  environments: [dev, production]\n"
TEAM = "team:\n  owner: '#payments'\n  projects: [shop]\n"
PYLANE = Path(__file__).with_name("pylane.py")
DIGEST = "sha256:" + "ab" * 32


class AnyHost(PluginHost):
    """As PluginHost, and hands a deployment of any type to a release, by its name as Waypoint does."""

    def arguments(self, kind: str, rpc: str, *given: Message, **primitives: Any) -> arguments_pb2.FuncSpec.Args:
        """Collect what an operation asks for; the first that is given is the target."""
        spec = self.ask(kind, asked.spec(rpc))
        by_type = {message.DESCRIPTOR.full_name: message for message in given}
        request = arguments_pb2.FuncSpec.Args()
        for wanted in spec.args:
            value = request.args.add(name=wanted.name, type=wanted.type, primitive_type=wanted.primitive_type)
            if wanted.name == "target":
                value.proto_any.CopyFrom(anys.pack(given[0]))
            elif wanted.primitive_type:
                value.bool = primitives[wanted.name]
            else:
                message = by_type[wanted.type] if wanted.type in by_type else self._made_up(wanted.type)
                value.proto_any.CopyFrom(anys.pack(message))
        return request


class World:
    """An app "web" of the project "shop".

    Args:
        directory: Gets everything.
        golane: The Go plugin's program.
    """

    def __init__(self, directory: Path, golane: Path) -> None:
        self.app = directory / "app"
        self.lane = directory / "lane"
        self.state = directory / "state"
        self.folder = directory / "standards"
        plugins = self.app / ".waypoint" / "plugins"
        plugins.mkdir(parents=True)
        (plugins / "waypoint-plugin-golane").symlink_to(golane)
        program = plugins / "waypoint-plugin-pylane"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {PYLANE} "$@"\n')
        program.chmod(0o755)
        (self.app / ".waypaas.toml").write_text(f'standards = "{self.folder}"\n')
        (self.folder / "teams" / "payments").mkdir(parents=True)
        (self.folder / "teams" / "payments" / "team.yaml").write_text(TEAM)
        self.standards()
        self.environ = os.environ | {
            "HOME": str(directory / "home"), "XDG_STATE_HOME": str(self.state), "XDG_CACHE_HOME": str(directory / "c"),
            "AWS_SECRET_ACCESS_KEY": "hidden-from-tests",
        }  # fmt: skip
        self.environ.pop("WAYPAAS_STANDARDS", None)

    def standards(self, **tests: Any) -> None:
        """Write the company's standards: their section tests."""
        (self.folder / "org.yaml").write_text(ORG + json.dumps({"standards": {"tests": tests}})[1:-1] + "\n")

    def host(self) -> AnyHost:
        """Start the plugin."""
        return AnyHost([str(BIN / "waypoint-plugin-test")], environ=self.environ)

    def given(self) -> tuple[Any, ...]:
        """Give what says whose deployment it is."""
        job = Args.JobInfo(local=True, workspace="default", id="1", project="shop", app="web")
        return Args.Source(app="web", path=str(self.app)), job

    def release(self, *tests: dict[str, Any], then: str = "golane", **options: Any) -> Released:
        """Release version 7, in a process of its own."""
        with self.host() as host:
            self.configure(host, *tests, then=then, **options)
            reply = host.invoke("releasemanager", "Release", deployment("7"), *self.given())
            return Released(reply, host.ui.text)

    def configure(self, host: AnyHost, *tests: dict[str, Any], then: str = "golane", **options: Any) -> None:
        """Configure the release manager."""
        wishes = {"file": str(self.lane)} | options.pop("options", {})
        host.configure("releasemanager", {"then": then, "options": wishes, "test": list(tests), **options})

    def refused(self, *tests: dict[str, Any], **options: Any) -> Refusal:
        """Release what must not be; give what the user reads."""
        with self.host() as host, pytest.raises(grpc.RpcError) as caught:
            self._released(host, *tests, **options)
        return Refusal(caught.value.code().name, str(caught.value.details()), host.ui.text)

    def _released(self, host: AnyHost, *tests: dict[str, Any], **options: Any) -> None:
        self.configure(host, *tests, **options)
        host.invoke("releasemanager", "Release", deployment("7"), *self.given())

    def build(
        self, *tests: dict[str, Any], rpc: str = "Build", then: str = "pylane", given: tuple[Any, ...] = ()
    ) -> Any:
        """Build, in a process of its own; give the reply."""
        with self.host() as host:
            options = {"then": then, "options": {"file": str(self.lane)}, "test": list(tests)}
            host.configure("builder", options)
            labels = Args.LabelSet(labels={"team": "payments"})
            return host.invoke("builder", rpc, labels, *given, *self.given(), hasregistry=False)

    @property
    def notes(self) -> list[str]:
        """What the wrapped plugins have noted."""
        return self.lane.read_text().splitlines() if self.lane.exists() else []

    def reports(self) -> list[dict[str, Any]]:
        """Give the reports that are kept, oldest first."""
        found = sorted(self.state.rglob("report.json"), key=lambda path: path.stat().st_mtime_ns)
        return [json.loads(path.read_text()) for path in found]


def deployment(version: str) -> Struct:
    """Make a deployment as golane does."""
    made = Struct()
    made.update({"version": version})
    return made


class Released:
    """What came of a release.

    Args:
        reply: Of the plugin.
        text: That the user read.
    """

    def __init__(self, reply: Any, text: str) -> None:
        self.reply = reply
        self.message = anys.unpack(reply.result, Release)
        self.template = json.loads(reply.template_data)
        self.text = text


class Refusal:
    """What came of a release that was refused.

    Args:
        code: Of gRPC.
        error: The error's text.
        text: That the user read besides.
    """

    def __init__(self, code: str, error: str, text: str) -> None:
        self.code, self.error, self.text = code, error, text
