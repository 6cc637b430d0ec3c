"""Every operation of every component, through a real process and socket."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from google.protobuf.wrappers_pb2 import StringValue

from waypaas_sdk.gen.docker.docker_pb2 import AccessInfo, Image
from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2, resources_pb2, services_pb2
from waypaas_sdk.goplugin.dispatch import stub
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from waypaas_sdk.testing.host import PluginHost

Args = arguments_pb2.Args


def deployment(name: str = "web-v1") -> Struct:
    """Make what deploy gave."""
    made = Struct()
    made.update({"name": name})
    return made


def unpacked(reply: Any, kind: type = Struct) -> Any:
    """Decode the result of a reply."""
    return anys.unpack(reply.result, kind)


def test_build(shared: PluginHost) -> None:
    """A builder gets source, labels and the named boolean; its template data and labels arrive."""
    labels = Args.LabelSet(labels={"a": "b"})
    reply = shared.invoke("builder", "Build", Args.Source(app="web", path="/src"), labels, hasregistry=True)

    assert unpacked(reply, Image) == Image(image="built", tag="1")
    data = json.loads(reply.template_data)
    assert data | {"app": "web", "path": "/src", "registry": True, "labels": {"a": "b"}, "image": "built"} == data
    assert dict(reply.labels) == {"common/kind": "test"}
    assert json.loads(reply.result_json) == {"image": "built", "tag": "1"}


def test_behaviour_03_build_on_a_remote_runner(shared: PluginHost) -> None:
    """BuildODR is an operation of its own and gets the registry's access info."""
    reply = shared.invoke("builder", "BuildODR", AccessInfo(image="registry/web"))
    assert unpacked(reply, Image).tag == "odr"


def test_authentication(host: PluginHost) -> None:
    """Signing in works; a refusal carries its text."""
    assert host.invoke("builder", "Auth").authenticated
    assert host.ui.lines == ["signed in"]
    with pytest.raises(grpc.RpcError) as caught:
        host.invoke("builder", "ValidateAuth")
    assert (caught.value.code(), caught.value.details()) == (
        grpc.StatusCode.PERMISSION_DENIED,
        "you are not signed in\n  run `wps init`",
    )


def test_behaviour_03_a_registry_gives_access(shared: PluginHost) -> None:
    """A registry pushes, and gives access before there is an artifact."""
    pushed = shared.invoke("registry", "Push", Image(image="web", tag="1"))
    access = shared.invoke("registry", "Access", Args.JobInfo(app="web"))

    assert unpacked(pushed, Image).image == "registry/web"
    assert json.loads(pushed.template_data)["image"] == "registry/web"
    assert unpacked(access, AccessInfo).encoded == "c2VjcmV0"


def test_deploy(host: PluginHost) -> None:
    """A platform gets all its arguments and options; result, URL and resources arrive."""
    host.configure("platform", {"greeting": "hello"})
    given = [
        Image(image="web"),
        Args.DeploymentConfig(id="01X", sequence=3),
        Args.JobInfo(project="shop", app="web"),
        Args.DataDir.App(cache_dir="/cache", data_dir="/data"),
    ]
    reply = host.invoke("platform", "Deploy", *given)

    wanted = {"name": "web-v1", "said": "hello", "id": "01X", "sequence": 3.0, "project": "shop", "cache": "/cache"}
    assert dict(unpacked(reply)) == wanted
    assert reply.deployment.url == "https://web-v1.test"
    (resource,) = reply.declared_resources.resources
    assert (resource.name, resource.type, resource.platform) == ("web-v1", "Deployment", "test")
    assert json.loads(resource.state_json) == {"uid": "7"}


def test_generation(shared: PluginHost) -> None:
    """A platform's generation is its own bytes."""
    reply = shared.invoke("platform", "Generation", Image(image="web"), Args.DeploymentConfig(id=""))
    assert reply.id == b"web"


def test_status(shared: PluginHost) -> None:
    """A report has its time, and the parts refer to declared resources."""
    report = shared.invoke("platform", "Status", deployment())

    assert report.health == resources_pb2.StatusReport.PARTIAL
    assert report.health_message == "1 of 2"
    assert report.generated_time.seconds > 0
    (part,) = report.resources
    assert part.declared_resource.name == "web-v1"
    assert json.loads(part.state_json) == {"ready": 1}


def test_behaviour_17_status_that_fails_is_unknown(shared: PluginHost) -> None:
    """An exception in status is a report of UNKNOWN with the text, never an error of the RPC."""
    report = shared.invoke("platform", "Status", deployment("gone"))
    assert (report.health, report.health_message) == (resources_pb2.StatusReport.UNKNOWN, "the cloud is away")
    assert report.generated_time.seconds > 0


@pytest.mark.parametrize("kind", ["platform", "releasemanager"])
def test_destroy(host: PluginHost, kind: str) -> None:
    """What is gone is told as destroyed, and nothing is declared, which the CLI would show as left."""
    made = deployment()
    made.update({"of": "web-v1"})
    reply = host.invoke(kind, "Destroy", made)
    host.invoke(kind, "DestroyWorkspace", made)
    host.close()

    assert [gone.name for gone in reply.destroyed_resources.destroyed_resources] == ["web-v1"]
    assert reply.HasField("declared_resources")
    assert not reply.declared_resources.resources
    assert host.printed["stdout"] == b"workspace of web-v1\n"


def test_release(host: PluginHost) -> None:
    """A release manager gets the deployment; URL and resources arrive; its status gets the release."""
    reply = host.invoke("releasemanager", "Release", deployment())
    status = host.invoke("releasemanager", "Status", unpacked(reply))

    assert reply.release.url == "https://web.test"
    assert [made.name for made in reply.declared_resources.resources] == ["web"]
    assert status.health_message == "web-v1 serves"
    assert host.ui.lines == ["released web-v1"]


def test_default_releaser(host: PluginHost) -> None:
    """The platform's releaser is served over the broker and works like any other."""
    reply = host.invoke("platform", "DefaultReleaser", Args.JobInfo(app="hello"))
    channel = host.plugin.broker.dial(reply.stream_id)
    service = services_pb2.DESCRIPTOR.services_by_name["ReleaseManager"]
    request = host.arguments("releasemanager", "Release", deployment())
    released = stub(channel, service, "Release")(request, timeout=10)
    channel.close()

    assert released.release.url == "https://web.test"
    assert host.ui.lines == ["released web-v1"]


def test_logs(host: PluginHost) -> None:
    """Every line arrives in order before the call ends; cancelling ends an endless reader."""
    host.invoke("platform", "Logs", deployment())
    assert host.logs.lines == [f"web-v1 {number}" for number in range(250)]
    assert host.logs.events[0].partition == "p"

    future = host.begin("platform", "Logs", deployment("endless"))
    assert host.logs.wait_for("tick", 10)
    future.cancel()
    with pytest.raises(grpc.FutureCancelledError):
        future.result(10)


def test_exec(host: PluginHost) -> None:
    """What is typed and the window's size reach the command; both outputs and the exit code come back."""
    host.exec.type(b"hello ")
    host.exec.resize(24, 80)
    host.exec.close_input()
    reply = host.invoke("platform", "Exec", deployment())

    assert reply.exit_code == 7
    assert host.exec.stdout == b"true\nhello [24x80]"
    assert host.exec.stderr == b"bye"


def test_exec_that_is_refused(host: PluginHost) -> None:
    """A refusal is also written into the session: Waypoint ends a failed one without a word."""
    with pytest.raises(grpc.RpcError) as caught:
        host.invoke("platform", "Exec", deployment("forbidden"))
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert host.exec.stderr == b"exec is not permitted in production\n"


def test_config_sourcer(shared: PluginHost) -> None:
    """Values come as text, as JSON, or as an error each of its own."""
    text, tree, lost = shared.invoke("configsourcer", "Read").values
    shared.invoke("configsourcer", "Stop")

    assert (text.name, text.value) == ("text", "plain")
    assert json.loads(tree.json) == {"a": [1]}
    assert lost.error.message == "no such value"


def test_task_launcher(host: PluginHost) -> None:
    """A task gets image, command and environment; it can be watched for its exit code, and stopped."""
    info = Args.TaskLaunchInfo(
        oci_url="img", environment_variables={"A": "1"}, entrypoint=["sh"], arguments=["-c", "x"]
    )
    started = host.invoke("tasklauncher", "StartTask", info)
    task = unpacked(started)
    watched = host.invoke("tasklauncher", "WatchTask", task)
    host.invoke("tasklauncher", "StopTask", task)
    host.close()

    assert (task["image"], list(task["words"]), task["A"]) == ("img", ["sh", "-c", "x"], "1")
    assert watched.exit_code == 42
    assert host.ui.lines == ["watched img"]
    assert host.printed["stdout"] == b"stopped img\n"


def test_mapper(shared: PluginHost) -> None:
    """A mapper is listed by full names, converts, and refuses in words."""

    def convert(value: str, result: str = "docker.Image") -> Any:
        request = arguments_pb2.Map.Request(result=result)
        request.args.args.add().proto_any.CopyFrom(anys.pack(StringValue(value=value)))
        return shared.ask("mapper", "Map", request)

    (listed,) = shared.ask("mapper", "ListMappers").funcs
    assert (listed.args[0].type, listed.result[0].type) == ("google.protobuf.StringValue", "docker.Image")
    assert unpacked(convert("web"), Image).image == "web"
    with pytest.raises(grpc.RpcError, match="the name is empty"):
        convert("")
    with pytest.raises(grpc.RpcError, match=r"has no mapper from google\.protobuf\.StringValue to other"):
        convert("web", "other")


def test_terminal(host: PluginHost) -> None:
    """Lines, values, tables, steps, status and questions reach the user's terminal."""
    host.invoke("platform", "Deploy", Image(image="paint"))
    assert "a heading" in host.ui.text
    assert "one: 1" in host.ui.text
    assert "anna  7" in host.ui.text
    assert "almost there" in host.ui.text
    assert host.ui.lines[-1] == "you said fine"
    first, second = host.ui.steps.values()
    assert (first.messages, first.done) == (["first", "first is on its way"], True)
    assert (second.output, second.done) == (b"below the second\n", True)


def test_operations_at_the_same_time(shared: PluginHost) -> None:
    """Calls of one process do not hinder each other."""
    replies: list[Any] = []

    def build() -> None:
        for number in range(10):
            source = Args.Source(app=f"app{number}", path="/")
            reply = shared.invoke("builder", "Build", source, Args.LabelSet(), hasregistry=False)
            replies.append(json.loads(reply.template_data)["app"] == f"app{number}")

    threads = [threading.Thread(target=build) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert replies == [True] * 40
