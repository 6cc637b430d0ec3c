"""From a component's exception to a gRPC status, by the table in errors.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from waypaas_sdk import errors
from waypaas_sdk.plaintext import clean

if TYPE_CHECKING:
    from types import TracebackType

    from waypaas_sdk.logger import Logger

FAILURES = (Exception, SystemExit)
"""What a component may raise; grpc would leave a call that ends with SystemExit hanging."""

CODES: tuple[tuple[type[errors.PluginError], grpc.StatusCode], ...] = (
    (errors.OptionError, grpc.StatusCode.INVALID_ARGUMENT),
    (errors.PolicyError, grpc.StatusCode.PERMISSION_DENIED),
    (errors.MissingError, grpc.StatusCode.NOT_FOUND),
    (errors.StateError, grpc.StatusCode.FAILED_PRECONDITION),
    (errors.CloudBusyError, grpc.StatusCode.UNAVAILABLE),
    (errors.CancelledError, grpc.StatusCode.CANCELLED),
    (errors.CloudError, grpc.StatusCode.INTERNAL),
    (errors.BugError, grpc.StatusCode.INTERNAL),
)


def status_of(error: BaseException, plugin: str, *, cancelled: bool, logger: Logger) -> tuple[grpc.StatusCode, str]:
    """Say what the host is told about an exception.

    Args:
        error: What the component raised.
        plugin: Name of the binary, for the request to report a bug.
        cancelled: The call was cancelled; whatever then goes wrong counts as that.
        logger: Gets the traceback of what we did not foresee, at debug level.

    Returns:
        Code and text. The text never holds an error of a library: that may hold anything.
    """
    for kind, code in CODES:
        if isinstance(error, kind):
            text = f"{error}\n{_plea(plugin)}" if kind is errors.BugError else str(error)
            return code, clean(text)
    if cancelled:
        return grpc.StatusCode.CANCELLED, "cancelled"
    if isinstance(error, errors.PluginError):
        return grpc.StatusCode.INTERNAL, clean(str(error))
    logger.debug("unforeseen exception", traceback=_traceback(error))
    text = f"an unforeseen {type(error).__name__} in {_place(error.__traceback__)}\n{_plea(plugin)}"
    return grpc.StatusCode.INTERNAL, text


def _plea(plugin: str) -> str:
    return f"This is a bug in {plugin}, please report it"


def _place(trace: TracebackType | None) -> str:
    """Name the innermost place of ours: "team_k8s/plan.py, line 12"."""
    from pathlib import PurePath  # noqa: PLC0415  # for failures only

    place = "unknown place"
    while trace is not None:
        path = PurePath(trace.tb_frame.f_code.co_filename)
        if "site-packages" not in path.parts and path.suffix == ".py":
            place = f"{'/'.join(path.parts[-2:])}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _traceback(error: BaseException) -> str:
    import traceback  # noqa: PLC0415  # for failures only

    return "".join(traceback.format_exception(error))
