"""What a record says is what Waypoint says that it released, and nothing else."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from teamconfig import StandardsError
from waypaas_sdk.gen.docker.docker_pb2 import Image
from wps.promotion import artifacts, drafting, waypoint

DIGEST = "sha256:" + "a" * 64
RELEASED = waypoint.Released("01M8", "SUCCESS", "https://web.test", f"registry.test/web:v1@{DIGEST}", DIGEST)


def test_what_was_meant_is_taken() -> None:
    """The release of the deployment and image that were meant is taken; any image where one was built."""
    assert drafting.check(RELEASED, "01M8", DIGEST) is RELEASED
    assert drafting.check(RELEASED, "01M8", "") is RELEASED


@pytest.mark.parametrize(
    ("released", "digest", "what"),
    [
        (None, DIGEST, "does not have the traffic"),
        (replace(RELEASED, deployment="01M9"), DIGEST, "does not have the traffic"),
        (replace(RELEASED, state="ERROR"), DIGEST, "does not have the traffic"),
        (RELEASED, "sha256:" + "b" * 64, "what runs is registry.test/web"),
        (replace(RELEASED, digest=""), "", "without a digest"),
    ],
)
def test_anything_else_is_refused(released: waypoint.Released | None, digest: str, what: str) -> None:
    """Another deployment, a failed release, another image and one without a digest are never recorded."""
    with pytest.raises(StandardsError) as caught:
        drafting.check(released, "01M8", digest)
    assert what in str(caught.value)


@pytest.mark.parametrize(
    ("output", "values"),
    [
        (b"null\n", []),
        (b"", []),
        (b"[]", []),
        (b'warning: x\n[\n {"a": 1}\n]\n', [{"a": 1}]),
        (b'{"a": 1}\n{\n "a": 2\n}\n', [{"a": 1}, {"a": 2}]),
    ],
)
def test_answers_of_waypoint_are_read(output: bytes, values: list[object]) -> None:
    """A list, a stream of objects and nothing at all are read, whatever is said before."""
    assert waypoint._values(output) == values


def test_what_is_no_answer_is_told() -> None:
    """A broken answer raises what the caller tells as Waypoint's."""
    with pytest.raises(json.JSONDecodeError):
        waypoint._values(b'[{"a": ')


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        (f"v1@{DIGEST}", (f"r.test/web:v1@{DIGEST}", DIGEST)),
        (DIGEST, (f"r.test/web@{DIGEST}", DIGEST)),
        ("v1", ("r.test/web:v1", "")),
    ],
)
def test_the_digest_is_read_off_waypoints_artifact(tag: str, expected: tuple[str, str]) -> None:
    """The artifact that Waypoint keeps says which digest was deployed; a tag alone says none."""
    value = base64.b64encode(Image(image="r.test/web", tag=tag).SerializeToString()).decode()
    packed = {"artifact": {"typeUrl": "type.googleapis.com/docker.Image", "value": value}}
    found = artifacts.image(packed)
    assert found == expected
    assert artifacts.image({"artifact": {"typeUrl": "x/other", "value": value}}) == ("", "")
