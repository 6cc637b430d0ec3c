"""Platforms: what each is called, and where binaries can be made."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from teamconfig import StandardsError
from wps.pluginset import building, programs

ROOT = Path(__file__).resolve().parents[4]


def become(monkeypatch: pytest.MonkeyPatch, system: str, machine: str) -> None:
    """Let Python say that it runs elsewhere."""
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [
        ("linux", "x86_64", "linux/amd64"),
        ("linux", "aarch64", "linux/arm64"),
        ("darwin", "arm64", "darwin/arm64"),
        ("darwin", "x86_64", "darwin/amd64"),
    ],
)
def test_platforms_are_called_as_go_and_oci_do(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, name: str
) -> None:
    """What Python calls a system and a machine is told by the names of Go and OCI, which a set may have."""
    become(monkeypatch, system, machine)
    assert programs.this_platform() == name
    assert programs.PLATFORM.fullmatch(name)
    assert programs.folder(name) == name.replace("/", "-")


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [("darwin", "arm64", "darwin/arm64"), ("linux", "riscv64", "linux/riscv64"), ("linux", "armv7l", "linux/armv7l")],
)
def test_where_binaries_cannot_be_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: str, machine: str, name: str
) -> None:
    """Elsewhere than on Linux with a known processor, the build names the platform and what is missing, at once."""
    become(monkeypatch, system, machine)
    with pytest.raises(StandardsError) as caught:
        building.build(ROOT, tmp_path / "out", [], print)
    (problem,) = caught.value.problems
    assert problem.what == f"binaries for {name} cannot be made"
    assert "glibc's loader" in problem.why
    assert not (tmp_path / "out").exists()
