"""`wps image` and Amazon ECR: by AWS credentials without `docker login`, and what keeps it from replicating images."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import moverimages
import pytest

from testservers import ecr

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from imageworld import World

ACCOUNT, REGION, OTHER = "111111111111", "eu-central-1", "eu-west-1"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ecr.Ecr]:
    """Give an ECR with two regions."""
    with ecr.start(tmp_path_factory.mktemp("ecr"), regions=(REGION, OTHER), accounts=(ACCOUNT,)) as running:
        yield running


def test_copy_to_ecr(world: World, server: ecr.Ecr) -> None:
    """AWS credentials are enough to copy to ECR; a repository that is not there is told with what to do."""
    image = moverimages.plain(50)
    world.push(image)
    environ = server.environment(ACCOUNT)
    place = f"{HOST}/{world.path}"
    missing = world.wps("copy", world.source, place, **environ)
    assert missing.returncode == 1
    assert "repository" in missing.stderr
    server.create(ACCOUNT, REGION, world.path)
    world.done("copy", world.source, place, **environ)
    assert server.tags(ACCOUNT, REGION, world.path) == {"v1": image.root}
    assert json.loads(world.done("inspect", f"{place}:v1", "--json", **environ))["digest"] == image.root


def test_ecr_without_credentials(world: World, tmp_path: Path) -> None:
    """Without AWS credentials and without `docker login` the error says which to get."""
    environ = {
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }  # fmt: skip
    ended = world.wps("inspect", f"{HOST}/{world.path}:v1", **environ)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 4)
    assert "credentials" in ended.stderr


def test_doctor(world: World, server: ecr.Ecr) -> None:
    """The doctor names what keeps images from another region, with exit code 1; a wrong name is told."""
    server.create(ACCOUNT, REGION, world.path)
    environ = server.environment(ACCOUNT)
    ended = world.wps("doctor", f"{HOST}/{world.path}", "--to", OTHER, **environ)
    assert ended.returncode == 1
    assert f"fail  nothing is replicated to {ACCOUNT}.dkr.ecr.{OTHER}.amazonaws.com" in ended.stdout
    found = json.loads(world.wps("doctor", f"{HOST}/{world.path}", "--to", OTHER, "--json", **environ).stdout)
    assert "no-rule" in {one["code"] for one in found}
    for name, place in (("x.test/web", OTHER), (f"{HOST}/web", "not a region")):
        wrong = world.wps("doctor", name, "--to", place, **environ)
        assert (wrong.returncode, len(wrong.stderr.splitlines())) == (1, 4)
