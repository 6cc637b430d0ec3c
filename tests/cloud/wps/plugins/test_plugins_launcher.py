"""The launcher for every platform: it compiles and is vetted, and for macOS nothing lies behind what is signed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from pluginbuild import CACHE

from wps.pluginset import bundle, forms, launchers, machofile, programs

PLATFORMS = ["linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"]
PAYLOAD = b"no archive, but this is not what is looked at" * 1000


def environ(platform: str) -> dict[str, str]:
    """Give the environment that lets Go compile for a platform."""
    system, _, machine = platform.partition("/")
    search = os.pathsep.join([os.environ["PATH"], str(CACHE / "go/bin")])
    return dict(os.environ) | {"PATH": search, "GOOS": system, "GOARCH": machine, "CGO_ENABLED": "0"}


@pytest.mark.parametrize("tags", ["", "embedded"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_it_is_vetted_for_every_platform(tmp_path: Path, platform: str, tags: str) -> None:
    """Both ways to carry a folder pass `go vet` on every platform: nothing of it is Linux's alone."""
    sources = Path(shutil.copytree(launchers.SOURCES, tmp_path / "sources"))
    (sources / launchers.PAYLOAD).write_bytes(PAYLOAD)
    command = ["go", "vet", "-tags", tags, "./..."]
    done = subprocess.run(
        command, cwd=sources, env=environ(platform), capture_output=True, text=True, check=False, timeout=250
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_it_compiles_for_every_platform(tmp_path: Path, platform: str) -> None:
    """For each platform the launcher that its form needs is made, alone and with what it carries."""
    form, place = forms.form(platform), environ(platform)
    plain = launchers.plain(form, tmp_path / "plain", place)
    if form.embedded:
        whole = launchers.embedding(form, PAYLOAD, "waypoint-plugin-x", tmp_path / "work", place)
        assert machofile.is_one(whole)
        assert whole.count(PAYLOAD) == 1
    else:
        whole = bundle.binary(plain, PAYLOAD, "waypoint-plugin-x")
        assert whole.startswith(plain)
    assert not (tmp_path / "work").exists()


def test_all_of_a_binary_for_macos_is_signed(tmp_path: Path) -> None:
    """Go signs the program for arm64 with what it carries, as its end is the signature; two builds are the same."""
    form, place = forms.form("darwin/arm64"), environ("darwin/arm64")
    plain = machofile.read(launchers.plain(form, tmp_path / "plain", place), "arm64")
    first, second = (
        launchers.embedding(form, PAYLOAD, "waypoint-plugin-x", tmp_path / str(number), place) for number in range(2)
    )
    whole = machofile.read(first, "arm64")
    assert plain.signature_end == plain.size > 0
    assert whole.signature_end == whole.size > plain.size
    assert first == second
    appended = machofile.read(bundle.binary(first, PAYLOAD, "waypoint-plugin-x"), "arm64")
    assert appended.signature_end < appended.size  # what the form avoids, and this test would see


def test_a_program_that_carries_another_thing_does_not_start(tmp_path: Path) -> None:
    """What is compiled in is held against its hash like what is appended: another one leaves nothing behind."""
    place = environ(programs.this_platform())
    made = launchers.embedding(forms.RELOCATABLE, PAYLOAD, "waypoint-plugin-x", tmp_path / "work", place)
    program = tmp_path / "program"
    program.write_bytes(made.replace(PAYLOAD, PAYLOAD[:-1] + b"K"))
    program.chmod(0o755)
    own = {"PATH": os.defpath, "HOME": str(tmp_path)}
    done = subprocess.run([program], env=own, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "what it holds has another hash" in done.stderr) == (1, True)
    assert list((tmp_path / ".cache/waypaas/plugins").iterdir()) == []
