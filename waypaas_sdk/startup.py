"""The first thing in a plugin process: keep what it does not need at start from being imported.

`import grpc` brings asyncio and ssl for an API that plugins do not use, and
protobuf brings its pure Python implementation beside the native one: together
more than half of the time from spawn to handshake (docs/design/0001). A
deferred module is in `sys.modules` at once and runs its code when an attribute
of it is first looked at, so nothing that works without us stops working.

It also tells the host why a process failed before its handshake.

This module must be imported before grpc and protobuf, and import nothing dear.
"""

import os
import sys

TYPE_CHECKING = False  # typing, and what importlib.util brings, would be most of the start of a front (standby)
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType, TracebackType
    from typing import Any
else:
    ModuleType = type(sys)

DEFERRED = frozenset(
    {
        "asyncio",
        "google.protobuf.descriptor_database",
        "google.protobuf.internal.python_message",
        "grpc.aio",
        "grpc.experimental",
        "inspect",
        "ssl",
        "traceback",
    }
)


class _DeferringFinder:
    """A finder that gives the usual spec with a loader that waits."""

    def find_spec(
        self, name: str, path: "Sequence[str] | None" = None, target: ModuleType | None = None
    ) -> "ModuleSpec | None":
        if name not in DEFERRED:
            return None
        from importlib.machinery import PathFinder  # noqa: PLC0415  # see TYPE_CHECKING
        from importlib.util import LazyLoader  # noqa: PLC0415

        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


class _TypingExtensions(ModuleType):
    """typing_extensions as far as grpc's server needs it: one decorator that does nothing.

    The real module takes longer to load than all of ours; it comes when
    anything else of it is asked for.
    """

    @staticmethod
    def override(method: "Any") -> "Any":
        return method

    def __getattr__(self, name: str) -> "Any":
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        from importlib import import_module  # noqa: PLC0415

        return getattr(import_module(self.__name__), name)


def defer() -> None:
    """Defer the modules of DEFERRED that are not imported yet; once per process is enough."""
    if any(isinstance(finder, _DeferringFinder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _DeferringFinder())
    sys.modules.setdefault("typing_extensions", _TypingExtensions("typing_extensions"))


def tell_failures() -> None:
    """Let what ends the process before its handshake reach the user, until `shaking_hands`."""
    sys.excepthook = _tell_failure


def shaking_hands() -> None:
    """Leave stdout to the handshake line: from here on an exception goes to stderr only."""
    if sys.excepthook is _tell_failure:
        sys.excepthook = sys.__excepthook__


def tell_host(reason: str) -> None:
    """Write a line where the host waits for the handshake: it shows that to the user, and stderr only in its log.

    Args:
        reason: Why there will be no handshake; made one line, without the character that parts a handshake line.

    Source: hashicorp/go-plugin client.go, Start ("Unrecognized remote plugin message").
    """
    line = "; ".join(part.strip() for part in reason.replace("|", "/").splitlines() if part.strip())
    try:
        os.write(1, f"{os.path.basename(sys.argv[0])}: {line}\n".encode(errors="replace"))
    except OSError:
        return


def _tell_failure(kind: type[BaseException], error: BaseException, trace: "TracebackType | None") -> None:
    sys.__excepthook__(kind, error, trace)  # first: the host kills us once it has read the line
    ours = issubclass(kind, TypeError) and _raised_in(trace).partition(".")[0] == __package__
    tell_host(str(error) if ours else f"{kind.__name__}: {error}")


def _raised_in(trace: "TracebackType | None") -> str:
    """Name the module whose code raised."""
    name = ""
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__", "")
        trace = trace.tb_next
    return name
