"""A build behind the tests of its source: builders in Go and of our own SDK are wrapped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import grpc
import pytest

from waypaas_sdk.gen.docker.docker_pb2 import AccessInfo, Image
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from gateworld import World

UNIT = {"name": "unit", "kind": "command", "command": ["test", "-e", "main.txt"]}


@pytest.fixture(autouse=True)
def source(world: World) -> None:
    """Let the app have a source whose test passes."""
    (world.app / "main.txt").write_text("hello\n")


def test_a_build_gives_what_the_wrapped_builder_gives(world: World) -> None:
    """Artifact, labels, JSON and template data are those of the other builder, whatever its type is."""
    reply = world.build(UNIT)
    image = anys.unpack(reply.result, Image)
    assert (image.image, image.tag) == ("made/web", "v1")
    assert dict(reply.labels) == {"team": "payments", "by": "pylane"}
    assert json.loads(reply.template_data)["image"] == "made/web"
    assert json.loads(reply.result_json)["image"] == "made/web"
    assert world.notes == ["built"]


def test_a_builder_in_go_is_wrapped(world: World) -> None:
    """Any builder plugin can be wrapped; its artifact may be of a type that nobody here knows."""
    reply = world.build(UNIT, then="golane")
    assert anys.name(reply.result) == "google.protobuf.Struct"
    assert dict(reply.labels) == {"made/by": "golane"}
    assert world.notes == ["built web"]


def test_a_build_on_a_runner_hands_the_access_on(world: World) -> None:
    """On an on-demand runner the other builder pushes by itself, with the access of the registry."""
    access = AccessInfo(image="registry.test/web", tag="v2")
    image = anys.unpack(world.build(UNIT, rpc="BuildODR", given=(access,)).result, Image)
    assert (image.image, image.tag) == ("registry.test/web", "v2")
    assert world.notes == ["built and pushed"]


def test_nothing_is_built_of_a_source_whose_tests_fail(world: World) -> None:
    """A failing test ends the build before the other builder is asked."""
    (world.app / "main.txt").unlink()
    with pytest.raises(grpc.RpcError) as caught:
        world.build(UNIT)
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "1 of 1 tests failed: unit" in str(caught.value.details())
    assert "nothing is built" in str(caught.value.details())
    assert world.notes == []


def test_standards_demand_tests_of_the_source(world: World) -> None:
    """A check of the stage build runs for a file without tests; one of the stage release waits for the release."""
    checks = [
        {"name": "lint", "kind": "command", "command": ["test", "-e", "lint.txt"], "stage": "build"},
        {"name": "smoke", "path": "/healthz"},
    ]
    world.standards(checks=checks, required=["smoke"])
    with pytest.raises(grpc.RpcError) as caught:
        world.build()
    assert "1 of 1 tests failed: lint" in str(caught.value.details())
    (world.app / "lint.txt").touch()
    world.build()
    assert world.notes == ["built"]


@pytest.mark.parametrize(
    ("then", "said"),
    [("", 'write then = "docker"'), ("nobody", "there is no plugin nobody"), ("test", "cannot wrap itself")],
)
def test_a_builder_must_be_named(world: World, then: str, said: str) -> None:
    """Nothing is guessed about who builds."""
    with pytest.raises(grpc.RpcError, match=said):
        world.build(UNIT, then=then)
