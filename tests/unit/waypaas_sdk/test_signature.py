"""What components may ask for, and how a wrong annotation is refused."""

import functools
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import pytest
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct

from waypaas_sdk import component
from waypaas_sdk.arguments import (
    DataDir,
    DeploymentConfig,
    HasRegistry,
    JobInfo,
    LabelSet,
    Named,
    Source,
    TaskLaunchInfo,
)
from waypaas_sdk.call import Call
from waypaas_sdk.component import Component
from waypaas_sdk.execsession import ExecSession
from waypaas_sdk.gen.docker.docker_pb2 import Image
from waypaas_sdk.health import StatusReport
from waypaas_sdk.logger import Logger
from waypaas_sdk.logviewer import LogViewer
from waypaas_sdk.mapper import mapper
from waypaas_sdk.result import Result
from waypaas_sdk.signature import AVAILABLE, COMMON, REQUIRED
from waypaas_sdk.terminal import TerminalUI

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path as Hidden

SDK = "hashicorp.waypoint.sdk."
KINDS: dict[str, type[Component]] = {
    kind.kind: kind
    for kind in (
        component.Builder,
        component.Registry,
        component.Platform,
        component.ReleaseManager,
        component.ConfigSourcer,
        component.TaskLauncher,
    )
}


def nothing(_self: object) -> None:
    """Do an operation that asks for nothing."""


def something(_self: object) -> Any:
    """Do an operation that asks for nothing and may return anything."""


def define(kind: str, operation: str, method: "Callable[..., Any]") -> type[Component]:
    """Define a component of a kind with one method of interest."""
    required = dict.fromkeys(REQUIRED[kind], something)
    return type("Mine", (KINDS[kind],), {**required, operation: method})


OPERATIONS = [(kind, operation) for kind, operations in AVAILABLE.items() for operation in operations]


def with_annotation(hint: Any) -> "Callable[..., None]":
    """Make a method whose one parameter has an annotation."""

    def method(self: object, given: object) -> None: ...

    method.__annotations__ = {"given": hint}
    return method


@pytest.mark.parametrize(("kind", "operation"), OPERATIONS)
@pytest.mark.parametrize("wanted", sorted(COMMON, key=lambda one: one.__name__))
def test_common_arguments(kind: str, operation: str, wanted: type) -> None:
    """Every operation of every kind may ask for what the host always has."""
    signature = define(kind, operation, with_annotation(wanted)).signatures[operation]
    assert [parameter.type for parameter in signature.parameters] == [wanted]


@pytest.mark.parametrize(
    ("kind", "operation", "hint", "wire_type", "wire_name"),
    [
        ("builder", "build", HasRegistry, "", "HasRegistry"),
        ("builder", "build_odr", Image, "docker.Image", ""),
        ("registry", "push", Image, "docker.Image", ""),
        ("platform", "deploy", DeploymentConfig, f"{SDK}Args.DeploymentConfig", ""),
        ("platform", "generation", DeploymentConfig, f"{SDK}Args.DeploymentConfig", ""),
        ("platform", "destroy", Struct, "google.protobuf.Struct", ""),
        ("platform", "logs", LogViewer, f"{SDK}Args.LogViewer", ""),
        ("platform", "exec", ExecSession, f"{SDK}Args.ExecSessionInfo", ""),
        ("platform", "deploy", Source, f"{SDK}Args.Source", ""),
        ("platform", "deploy", JobInfo, f"{SDK}Args.JobInfo", ""),
        ("platform", "deploy", DataDir, f"{SDK}Args.DataDir.App", ""),
        ("platform", "deploy", LabelSet, f"{SDK}Args.LabelSet", ""),
        ("platform", "deploy", Logger, f"{SDK}Args.Logger", ""),
        ("platform", "deploy", TerminalUI, f"{SDK}Args.TerminalUI", ""),
        ("platform", "deploy", Call, "", ""),
        ("tasklauncher", "start", TaskLaunchInfo, f"{SDK}Args.TaskLaunchInfo", ""),
    ],
)
def test_wire_names(kind: str, operation: str, hint: Any, wire_type: str, wire_name: str) -> None:
    """Each type is asked for by the full name of the message that waypoint-plugin-sdk sends it in."""
    [parameter] = define(kind, operation, with_annotation(hint)).signatures[operation].parameters
    assert (parameter.wire_type, parameter.wire_name) == (wire_type, wire_name)


@pytest.mark.parametrize("kind", REQUIRED)
def test_required_operations(kind: str) -> None:
    """A component without the operation that makes it one is refused by the name of that operation."""
    for missing in REQUIRED[kind]:
        given = {name: something for name in REQUIRED[kind] if name != missing}
        with pytest.raises(TypeError, match=f"Mine is a {kind} and needs a method {missing}"):
            type("Mine", (KINDS[kind],), given)


@pytest.mark.parametrize(
    ("operation", "hint", "telling"),
    [
        ("deploy", int, "Waypoint cannot supply int for parameter given; it can: "),
        ("deploy", Annotated[int, Named("Count")], "cannot supply int"),
        ("deploy", HasRegistry, "cannot supply bool"),
        ("deploy", list[str], "cannot supply list"),
        ("deploy", object, "cannot supply object"),
        ("deploy", Image | None, "Waypoint cannot supply"),
        ("deploy", Any, "cannot supply Any"),
        ("deploy", LogViewer, "cannot supply LogViewer"),
        ("deploy", TaskLaunchInfo, "cannot supply TaskLaunchInfo"),
        ("status", StatusReport, "cannot supply StatusReport"),  # Waypoint ends in a panic where there is none yet
        ("destroy", DeploymentConfig, "cannot supply DeploymentConfig"),
        ("default_releaser", Struct, "cannot supply Struct"),
        ("deploy", Message, "must be annotated with a concrete message class, not Message"),
    ],
)
def test_what_waypoint_cannot_supply(operation: str, hint: Any, telling: str) -> None:
    """An annotation that no host satisfies is refused when the class is defined, with what there is instead."""
    with pytest.raises(TypeError) as caught:
        define("platform", operation, with_annotation(hint))
    assert f"Mine.{operation}: " in str(caught.value)
    assert telling in str(caught.value)
    if "concrete" not in telling:
        assert "JobInfo" in str(caught.value)
        assert "TerminalUI" in str(caught.value)


def test_primitive_without_a_name() -> None:
    """A primitive without Named is refused, and the offer names the alias that has one."""
    with pytest.raises(TypeError, match=r"Mine.build: .*cannot supply bool for parameter given; it can: .*HasRegistry"):
        define("builder", "build", with_annotation(bool))


def test_missing_annotation() -> None:
    """A parameter without annotation is refused by its name."""

    def deploy(self: object, image) -> Any: ...  # type: ignore[no-untyped-def]  # noqa: ANN001  # what is tested

    with pytest.raises(TypeError, match=r"Mine.deploy: parameter image has no annotation"):
        define("platform", "deploy", deploy)


def test_starred_parameters() -> None:
    """*args and **kwargs are refused: nobody could know what to put there."""

    def many(self: object, *images: Image) -> None: ...

    def named(self: object, **images: Image) -> None: ...

    for method in (many, named):
        with pytest.raises(TypeError, match=r"Mine.deploy: \*args and \*\*kwargs cannot be supplied"):
            define("platform", "deploy", method)


def test_name_below_type_checking() -> None:
    """An annotation imported for the type checker only is refused with the way to mend it."""

    def deploy(self: object, path: "Hidden") -> None: ...

    with pytest.raises(TypeError, match=r"'Hidden' is not known .* import it at the top of the module"):
        define("platform", "deploy", deploy)


@pytest.mark.parametrize("odd", [staticmethod(nothing), classmethod(nothing), functools.partial(nothing), print, int])
def test_what_is_no_plain_method(odd: Any) -> None:
    """An operation that is anything but a plain method is refused by its name, not by a stray AttributeError."""
    with pytest.raises(TypeError, match=r"Mine.deploy"):
        define("platform", "deploy", odd)


def test_keyword_only_parameters() -> None:
    """A keyword-only parameter is supplied like any other; names of local variables are not taken for parameters."""

    def deploy(self: object, image: Image, *, job: JobInfo) -> Image:
        local = self, image
        del local, job
        return image

    signature = define("platform", "deploy", deploy).signatures["deploy"]
    assert [(parameter.name, parameter.type) for parameter in signature.parameters] == [
        ("image", Image),
        ("job", JobInfo),
    ]


def test_inherited_operations() -> None:
    """A component inherits operations of its base, and a later class may add to them."""
    base = define("platform", "destroy", nothing)
    derived = type("Derived", (base,), {"status": with_annotation(Struct)})
    assert set(base.signatures) == {"deploy", "destroy"}
    assert set(derived.signatures) == {"deploy", "destroy", "status"}


def test_no_kind() -> None:
    """A class that derives from Component itself is refused with the kinds to choose from."""
    with pytest.raises(TypeError, match=r"must derive from Builder, Registry, Platform"):
        type("Mine", (Component,), {})


@pytest.mark.parametrize(
    ("hint", "shown"),
    [(str, "str"), (None, "None"), (dict[str, str], "dict"), (Image | None, "None"), (object, "object")],
)
def test_what_cannot_be_returned(hint: Any, shown: str) -> None:
    """An operation whose result Waypoint keeps is refused with the class if it is to return anything else."""
    act = with_annotation(Image)
    act.__annotations__["return"] = hint
    with pytest.raises(TypeError, match=f"Mine.deploy must return a protobuf message or a Result, not {shown}"):
        define("platform", "deploy", act)
    assert define("platform", "logs", act).signatures["logs"]


@pytest.mark.parametrize("hint", [Image, Struct, Message, Result, Image | Result, Any, NoReturn])
def test_what_can_be_returned(hint: Any) -> None:
    """A message, a Result, either of them, and what says nothing about the matter are taken."""
    act = with_annotation(Image)
    act.__annotations__["return"] = hint
    assert define("platform", "deploy", act).signatures["deploy"]


@pytest.mark.parametrize(
    ("kind", "name", "meant"),
    [
        ("platform", "destory", "destroy"),
        ("platform", "log", "logs"),
        ("platform", "default_release", "default_releaser"),
        ("builder", "build_ord", "build_odr"),
        ("registry", "validate_authn", "validate_auth"),
        ("platform", "configure", "configured"),
    ],
)
def test_a_misspelt_operation(kind: str, name: str, meant: str) -> None:
    """A public method named almost as an operation is refused with that operation's name and the way out."""
    with pytest.raises(
        TypeError, match=f"Mine.{name}: .*write {meant} if that is meant, or prefix a helper with an un"
    ):
        define(kind, name, nothing)


def test_a_misspelt_required_operation() -> None:
    """A required operation that is misspelt is told by what was written, not as missing only."""
    with pytest.raises(TypeError, match=r"Mine.deplyo: .*write deploy if that is meant"):
        type("Mine", (component.Platform,), {"deplyo": something})


def test_methods_that_are_no_operations() -> None:
    """A helper whose name is like no operation, a private one, and the SDK's own methods stay what they are."""
    helpers = {"manifest": nothing, "_destory": nothing, "configured": nothing, "deploy": something}
    assert set(type("Mine", (component.Platform,), helpers).signatures) == {"deploy"}


def test_mapper() -> None:
    """A mapper knows its messages from the annotations; anything else is refused by the function's name."""

    @mapper
    def good(image: Image) -> Struct:
        return Struct(fields={"image": {"string_value": image.image}})  # type: ignore[dict-item]  # protobuf takes it

    assert (good.source, good.target) == (Image, Struct)
    assert good.convert(Image(image="web"))["image"] == "web"
    for bad in (lambda image: image, with_annotation(Image), with_annotation(str)):
        with pytest.raises(TypeError, match="must take one annotated protobuf message and return another"):
            mapper(bad)
