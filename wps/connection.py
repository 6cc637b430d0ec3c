"""The team config service that counts here, as a command uses it: signed in, and closed behind it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teamconfig import errors, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from teamconfig.client.service import Service
    from teamconfig.settings import Settings

_NEEDED = "this needs a team config service"
_SIGN_IN = "sign in at one: wps init --service HOST:PORT"


def found() -> Settings:
    """Find out where the standards of this directory come from.

    Returns:
        A service, or standards without one.

    Raises:
        StandardsError: Nothing names any (kind missing), or a file is wrong (state).
    """
    return settings.find(Path.cwd(), os.environ)


def needed() -> Settings:
    """Find out where the standards of this directory come from, for a command that is nothing without a service.

    Returns:
        As `found`.

    Raises:
        StandardsError: Nothing names any (kind missing): here a service is what is missing; or a file is wrong (state).
    """
    try:
        return found()
    except errors.StandardsError as err:
        if err.kind != "missing":
            raise
        problem = err.problems[0]
        raise errors.missing(_NEEDED, f"none is named: {problem.why}", _SIGN_IN, problem.where) from err


@contextmanager
def signed_in(at: Settings | None = None) -> Iterator[Service]:
    """Use the service.

    Args:
        at: Where it is; what counts in this directory if left out.

    Yields:
        The service, as the user who is signed in.

    Raises:
        StandardsError: No service is named (kind state), or nothing at all (missing).
    """
    named = at or needed()
    if not named.service:
        raise errors.state(
            _NEEDED, f"{named.where} names standards, {named.standards}, and no service", _SIGN_IN, named.where
        )
    from teamconfig.client.service import Service  # noqa: PLC0415  # grpc and cryptography: only with a service

    service = Service(named, os.environ)
    try:
        yield service
    finally:
        service.close()


def message(name: str, **fields: Any) -> Any:
    """Build a message of the contract.

    Args:
        name: "sessions_pb2.CloseRequest".
        fields: Of the message.

    Returns:
        The message.
    """
    import importlib  # noqa: PLC0415  # as above

    module, _, kind = name.partition(".")
    return getattr(importlib.import_module(f"teamconfig.gen.waypaas.v1.{module}"), kind)(**fields)
