"""What a component's methods ask for, read off their annotations.

Read once, when the class is defined, so that a wrong annotation fails there
and not in the middle of somebody's deploy.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import FunctionType, NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin, get_type_hints

from google.protobuf.message import Message

from waypaas_sdk import arguments
from waypaas_sdk.call import Call
from waypaas_sdk.execsession import ExecSession
from waypaas_sdk.health import StatusReport
from waypaas_sdk.logger import Logger
from waypaas_sdk.logviewer import LogViewer
from waypaas_sdk.result import Result
from waypaas_sdk.terminal import TerminalUI

if TYPE_CHECKING:
    from collections.abc import Mapping

SDK = "hashicorp.waypoint.sdk."

WIRE_TYPES: Mapping[type, str] = {
    arguments.Source: f"{SDK}Args.Source",
    arguments.JobInfo: f"{SDK}Args.JobInfo",
    arguments.DataDir: f"{SDK}Args.DataDir.App",
    arguments.DeploymentConfig: f"{SDK}Args.DeploymentConfig",
    arguments.LabelSet: f"{SDK}Args.LabelSet",
    arguments.TaskLaunchInfo: f"{SDK}Args.TaskLaunchInfo",
    Logger: f"{SDK}Args.Logger",
    TerminalUI: f"{SDK}Args.TerminalUI",
    LogViewer: f"{SDK}Args.LogViewer",
    ExecSession: f"{SDK}Args.ExecSessionInfo",
    StatusReport: f"{SDK}StatusReport",
}
"""Full name of the message that carries each of the author's types."""

COMMON: frozenset[Any] = frozenset(
    {
        arguments.Source,
        arguments.JobInfo,
        arguments.DataDir,
        arguments.LabelSet,
        Logger,
        TerminalUI,
        Call,
    }
)
"""What every operation may ask for."""

AVAILABLE: Mapping[str, Mapping[str, frozenset[Any]]] = {
    "builder": {
        "build": frozenset({Message, bool}),
        "build_odr": frozenset({Message, bool}),
    },
    "registry": {"push": frozenset({Message}), "access": frozenset()},
    "platform": {
        "deploy": frozenset({Message, arguments.DeploymentConfig}),
        "generation": frozenset({Message, arguments.DeploymentConfig}),
        "default_releaser": frozenset(),
        "destroy": frozenset({Message}),
        "destroy_workspace": frozenset({Message}),
        "status": frozenset({Message}),  # no last report: see below
        "logs": frozenset({Message, LogViewer}),
        "exec": frozenset({Message, ExecSession}),
    },
    "releasemanager": {
        "release": frozenset({Message}),
        "destroy": frozenset({Message}),
        "destroy_workspace": frozenset({Message}),
        "status": frozenset({Message}),  # no last report: see below
    },
    "configsourcer": {"read": frozenset({Message}), "stop": frozenset()},
    "tasklauncher": {
        "start": frozenset({arguments.TaskLaunchInfo}),
        "stop": frozenset({Message}),
        "watch": frozenset({Message}),
    },
}
"""By kind and operation, what it may ask for beside COMMON. This table is the truth.

`status` cannot have the last report: the first time there is none, and Waypoint ends in a panic while it encodes that.

Source: Waypoint 0.11.4 internal/core, by operation: what each hands to the plugin's function; for the panic
app_status_report.go, argsStatusReport, and waypoint-plugin-sdk internal/funcspec/any_conv.go, anyConvGen.
"""

AUTHENTICATION = ("authenticate", "validate_auth")
"""Operations that builders, registries, platforms and release managers may have."""

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "builder": ("build",),
    "registry": ("push", "access"),
    "platform": ("deploy",),
    "releasemanager": ("release",),
    "configsourcer": ("read", "stop"),
    "tasklauncher": ("start", "stop", "watch"),
}
"""Operations without which a component of the kind is none."""

JOBLESS = frozenset({"start", "stop", "watch", "read"})
"""Operations outside of an app's job: the host has no JobInfo for them, and none of them runs in the command line."""

MAKERS = frozenset({"build", "build_odr", "push", "access", "deploy", "release", "start"})
"""Operations that return a message, bare or in a Result."""

NEAR = 0.8
"""From which likeness (difflib) on a name is taken for a misspelt operation."""

PRIMITIVES: Mapping[type, int] = {bool: 1, int: 2, str: 24}
"""FuncSpec.Value.PrimitiveType of the primitives that may be asked for."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of an operation.

    Args:
        name: In the author's method.
        type: The author's type; a message class, a key of WIRE_TYPES, a primitive, or Call.
        wire_type: Full name of the message; empty for primitives and Call.
        wire_name: By which the host supplies a primitive; empty otherwise.
    """

    name: str
    type: Any
    wire_type: str = ""
    wire_name: str = ""


@dataclass(frozen=True)
class Signature:
    """What an operation asks for.

    Args:
        operation: "deploy".
        parameters: In the order of the method.
    """

    operation: str
    parameters: tuple[Parameter, ...]


def read(component: type) -> dict[str, Signature]:
    """Read the operations of a component class.

    Args:
        component: Has `kind`, one of AVAILABLE.

    Returns:
        Signatures by name of the operation, for those that it implements.

    Raises:
        TypeError: An operation is missing or misspelt, or an annotation cannot be satisfied.
    """
    kind: str = getattr(component, "kind", "")
    if kind not in AVAILABLE:
        raise TypeError(
            f"{component.__name__} must derive from Builder, Registry, Platform or another kind of component"
        )
    available = dict(AVAILABLE[kind])
    if kind not in {"configsourcer", "tasklauncher"}:
        available |= dict.fromkeys(AUTHENTICATION, frozenset())
    _refuse_misspelt(component, available)
    for name in REQUIRED[kind]:
        if not callable(getattr(component, name, None)):
            raise TypeError(f"{component.__name__} is a {kind} and needs a method {name}")
    return {
        name: _signature(component, name, COMMON | extra)
        for name, extra in available.items()
        if callable(getattr(component, name, None))
    }


def _refuse_misspelt(component: type, available: Mapping[str, Any]) -> None:
    """Refuse a public method that nobody would call: it is named almost as an operation."""
    for name, value in vars(component).items():
        if not isinstance(value, FunctionType) or name.startswith("_") or name in available:
            continue
        if any(name in vars(base) for base in component.__mro__[1:]):
            continue
        from difflib import get_close_matches  # noqa: PLC0415  # for components with public helpers only

        for near in get_close_matches(name, [*available, "configured"], 1, NEAR):
            raise TypeError(
                f"{component.__name__}.{name}: Waypoint knows no such operation; "
                f"write {near} if that is meant, or prefix a helper with an underscore"
            )


def _signature(component: type, operation: str, allowed: frozenset[Any]) -> Signature:
    method = getattr(component, operation)
    where = f"{component.__name__}.{operation}"
    if not isinstance(method, FunctionType) or isinstance(component.__dict__.get(operation), staticmethod):
        raise TypeError(f"{where} must be a plain method: def {operation}(self, ...)")
    code = method.__code__
    if code.co_flags & 0x0C:
        raise TypeError(f"{where}: *args and **kwargs cannot be supplied; name and annotate each parameter")
    try:
        hints = get_type_hints(method, include_extras=True)
    except NameError as err:
        message = (
            f"{where}: the annotation {err.name!r} is not known when the class is defined; "
            "import it at the top of the module, not below TYPE_CHECKING"
        )
        raise TypeError(message) from err
    if operation in MAKERS:
        _check_return(where, hints.get("return", Any))
    names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    parameters = tuple(_parameter(where, name, hints.get(name), allowed) for name in names)
    return Signature(operation, parameters)


def _check_return(where: str, hint: Any) -> None:  # an annotation
    for part in get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,):
        plain = get_origin(part) or part
        if isinstance(plain, type) and plain is not Any and not issubclass(plain, (Message, Result)):
            name = "None" if plain is NoneType else plain.__name__
            raise TypeError(f"{where} must return a protobuf message or a Result, not {name}")


def _parameter(where: str, name: str, hint: Any, allowed: frozenset[Any]) -> Parameter:  # an annotation
    if hint is None:
        raise TypeError(f"{where}: parameter {name} has no annotation; the type decides what it is given")
    marks = [mark for mark in get_args(hint)[1:] if isinstance(mark, arguments.Named)]
    plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if plain in PRIMITIVES:
        if not marks or plain not in allowed:
            raise TypeError(_refusal(where, name, plain, allowed))
        return Parameter(name, plain, wire_name=marks[0].name)
    if isinstance(plain, type) and issubclass(plain, Message) and Message in allowed:
        if plain is Message:
            raise TypeError(f"{where}: parameter {name} must be annotated with a concrete message class, not Message")
        return Parameter(name, plain, wire_type=plain.DESCRIPTOR.full_name)
    if plain not in allowed:
        raise TypeError(_refusal(where, name, plain, allowed))
    return Parameter(name, plain, wire_type=WIRE_TYPES.get(plain, ""))


def _refusal(where: str, name: str, plain: Any, allowed: frozenset[Any]) -> str:  # an annotation
    labels = {Message: "a protobuf message class", bool: "HasRegistry"}
    offers = ", ".join(sorted(labels.get(kind) or kind.__name__ for kind in allowed))
    return f"{where}: Waypoint cannot supply {getattr(plain, '__name__', plain)} for parameter {name}; it can: {offers}"
