"""Binaries for macOS, as far as another system can make them: the lock's own packages, and the launcher around them.

What is not macOS's own here is the interpreter: a program of Go stands where it would.
"""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import pytest
from pluginbuild import BUILD_SECONDS, CACHE, ROOT

from teamconfig import StandardsError
from wps.pluginset import bundle, forms, interpreter, launchers, linking, locked, machofile, relocatable, tree

pytestmark = pytest.mark.timeout(BUILD_SECONDS)  # the first run fetches packages

EXTRAS = ["client", "ecr", "ecs", "k8s"]
INTEL = pytest.param(
    "amd64",
    marks=pytest.mark.xfail(
        strict=True, raises=StandardsError, reason="cryptography, as uv.lock names it, has no wheel for Intel's Macs"
    ),
)


@pytest.mark.parametrize("machine", ["arm64", INTEL])
def test_packages_and_launcher_for_macos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: str) -> None:
    """The lock has wheels for macOS, linked with the system alone, signed as they came; the launcher carries them."""
    form = forms.form(f"darwin/{machine}")
    search = os.pathsep.join([os.environ["PATH"], str(CACHE / "uv/bin"), str(CACHE / "go/bin")])
    environ = dict(os.environ) | {"PATH": search, "GOOS": "darwin", "GOARCH": machine}
    python = interpreter.asked(Path(sys.executable))
    folder, installed = tmp_path / "folder", tmp_path / "installed"
    named = locked.lines(ROOT, EXTRAS, environ)
    locked.install(named, form, python, installed, environ)
    tree.packages(python, installed, folder)
    launcher = launchers.plain(form, tmp_path / "launcher", environ)
    (folder / "bin").mkdir()
    (folder / form.program).write_bytes(launcher)

    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert relocatable.complete(folder, python) == {}
    compiled = list(linking.compiled(folder))
    assert {"cygrpc", "_message", "_yaml", "_rust"} <= {path.name.partition(".")[0] for path in compiled}
    for path in compiled:
        image = machofile.read(path.read_bytes(), machine)
        assert 0 < image.signature_end <= image.size, path.name
        if path.is_relative_to(folder / "site"):
            assert path.read_bytes() == (installed / path.relative_to(folder / "site")).read_bytes()

    whole = launchers.embedding(form, bundle.archive(folder), "waypoint-plugin-x", tmp_path / "work", environ)
    image = machofile.read(whole, machine)
    assert image.signature_end == image.size
