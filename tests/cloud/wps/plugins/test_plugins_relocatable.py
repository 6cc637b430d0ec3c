"""The form of macOS, built and run on Linux: a relocatable interpreter on the system's C library, within the launcher.

All of it is as on macOS but the format of compiled files and the system itself. The interpreter is installed by uv,
from a distribution that is made of this machine's interpreter (`standalone`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import standalone
from pluginbuild import BUILD_SECONDS, CACHE
from standbys import Runtime, waited

from teamconfig import StandardsError
from waypaas_sdk.testing.host import PluginHost
from wps.pluginset import building, forms, interpreter, linking, relocatable

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(2 * BUILD_SECONDS)  # the first build may fetch packages

MISLEADING = {"PYTHONHOME": "/nowhere", "PYTHONPATH": "/nowhere", "PYTHONEXECUTABLE": "/x", "PYTHONPLATLIBDIR": "x"}


@dataclass(frozen=True)
class Made:
    """What was built twice, and where its interpreter came from, which is not there any more.

    Args:
        first: A build.
        second: The same, with nothing left of the first but the interpreter.
        installed: Where the interpreter was.
        program: Its SHA-256.
    """

    first: building.Built
    second: building.Built
    installed: Path
    program: str


@pytest.fixture(scope="module")
def made(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Give the binary of team-k8s in that form, built twice."""
    folder = tmp_path_factory.mktemp("relocatable")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UV_PYTHON_DOWNLOADS_JSON_URL", str(standalone.make(folder / "distribution")))
        patch.setenv("UV_CACHE_DIR", str(cache / "uv"))
        patch.setenv("GOCACHE", str(cache / "go-build"))
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setenv("PATH", os.pathsep.join([os.environ["PATH"], str(CACHE / "uv/bin"), str(CACHE / "go/bin")]))
        first, second = (
            building.build(sources, folder / name, ["team-k8s"], print, forms.RELOCATABLE)[0] for name in ("a", "b")
        )
    installed = folder / "cache/waypaas/python"
    (program,) = installed.glob("cpython-3.*.*-*/bin/python3.*")
    digest = hashlib.sha256(program.read_bytes()).hexdigest()
    for gone in (folder / "distribution", folder / "cache"):
        shutil.rmtree(gone)
    yield Made(first, second, installed, digest)
    shutil.rmtree(folder)


def unpacked(made: Made, home: Path, **environ: str) -> Path:
    """Start the binary by hand, which says what it is; give what it has unpacked to."""
    own = {"PATH": os.defpath, "HOME": str(home), **environ}
    done = subprocess.run([made.first.path], env=own, capture_output=True, text=True, check=False, timeout=120)
    assert "runs apps on Kubernetes by the standards of their team" in done.stderr
    assert "Traceback" not in done.stderr
    (folder,) = (home / ".cache/waypaas/plugins").iterdir()
    return folder


def test_a_host_works_with_it(made: Made, tmp_path: Path) -> None:
    """A host shakes hands with it and configures it, though variables of Python would lead an interpreter elsewhere."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **MISLEADING}
    for _ in range(2):  # the first start unpacks, the second does not
        with PluginHost([str(made.first.path)], environ=environ) as host:
            assert host.ask("platform", "ConfigStruct").struct.fields
            host.configure("platform", {"replicas": 3})
    assert len(list((tmp_path / ".cache/waypaas/plugins").iterdir())) == 1


def test_a_standby_waits_in_it(made: Made, tmp_path: Path) -> None:
    """After a start a warm standby waits, on the binary's own interpreter; the next host works, and then all ends."""
    folder, runtime = unpacked(made, tmp_path), Runtime(tmp_path / "run")
    environ = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(runtime.path),
        "WAYPAAS_STANDBY_SECONDS": "3",
    }  # fmt: skip
    with PluginHost([str(made.first.path)], environ=environ) as host:
        assert host.ask("platform", "ConfigStruct").struct.fields
    assert waited(runtime.forked), "no standby came"
    (standby,) = runtime.standbys()
    assert os.readlink(f"/proc/{standby}/exe") == f"{folder}/bin/python"
    with PluginHost([str(made.first.path)], environ=environ) as host:
        host.configure("platform", {"replicas": 3})
        assert standby in runtime.standbys()
    assert waited(lambda: not runtime.processes())


def test_the_second_build_gives_the_same_bytes(made: Made) -> None:
    """Two builds have the same SHA-256, and tell the same about it."""
    assert made.first.path != made.second.path
    assert (made.first.sha256, made.first.size) == (made.second.sha256, made.second.size)
    for ending in (".cdx.json", ".licenses.txt"):
        assert Path(f"{made.first.path}{ending}").read_text() == Path(f"{made.second.path}{ending}").read_text()


def test_what_is_in_it(made: Made, tmp_path: Path) -> None:
    """There is no C library and no loader in it, the interpreter is as it was installed, and no byte says where."""
    folder = unpacked(made, tmp_path)
    names = {path.name for path in (folder / "lib").iterdir()}
    assert {name for name in names if name.startswith(("ld", "libc.", "libm.", "libpthread"))} == set()
    assert hashlib.sha256((folder / "bin/python").read_bytes()).hexdigest() == made.program
    place = str(made.installed).encode()
    assert [path for path in folder.rglob("*") if path.is_file() and place in path.read_bytes()] == []
    assert [path for path in folder.rglob("*") if path.is_symlink()] == []


def test_its_interpreter_is_found_by_its_path(made: Made, tmp_path: Path) -> None:
    """`bin/python3`, through a link too, is an interpreter with its own modules, as the standby starts it."""
    folder = unpacked(made, tmp_path)
    link = tmp_path / "link"
    link.symlink_to(folder / "bin/python3")
    script = "import sys, os, ssl; print(sys.executable, os.__file__, sys.prefix, sep=':')"
    for program in (folder / "bin/python3", link):
        own = {"PATH": os.defpath, "HOME": str(tmp_path), **MISLEADING}
        done = subprocess.run([program, "-S", "-c", script], env=own, capture_output=True, text=True, check=True)
        executable, module, prefix = done.stdout.strip().split(":")
        assert (executable, prefix) == (str(folder / "bin/python3"), str(folder))
        assert Path(module).is_relative_to(folder / "lib")
        assert done.stderr == ""


def test_what_it_is_made_of(made: Made) -> None:
    """The bill of materials names the interpreter's version, distribution and hash, its libraries, and the packages."""
    bill = json.loads(Path(f"{made.first.path}.cdx.json").read_text())
    assert bill["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": made.first.sha256}]
    parts = {one["name"]: one for one in bill["components"]}
    assert parts["cpython"]["version"] == interpreter.asked(Path(sys.executable)).version
    assert parts["cpython"]["hashes"] == [{"alg": "SHA-256", "content": made.program}]
    assert parts["cpython"]["purl"].endswith(f"/python-build-standalone@{standalone.RELEASE}")
    assert parts["openssl"]["version"].startswith("3.")
    assert {"grpcio", "protobuf", "pyyaml", "waypaas", "zlib", "expat"} <= set(parts)
    assert "libc.so.6" not in parts
    refs = [one["bom-ref"] for one in bill["components"]]
    assert len(refs) == len(set(refs))
    assert f"cpython {parts['cpython']['version']}: PSF-2.0" in Path(f"{made.first.path}.licenses.txt").read_text()


def test_what_only_this_machine_has_is_refused(tmp_path: Path) -> None:
    """A module that is linked with a library that is not in the binary ends the build with both names."""
    used = interpreter.asked(Path(sys.executable))
    module = next(path for path in used.extensions().values() if path.name.startswith("_ssl"))
    (tmp_path / "site").mkdir()
    shutil.copy(module, tmp_path / "site")
    assert list(linking.compiled(tmp_path)) == [tmp_path / "site" / module.name]
    with pytest.raises(StandardsError) as caught:
        relocatable.complete(tmp_path, used)
    (problem,) = caught.value.problems
    assert problem.what == f"{module.name} cannot be packed"
    assert "libssl.so" in problem.why or "libcrypto.so" in problem.why
