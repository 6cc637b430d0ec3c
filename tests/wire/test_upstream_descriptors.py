"""Our contracts against those of the Go modules that Waypoint is made of."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

ROOT = Path(__file__).resolve().parents[2]
UPSTREAM = ROOT / "tests" / "wire" / "upstream"


@pytest.fixture(scope="module")
def descriptors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a FileDescriptorSet of everything in proto/, made by the generator of `make protos`."""
    target = tmp_path_factory.mktemp("descriptors") / "contracts.bin"
    makefile = (ROOT / "Makefile").read_text()
    command = next(line for line in makefile.splitlines() if line.startswith("PROTOC := ")).removeprefix("PROTOC := ")
    subprocess.run([*shlex.split(command), "--descriptors", target], cwd=ROOT, check=True)
    return target


def compare(descriptors: Path) -> subprocess.CompletedProcess[str]:
    """Run the comparison in Go."""
    environ = os.environ | {"WAYPAAS_DESCRIPTORS": str(descriptors), "GOFLAGS": "-mod=mod"}
    command = ["go", "test", "-count=1", "./..."]
    return subprocess.run(command, cwd=UPSTREAM, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.timeout(600)
def test_contracts_equal_upstream(descriptors: Path) -> None:
    """Every message, field, enum value, service and method that we declare is that of upstream, and none is missing."""
    done = compare(descriptors)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(600)
def test_a_changed_number_is_noticed(descriptors: Path, tmp_path: Path) -> None:
    """A field with another number than upstream's fails the comparison, and is named."""
    changed = FileDescriptorSet.FromString(descriptors.read_bytes())
    file = next(file for file in changed.file if file.name.endswith("arguments.proto"))
    args = next(message for message in file.message_type if message.name == "Args")
    source = next(message for message in args.nested_type if message.name == "Source")
    source.field[0].number = 99
    mutant = tmp_path / "mutant.bin"
    mutant.write_bytes(changed.SerializeToString())
    done = compare(mutant)

    assert done.returncode != 0
    assert "hashicorp.waypoint.sdk.Args.Source.app differs" in done.stdout
