"""Exec without sockets: messages of the data channel, the marks around a command, and whom the standards permit."""

from __future__ import annotations

import json
import shlex
import subprocess
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from team_ecs import execmarks, ssmmessages, taskexec
from team_ecs.gen.team_ecs.v1 import team_ecs_pb2
from teamplugin import execrule
from waypaas_sdk.errors import CloudError, PolicyError, StateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from teamconfig.profile import Profile

NONCE = "0a1b2c3d4e5f6071"
GOLDEN = (
    bytes.fromhex(
        "00000074696e7075745f73747265616d5f64617461202020202020202020202020202020000000010000018bcfe568000000000000000003"
        "00000000000000008899aabbccddeeff0011223344556677"
        "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa40000000100000002"
    )
    + b"hi"
)
"""Written down by hand from the header's layout in aws/session-manager-plugin, src/message/clientmessage.go."""


def test_a_message_has_the_form_of_the_wire() -> None:
    """A message is, byte for byte, what Session Manager's own client sends: big endian, the id's last half first."""
    id_ = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
    message = ssmmessages.Message(ssmmessages.INPUT, 3, b"hi", ssmmessages.OUTPUT, id=id_)
    assert ssmmessages.encode(message, 1_700_000_000.0) == GOLDEN
    assert ssmmessages.decode(GOLDEN) == message


@given(st.binary(max_size=300), st.integers(0, 2**62), st.integers(0, 12), st.uuids())
def test_messages_come_back_as_they_were(payload: bytes, sequence: int, payload_type: int, id_: uuid.UUID) -> None:
    """Whatever is written is read again, and a payload that was changed on its way is refused."""
    message = ssmmessages.Message(ssmmessages.OUTPUT_STREAM, sequence, payload, payload_type, 3, id_)
    frame = ssmmessages.encode(message, 1.0)
    assert ssmmessages.decode(frame) == message
    if payload:
        with pytest.raises(CloudError):
            ssmmessages.decode(frame[:-1] + bytes([frame[-1] ^ 1]))


@given(st.binary(max_size=200))
def test_what_is_no_message_is_refused(frame: bytes) -> None:
    """Bytes that are no message end in our own error, or are read; nothing else is raised."""
    with suppress(CloudError):
        ssmmessages.decode(frame)
    with suppress(CloudError):
        assert isinstance(ssmmessages.json_of(frame), dict)


def test_the_handshake_refuses_encryption_by_kms() -> None:
    """A session's type is agreed to; encryption by a key of KMS is refused with the way that is left."""
    session = {"ActionType": "SessionType", "ActionParameters": {"SessionType": "InteractiveCommands"}}
    answer = json.loads(ssmmessages.handshake({"RequestedClientActions": [session]}))
    assert [each["ActionStatus"] for each in answer["ProcessedClientActions"]] == [1]
    with pytest.raises(StateError, match="aws ecs execute-command"):
        ssmmessages.handshake({"RequestedClientActions": [session, {"ActionType": "KMSEncryption"}]})


@given(st.binary(max_size=60), st.binary(max_size=60), st.integers(0, 255), st.lists(st.integers(1, 9), max_size=40))
def test_marks_are_taken_out_however_they_are_cut(before: bytes, shown: bytes, code: int, cuts: list[int]) -> None:
    """Exactly what stands between the marks is shown, with the right code, whatever the pieces."""
    sign, nonce = execmarks.SIGN, NONCE.encode()
    whole = before + sign + nonce + sign + shown + sign + nonce + b":%d" % code + sign + b"after"
    marks, seen = execmarks.Marks(NONCE), b""
    for cut in cuts:
        piece, whole = whole[:cut], whole[cut:]
        seen += marks.feed(piece)
    seen += marks.feed(whole)
    assert (seen, marks.code, marks.begun) == (shown, code, True)


@given(st.binary(max_size=60))
def test_a_command_that_never_began_shows_what_was_said(said: bytes) -> None:
    """Without a mark nothing is shown, and all of it is there to be told."""
    marks = execmarks.Marks(NONCE)
    assert (marks.feed(said), marks.begun, marks.code, marks.rest()) == (b"", False, None, said)


@given(
    st.lists(st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=8), max_size=3),
    st.booleans(),
)
def test_a_wrapped_command_gets_its_arguments(arguments: list[str], tty: bool) -> None:  # noqa: FBT001  # by hypothesis
    """Run by a real sh, the script hands on each argument and variable as it is, and prints both marks."""
    line = execmarks.wrapped(["printf", "[%s]", *arguments], ["A=1"], NONCE, tty=tty)
    ran = subprocess.run(shlex.split(line), capture_output=True, check=True, stdin=subprocess.DEVNULL)
    marks = execmarks.Marks(NONCE)
    wanted = "".join(f"[{argument}]" for argument in arguments or [""])
    assert marks.feed(ran.stdout) == wanted.encode()
    assert marks.code == 0


def test_behaviour_19_the_rule_is_named(make_profile: Callable[..., Profile]) -> None:
    """Who is refused reads which standard says so; variables that choose programs go where only some may run."""
    taskexec.permit(make_profile(), ["sh"])
    with pytest.raises(PolicyError, match=r"the standard ecs\.exec is deny, by waypoint\.hcl"):
        taskexec.permit(make_profile(exec="deny"), ["sh"])
    with pytest.raises(PolicyError, match="production is a protected environment"):
        taskexec.permit(make_profile("production"), ["sh"])
    some = make_profile(exec_commands=["/bin/ls"])
    with pytest.raises(PolicyError, match=r"ecs\.exec_commands is /bin/ls"):
        taskexec.permit(some, ["sh"])
    taskexec.permit(some, ["/bin/ls", "/"])
    assert execrule.permitted_environment(some, "ecs", ["PATH=/tmp", "TERM=xterm"]) == ["TERM=xterm"]
    assert execrule.permitted_environment(make_profile(), "ecs", ["PATH=/tmp"]) == ["PATH=/tmp"]
    with pytest.raises(StateError, match="no NAME=value"):
        execrule.permitted_environment(make_profile(), "ecs", ["rm"])


def _task(number: int, status: str = "RUNNING", agent: str = "RUNNING") -> dict[str, Any]:
    agents = [{"name": "ExecuteCommandAgent", "lastStatus": agent}]
    return {"taskArn": f"task/{number}", "lastStatus": status, "containers": [{"managedAgents": agents}]}


def test_the_task_is_the_first_that_takes_commands() -> None:
    """A task is chosen whose agent runs; where there is none the reason is told."""
    deployment = team_ecs_pb2.Deployment(name="web-v1")
    tasks = [_task(3), _task(2), _task(1, agent="PENDING"), _task(0, status="PENDING")]
    assert taskexec.choose(tasks, deployment) == "task/2"
    with pytest.raises(StateError, match="have not started"):
        taskexec.choose([_task(1, agent="STOPPED")], deployment)
    with pytest.raises(StateError, match="none of its tasks runs"):
        taskexec.choose([], deployment)
