"""Platforms: what each is called, and which form its binaries have."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from teamconfig import StandardsError
from wps.pluginset import building, carried, forms, programs

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


def test_each_platform_has_its_form() -> None:
    """On Linux the loader comes along and the folder is appended; on macOS neither, on every processor."""
    for machine in ("amd64", "arm64"):
        linux, macos = (forms.form(f"{system}/{machine}") for system in ("linux", "darwin"))
        assert (linux.loader, linux.embedded, linux.wheels) == ("lib/ld.so", False, ())
        assert (macos.loader, macos.embedded, macos.program) == ("", True, "bin/python")
    assert forms.form("darwin/arm64").wheels == ("--python-platform", "aarch64-apple-darwin")
    assert forms.form("darwin/amd64").wheels == ("--python-platform", "x86_64-apple-darwin")


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [
        ("freebsd14", "amd64", "freebsd14/amd64"),
        ("linux", "riscv64", "linux/riscv64"),
        ("linux", "armv7l", "linux/armv7l"),
    ],
)
def test_where_binaries_cannot_be_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: str, machine: str, name: str
) -> None:
    """Elsewhere than on Linux and macOS with a known processor, the build names the platform and where to build."""
    become(monkeypatch, system, machine)
    with pytest.raises(StandardsError) as caught:
        building.build(ROOT, tmp_path / "out", [], print)
    (problem,) = caught.value.problems
    assert problem.what == f"binaries for {name} cannot be made"
    assert "Linux and macOS" in problem.why
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("loader", "folder"),
    [
        ("/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu"),
        ("/lib/ld-linux-aarch64.so.1", "/lib/aarch64-linux-gnu"),
    ],
)
def test_the_loader_is_found_on_every_processor(loader: str, folder: str) -> None:
    """Of what `ldd` says each library has the name that is asked for, and the loader that which the launcher knows."""
    said = (
        "\tlinux-vdso.so.1 (0x00007f0042cc8000)\n"
        "\tlibpython3.11.so.1.0 => /opt/python/lib/libpython3.11.so.1.0 (0x00007f0042600000)\n"
        f"\tlibc.so.6 => {folder}/libc.so.6 (0x00007f004241e000)\n"
        f"\t{loader} (0x00007f0042cca000)\n"
    )
    assert carried.read(said) == {
        "libpython3.11.so.1.0": Path("/opt/python/lib/libpython3.11.so.1.0"),
        "libc.so.6": Path(folder, "libc.so.6"),
        "ld.so": Path(loader),
    }
    asked = said.replace(f"\t{loader} (", f"\t{Path(loader).name} => {loader} (")
    assert carried.read(asked)["ld.so"] == Path(loader)
