"""The double of Session Manager, measured by AWS's own client: what it says is what that client understands."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ecsapp import waited

from testbed import gobuild
from testservers.ssm import Faults, Ssm

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE = Path(__file__).parents[3] / "testservers" / "ssmclient"
PACKAGE = "github.com/aws/session-manager-plugin/src/sessionmanagerplugin-main"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "waypaas" / "session-manager-plugin"


@pytest.fixture(scope="module")
def client() -> Path:
    """Build AWS's own client, once."""
    version = gobuild.go("list", "-m", "-f", "{{.Version}}", PACKAGE.rpartition("/src")[0], cwd=MODULE).strip()
    binary = CACHE / version / "session-manager-plugin"
    if not binary.exists():
        gobuild.build("AWS's session-manager-plugin", PACKAGE, binary, cwd=MODULE)
    return binary


@pytest.fixture
def ssm() -> Iterator[Ssm]:
    """Start the double."""
    started = Ssm()
    yield started
    started.close()


@pytest.mark.timeout(900)  # the first run builds the client
@pytest.mark.parametrize("faults", [Faults(), Faults(swap=True)], ids=["in order", "out of order and twice"])
def test_aws_s_own_client_understands_the_double(ssm: Ssm, client: Path, tmp_path: Path, faults: Faults) -> None:
    """AWS's client shakes hands, shows all that a command prints, passes on what is typed, and sees the end."""
    ssm.faults = faults
    script = "seq 1 300; read line; echo got $line"
    session = ssm.execute_command({"command": f"sh -c '{script}'", "container": "web"})["session"]
    given = {"SessionId": session["sessionId"], "StreamUrl": session["streamUrl"], "TokenValue": session["tokenValue"]}
    command = [client, json.dumps(given), "eu-west-1", "StartSession", "", json.dumps({"Target": "ecs:a_b_c"}), ""]
    environ = os.environ | {"HOME": str(tmp_path), "AWS_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true"}
    keyboard, inner = pty.openpty()
    with subprocess.Popen(command, stdin=inner, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environ) as ran:
        assert waited(lambda: len(set(ssm.sessions[0].acknowledged)) >= 3)
        os.write(keyboard, b"typed\n")
        shown = ran.communicate(timeout=60)[0].decode().replace("\r", "")
    os.close(keyboard)
    os.close(inner)
    assert "\n".join(str(number) for number in range(1, 301)) in shown
    assert "got typed" in shown
    assert "Exiting session with sessionId" in shown
    assert ssm.sessions[0].sizes
