"""A way to a deployment that has no traffic yet: opened by the plugin of its platform, as long as the tests last.

That plugin is another process: `python -m PACKAGE.reachable`. It reads the
deployment from its input, a protobuf Any in base64 on one line, and writes one
line of JSON: url, and where it knows them internal_url, deployment_id, image,
environment and profile_digest, or error. It keeps the way open until its input
is closed. Where the word "facts" follows on the line it opens none, and ends.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from waypaas_sdk.errors import StateError
from waypaas_sdk.plaintext import clean
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waypaas_sdk.call import Call
    from waypaas_sdk.gen.opaqueany.any_pb2 import Any as OpaqueAny

MODULE = "reachable"
OPEN_SECONDS = 60.0
"""How long a plugin may take to open a way."""

CLOSE_SECONDS = 5.0


def offered(deployment: OpaqueAny) -> bool:
    """Tell whether the plugin of a deployment's platform can open a way to it.

    Args:
        deployment: Of any platform.

    Returns:
        Whether it can.
    """
    return opens(_package(deployment))


def is_ours(plugin: str) -> bool:
    """Tell whether a plugin is one of our own.

    Args:
        plugin: As after `use`, or its package.

    Returns:
        Whether it is, by its name.
    """
    return plugin.startswith(("team-", "team_"))


def opens(plugin: str) -> bool:
    """Tell whether a plugin can open ways to deployments of its platform.

    Args:
        plugin: As after `use`, or its package.

    Returns:
        Whether it can.
    """
    if not is_ours(plugin):
        return False
    try:
        return importlib.util.find_spec(f"{plugin.replace('-', '_')}.{MODULE}") is not None
    except ImportError:
        return False


def _package(deployment: OpaqueAny) -> str:
    return anys.name(deployment).partition(".")[0]


def facts(deployment: OpaqueAny, call: Call) -> dict[str, str]:
    """Ask what the plugin knows of a deployment, without a way to it.

    Args:
        deployment: One that `offered` says yes to.
        call: Ours.

    Returns:
        As in `opened`, but for the URLs; empty if it knows nothing.

    Raises:
        CancelledError: Our call was cancelled.
    """
    with _asked(deployment, call, " facts") as known:
        return {name: str(value) for name, value in known.items() if name != "error"}


@contextmanager
def opened(deployment: OpaqueAny, call: Call) -> Iterator[dict[str, str]]:
    """Open a way for the length of a block.

    Args:
        deployment: One that `offered` says yes to.
        call: Ours; its cancellation closes the way.

    Yields:
        What the plugin knows: url, and perhaps internal_url, deployment_id, image, environment, profile_digest.

    Raises:
        StateError: There is none; with the plugin's own text.
        CancelledError: Our call was cancelled.
    """
    with _asked(deployment, call) as known:
        if not known.get("url"):
            why = clean(str(known.get("error", ""))) or "its plugin ended without a word"
            raise StateError("no way leads to the deployment", why=why, fix='write url = "http://..." beside then')
        yield {name: str(value) for name, value in known.items()}


@contextmanager
def _asked(deployment: OpaqueAny, call: Call, words: str = "") -> Iterator[dict[str, Any]]:
    """Start the plugin's program, hand it the deployment, and give its answer while it lives."""
    command = [sys.executable, "-I", "-m", f"{_package(deployment)}.{MODULE}"]
    call.check()
    child = subprocess.Popen(  # noqa: S603  # our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ), start_new_session=True
    )
    slow = threading.Timer(OPEN_SECONDS, child.kill)
    slow.daemon = True
    slow.start()
    try:
        with call.on_cancel(child.kill):
            known = _answer(child, base64.b64encode(deployment.SerializeToString()) + words.encode())
            slow.cancel()
            call.check()
            yield known
    finally:
        slow.cancel()
        _close(child)


def _answer(child: subprocess.Popen[bytes], line: bytes) -> dict[str, Any]:
    assert child.stdin is not None  # noqa: S101  # pipes were asked for
    assert child.stdout is not None  # noqa: S101
    try:
        child.stdin.write(line + b"\n")
        child.stdin.flush()
        said = json.loads(child.stdout.readline() or b"{}")
    except (OSError, ValueError) as err:
        return {"error": f"its plugin broke off: {err}"}
    return said if isinstance(said, dict) else {}


def _close(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None  # noqa: S101
    assert child.stdout is not None  # noqa: S101
    try:
        child.stdin.close()
    except OSError:
        child.kill()
    try:
        child.wait(CLOSE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    child.stdout.close()
