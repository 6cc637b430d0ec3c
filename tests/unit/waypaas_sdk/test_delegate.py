"""Wrapping another plugin: where it is, what its options become, what it is given, what is closed after it."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from waypaas_sdk.arguments import DataDir, DeploymentConfig, JobInfo, LabelSet, Source, TaskLaunchInfo
from waypaas_sdk.delegate import configuring, finding, terminal, values
from waypaas_sdk.errors import MissingError, OptionError, StateError
from waypaas_sdk.gen.docker.docker_pb2 import AccessInfo, Image
from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2, streams_pb2
from waypaas_sdk.gen.protostructure.protostructure_pb2 import Struct, Type
from waypaas_sdk.health import Health, StatusReport
from waypaas_sdk.logger import Logger
from waypaas_sdk.terminal import TerminalUI
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from pathlib import Path


Args = arguments_pb2.Args
Event = streams_pb2.TerminalUI.Event
BOOL, INT, FLOAT, TEXT = ({"primitive": {"kind": kind}} for kind in (1, 2, 14, 24))


def struct(**fields: Any) -> Struct:
    """Make a description of options as Go's builtin plugins give it: hcl tags, no json tags."""
    made = Struct()
    for name, (mode, kind) in fields.items():
        go = "".join(part.capitalize() for part in name.split("_"))
        made.fields.add(Name=go, Tag=f'hcl:"{name},{mode}"', type=Type(**kind))
    return made


def listed(kind: dict[str, Any], of: int = 23) -> dict[str, Any]:
    """Describe a list, or with 22 a pointer."""
    return {"container": {"kind": of, "elem": kind}}


DESCRIBED = struct(
    image=("attr", TEXT), no_cache=("optional", BOOL), count=("optional", listed(INT, 22)), share=("optional", FLOAT),
    words=("optional", listed(TEXT)), build_args=("optional", {"container": {"kind": 21, "elem": listed(TEXT, 22)}}),
    auth=("block", listed({"struct": struct(user_name=("optional", TEXT))}, 22)),
)  # fmt: skip


def test_texts_become_what_the_plugin_wants() -> None:
    """Texts, as standards hold them, become truth values, numbers, lists, maps and blocks under Go's names."""
    given = {
        "image": "a", "no_cache": "true", "count": "3", "share": "0.5", "words": '["x", "y"]',
        "build_args": '{"VERSION": "1"}', "auth": '{"user_name": "anna"}',
    }  # fmt: skip
    assert json.loads(configuring.to_json(DESCRIBED, given, "docker", "here")) == {
        "Image": "a", "NoCache": True, "Count": 3, "Share": 0.5, "Words": ["x", "y"], "BuildArgs": {"VERSION": "1"},
        "Auth": {"UserName": "anna"},
    }  # fmt: skip


def test_json_tags_win() -> None:
    """A plugin that names its options in JSON is sent these names."""
    described = Struct()
    described.fields.add(Name="Greeting", Tag='hcl:"greeting,optional" json:"greeting"', type=Type(**TEXT))
    assert json.loads(configuring.to_json(described, {"greeting": "hello"}, "p", "")) == {"greeting": "hello"}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"image": "a", "no_cach": "true"}, "no option no_cach\n  write no_cache\n  at here.no_cach"),
        ({"image": "a", "zzz": "true"}, "use one of auth, build_args"),
        ({}, 'option image of plugin "docker" is missing'),
        ({"image": "a", "no_cache": "yes"}, "is not true or false"),
        ({"image": "a", "count": "many"}, "is not a whole number"),
        ({"image": "a", "count": True}, "is not a whole number"),
        ({"image": "a", "share": "much"}, "is not a number"),
        ({"image": 1}, "is not a text"),
        ({"image": "a", "words": "x, y"}, "is not a list: write it as JSON"),
        ({"image": "a", "words": '{"x": 1}'}, "is not a list"),
        ({"image": "a", "build_args": "[]"}, "is not a map"),
        ({"image": "a", "auth": '{"usr": "anna"}'}, "no option usr"),
    ],
)  # fmt: skip
def test_wrong_options_are_named(options: dict[str, Any], text: str) -> None:
    """What the plugin does not know, lacks, or cannot read is told with its place, and no value is shown."""
    with pytest.raises(OptionError) as caught:
        configuring.to_json(DESCRIBED, options, "docker", "here")
    assert text in str(caught.value)


def test_all_problems_at_once() -> None:
    """Every wrong option is told in one error."""
    with pytest.raises(OptionError, match="3 options are not valid"):
        configuring.to_json(DESCRIBED, {"a": "1", "no_cache": "yes"}, "docker", "here")


def spec(*types: Any, **primitives: int) -> arguments_pb2.FuncSpec:
    """Make a spec of an operation."""
    made = arguments_pb2.FuncSpec()
    for kind in types:
        made.args.add(type=kind.DESCRIPTOR.full_name)
    for name, number in primitives.items():
        made.args.add(name=name, primitive_type=number)
    return made


def test_everything_is_handed_on(tmp_path: Path) -> None:
    """Each value reaches the other plugin as the message that it came in; what is not asked for stays."""
    given = (
        Source("web", tmp_path), JobInfo(local=True, workspace="dev", id="7", project="shop", app="web"),
        DataDir(tmp_path, tmp_path / "d"), DeploymentConfig("1", 2, "h:1", server_tls=True), LabelSet({"a": "b"}),
        TaskLaunchInfo("i", {"A": "b"}, ["e"], []),
        Logger("log"), StatusReport(Health.READY, "well"), Image(image="a"), None,
        anys.pack(AccessInfo(image="packed")),
    )  # fmt: skip
    wanted = spec(
        Args.Source, Args.JobInfo, Args.DataDir.App, Args.DeploymentConfig, Args.LabelSet, Args.TaskLaunchInfo,
        Args.Logger, AccessInfo, hasregistry=1,
    )  # fmt: skip
    request = values.to_proto(wanted, given, {"HasRegistry": True}, lambda _: 0, "other", "Build")
    by_type = {value.type: value.proto_any for value in request.args}
    assert anys.unpack(by_type["hashicorp.waypoint.sdk.Args.Source"], Args.Source).path == str(tmp_path)
    assert anys.unpack(by_type["hashicorp.waypoint.sdk.Args.JobInfo"], Args.JobInfo).project == "shop"
    assert anys.unpack(by_type["hashicorp.waypoint.sdk.Args.LabelSet"], Args.LabelSet).labels == {"a": "b"}
    assert anys.unpack(by_type["docker.AccessInfo"], AccessInfo).image == "packed"
    assert request.args[-1].bool is True
    assert "docker.Image" not in by_type


@pytest.mark.parametrize("wanted", [spec(Image), spec(somename=24)])
def test_what_is_not_given_is_named(wanted: arguments_pb2.FuncSpec) -> None:
    """A plugin that wants what we do not have is not called; the type or name is told."""
    with pytest.raises(StateError, match=r"docker\.Image|somename"):
        values.to_proto(wanted, (), {}, lambda _: 0, "other", "Build")


@pytest.mark.parametrize("local", [True, False])
def test_a_terminal_tells_where_the_job_runs(*, local: bool) -> None:
    """A plugin that is given a terminal and no job learns from the terminal how its texts have to be told."""
    with grpc.insecure_channel("unix:/nonexistent") as channel:
        given = (TerminalUI(channel, local=local),)
        request = values.to_proto(spec(Args.JobInfo), given, {}, lambda _: 0, "other", "Build")
    assert anys.unpack(request.args[0].proto_any, Args.JobInfo).local is local


def test_labels_may_be_left_out() -> None:
    """An app without labels is one with none of them."""
    request = values.to_proto(spec(Args.LabelSet), (), {}, lambda _: 0, "other", "Build")
    assert anys.name(request.args[0].proto_any).endswith("LabelSet")


def test_a_program_beside_the_app_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin's own program wins over Waypoint's builtin, as in Waypoint; a file that cannot run is none."""
    monkeypatch.chdir(tmp_path)
    waypoint = tmp_path / "waypoint"
    environ = {"WAYPOINT_BUILTIN_PLUGIN_EXE": str(waypoint), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    assert finding.command("docker", str(tmp_path / "app"), environ) == [str(waypoint), "plugin", "docker"]
    program = tmp_path / "app" / ".waypoint" / "plugins" / "waypoint-plugin-docker"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    assert finding.command("docker", str(tmp_path / "app"), environ)[1:] == ["plugin", "docker"]
    program.chmod(0o755)
    assert finding.command("docker", str(tmp_path / "app"), environ) == [str(program)]


def test_nothing_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without program and Waypoint, the error lists where it was looked for."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingError) as caught:
        finding.command("docker", str(tmp_path / "app"), {"PATH": str(tmp_path)})
    assert str(tmp_path / "app" / ".waypoint" / "plugins") in str(caught.value)


@pytest.mark.parametrize("name", ["", "../evil", "a/b", "-x", "."])
def test_names_that_are_none(name: str) -> None:
    """A name that could lead elsewhere is refused."""
    with pytest.raises(OptionError, match="no name of a plugin"):
        finding.command(name, ".", {})


def test_nobody_wraps_himself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that names itself would start itself without end."""
    monkeypatch.setattr(sys, "argv", [os.path.join("x", "waypoint-plugin-team-ecr")])
    with pytest.raises(OptionError, match="cannot wrap itself"):
        finding.command("team-ecr", ".", {})


class RecordingTerminal:
    """A terminal of ours that remembers events."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def send(self, event: Any) -> None:
        """Remember."""
        self.events.append(event)

    def input(self, prompt: str, **_: Any) -> str:
        """Refuse to answer."""
        raise StateError(f"cannot ask {prompt!r}")


def relayed(*events: Event) -> tuple[RecordingTerminal, list[Any]]:
    """Let another plugin send events and die; give what we show, and the answers."""
    shown = RecordingTerminal()
    ours: TerminalUI = shown  # type: ignore[assignment]  # as far as the relay uses it
    return shown, list(terminal._Stream(ours).run(iter(events)))


def test_what_a_dead_plugin_left_open_is_closed() -> None:
    """Steps, groups and status lines that were open at its end are closed: the host would wait for them for ever."""
    shown, _ = relayed(
        Event(step_group=Event.StepGroup(id=1)),
        Event(step=Event.Step(step_group=1, id=0, msg="done")),
        Event(step=Event.Step(step_group=1, id=0, close=True)),
        Event(step=Event.Step(step_group=1, id=1, msg="never done")),
        Event(status=Event.Status(msg="almost")),
    )
    last = shown.events[-3:]
    group = shown.events[0].step_group.id
    assert last[0].step == Event.Step(step_group=group, id=1, status="abort", close=True)
    assert last[1].step_group == Event.StepGroup(id=group, close=True)
    assert last[2].status == Event.Status()


def test_groups_of_two_plugins_are_kept_apart() -> None:
    """Groups of one plugin are neither ours nor another one's, although both count from the same number."""
    groups = [relayed(Event(step_group=Event.StepGroup(id=1)))[0].events[0].step_group.id for _ in range(2)]
    assert len({0, 1, *groups}) == 4


def test_a_question_without_answer() -> None:
    """Where nobody answers us, the other plugin gets our error as its answer."""
    _, answers = relayed(Event(input=Event.Input(prompt="well?")))
    assert "cannot ask 'well?'" in answers[0].input.error.message
