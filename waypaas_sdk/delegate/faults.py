"""From another plugin's gRPC status to our errors, with its text: the way back of `wire.faults`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from waypaas_sdk import errors
from waypaas_sdk.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: Mapping[grpc.StatusCode, type[errors.PluginError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: errors.OptionError,
    grpc.StatusCode.PERMISSION_DENIED: errors.PolicyError,
    grpc.StatusCode.UNAUTHENTICATED: errors.PolicyError,
    grpc.StatusCode.NOT_FOUND: errors.MissingError,
    grpc.StatusCode.FAILED_PRECONDITION: errors.StateError,
    grpc.StatusCode.UNIMPLEMENTED: errors.StateError,
    grpc.StatusCode.UNAVAILABLE: errors.CloudBusyError,
    grpc.StatusCode.CANCELLED: errors.CancelledError,
}
"""What is not here becomes a CloudError: Go's plugins give plain errors the code UNKNOWN."""


def translated(error: grpc.RpcError, name: str, exit_code: int | None) -> errors.PluginError:
    """Give the error that our component raises for another plugin's.

    Args:
        error: Of a call.
        name: Of the plugin.
        exit_code: Of its process; None while it runs.

    Returns:
        The error, with the plugin's own text.
    """
    code, details = error.code(), error.details() or ""
    if code is grpc.StatusCode.UNAVAILABLE and exit_code is not None:
        how = f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
        return errors.StateError(
            f'plugin "{name}" died in the middle of its work ({how})',
            why="what it had made by then may be left",
            fix="look into its log: run waypoint with -vvv",
        )
    kind = KINDS.get(code, errors.CloudError)
    return kind(f'plugin "{name}": {clean(details) or code.name}')
