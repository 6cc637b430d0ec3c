"""Load on a team config service: people who are signed in, and a program of its own that makes their calls.

Owns the plan of a run and the program `loadclient` that carries it out; what
its figures mean is for who runs it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teamconfig.gen.waypaas.v1 import common_pb2, sessions_pb2, standards_pb2
from testbed import gobuild
from testbed.build import CACHE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testservers.oidc import OidcProvider
    from testservers.service import Running

SOURCE = Path(__file__).resolve().parent / "loadclient"
WHO_AM_I, RESOLVE = "/waypaas.v1.Sessions/WhoAmI", "/waypaas.v1.Standards/Resolve"


def client() -> Path:
    """Build the program, unless this very source was built before.

    Returns:
        Its path.

    Raises:
        TestbedError: It cannot be built.
    """
    content = b"".join((SOURCE / name).read_bytes() for name in ("go.mod", "go.sum", "main.go"))
    binary = CACHE.parent / "loadclient" / hashlib.sha256(content).hexdigest()[:16] / "loadclient"
    if not binary.exists():
        gobuild.build("load client (once)", ".", binary, cwd=SOURCE)
    return binary


def session(running: Running, idp: OidcProvider, home: Path, name: str, token_id: str) -> dict[str, str]:
    """Sign a developer in.

    Args:
        running: The service.
        idp: Vouches for the developer.
        home: An empty directory of the device.
        name: Of the developer.
        token_id: Of the ID token; another one each time.

    Returns:
        Access token and the device's key in hex, as the plan has them.
    """
    token = idp.token(sub=f"u-{name}", preferred_username=name, groups=["payments-developers"], jti=token_id)
    opened = running.open(home, "corp", token=token)
    found = opened.session()
    opened.close()
    return {"token": found.access_token, "key": found.device_key}


def write(
    path: Path,
    running: Running,
    sessions: Sequence[dict[str, str]],
    *,
    in_flight: int,
    seconds: float,
    log: Path | None = None,
) -> None:
    """Write the plan of a run: WhoAmI and Resolve in turn; nobody else may read it.

    Args:
        path: Gets it.
        running: The service.
        sessions: From `session`, at least one.
        in_flight: Calls at once.
        seconds: How long.
        log: Gets a line for each call, if given.
    """
    target = common_pb2.Target(project="shop", app="web", workspace="dev")
    requests = {WHO_AM_I: sessions_pb2.WhoAmIRequest(), RESOLVE: standards_pb2.ResolveRequest(target=target)}
    plan: dict[str, Any] = {
        "address": running.address,
        "authority": running.authority.read_text(),
        "requests": [
            {"method": method, "message": message.SerializeToString().hex()} for method, message in requests.items()
        ],
        "sessions": list(sessions),
        "in_flight": in_flight,
        "seconds": seconds,
        "log": str(log) if log is not None else "",
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(plan))
