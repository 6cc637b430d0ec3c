"""The mover's errors, told in the SDK's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagemover import errors as theirs
from waypaas_sdk import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: Mapping[type[theirs.ImageError], type[errors.PluginError]] = {
    theirs.CancelledError: errors.CancelledError,
    theirs.ReferenceSyntaxError: errors.OptionError,
    theirs.DeniedError: errors.PolicyError,
    theirs.CredentialError: errors.PolicyError,
    theirs.TrustError: errors.PolicyError,
    theirs.MissingError: errors.MissingError,
    theirs.TagConflictError: errors.StateError,
    theirs.LayoutError: errors.StateError,
    theirs.BusyError: errors.CloudBusyError,
    theirs.ConnectionLostError: errors.CloudBusyError,
}
"""What is not here becomes a CloudError."""

ANOTHER_TAG = "commit what has changed, so that the tag is another one, or set the option tag"
"""What to do about a tag that may not move: here it is made of the commit."""


def translated(error: theirs.ImageError) -> errors.PluginError:
    """Give the SDK's error of the same kind, with the same four parts.

    Args:
        error: Of the mover; where several copies failed, the first cause decides.

    Returns:
        The error to raise.
    """
    cause = error.__cause__ if isinstance(error, theirs.CopyError) else error
    shown = cause if isinstance(cause, theirs.ImageError) and not _several(error) else error
    kind = next((ours for kind, ours in KINDS.items() if isinstance(cause, kind)), errors.CloudError)
    fix = ANOTHER_TAG if isinstance(cause, theirs.TagConflictError) else shown.fix
    return kind(shown.what, why=shown.why, fix=fix, where=shown.where)


def _several(error: theirs.ImageError) -> bool:
    """Whether a copy had more destinations than the one that the cause tells about."""
    return isinstance(error, theirs.CopyError) and len(getattr(error.result, "images", ())) > 1
