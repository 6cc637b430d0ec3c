"""The built binaries: they repeat byte by byte, run where there is nothing else, and say what they are made of."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pluginbuild import BUILD_SECONDS, CACHE, NAME, ROOT, build
from pluginworld import PROGRAM

from waypaas_sdk.goplugin.handshake import WAYPOINT
from waypaas_sdk.testing.host import PluginHost

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(3 * BUILD_SECONDS)  # two builds, the first of which may fetch packages


@pytest.fixture
def bare(built: dict[str, Any], tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Give a directory to change root to, with the binary and nothing else, and its directory for sockets.

    The directory for sockets has the same path inside and outside.
    """
    root = tmp_path / "root"
    sockets = Path(f"/tmp/waypaas-bare-{os.getpid()}")  # noqa: S108  # short enough for a socket
    inside = root / sockets.relative_to("/")
    for one in (inside, root / "home", root / "dev"):
        one.mkdir(parents=True)
    (root / "dev/urandom").touch()  # as every container has it
    shutil.copy(built["path"], root / NAME)
    sockets.symlink_to(inside)
    yield root, sockets
    sockets.unlink()


def bare_command(root: Path) -> list[str]:
    """Give the command that runs the binary in its own root, with no network."""
    mapped = [] if os.geteuid() == 0 else ["--map-root-user"]
    script = f"mount --bind /dev/urandom {root}/dev/urandom; exec chroot {root} /{NAME}"
    return ["unshare", *mapped, "--net", "--mount", "sh", "-ec", script]


def unpacked(home: Path) -> list[Path]:
    """List what is in the place where plugins are unpacked."""
    return sorted((home / ".cache/waypaas/plugins").glob("*"))


def start(binary: Path, home: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Start a binary by hand, as somebody with this home: it says what it is, and ends."""
    own = {"PATH": os.defpath, "HOME": str(home), **environ}
    return subprocess.run([binary], env=own, capture_output=True, text=True, check=False, timeout=120)


def test_a_second_build_gives_the_same_bytes(sources: Path, built: dict[str, Any], tmp_path: Path) -> None:
    """Two builds of the same sources have the same SHA-256, and tell the same about it."""
    again = build(sources, tmp_path / "out", tmp_path)
    assert again["sha256"] == built["sha256"]
    for ending in (".cdx.json", ".licenses.txt"):
        first, second = (Path(f"{one['path']}{ending}").read_text() for one in (built, again))
        assert first == second


def test_it_runs_without_python(bare: tuple[Path, Path]) -> None:
    """In a root with nothing but the binary, and no network, a host shakes hands with it and configures it."""
    root, sockets = bare
    environ = {"PATH": os.environ["PATH"], "HOME": "/home", "TMPDIR": str(sockets)}
    with PluginHost(bare_command(root), environ=environ) as host:
        assert host.ask("platform", "ConfigStruct").struct.fields
        host.configure("platform", {"replicas": 3})
    assert [path.name for path in root.iterdir() if path.name not in {"dev", "home", "tmp"}] == [NAME]
    assert len(unpacked(root / "home")) == 1


def test_it_is_unpacked_once_and_for_its_user_alone(built: dict[str, Any], tmp_path: Path) -> None:
    """The first start unpacks to a directory with mode 0700, the second uses it; by hand it says what it is."""
    done = start(built["path"], tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "runs apps on Kubernetes by the standards of their team" in done.stderr
    (folder,) = unpacked(tmp_path)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "LICENSES.txt").is_file()
    inode = folder.stat().st_ino
    start(built["path"], tmp_path)
    assert [path.stat().st_ino for path in unpacked(tmp_path)] == [inode]


def test_it_trusts_whom_the_system_trusts(built: dict[str, Any], tmp_path: Path) -> None:
    """TLS looks for authorities where this system keeps them, wherever it was built, unless the user names others."""
    start(built["path"], tmp_path)
    (folder,) = unpacked(tmp_path)
    program = [str(folder / "bin/python3"), "-I", "-S", "-c", "import os; print(os.environ.get('SSL_CERT_FILE'))"]
    for named in ({}, {"SSL_CERT_FILE": "/x/mine.pem"}, {"SSL_CERT_DIR": "/x"}):
        environ = {"PATH": os.defpath, "HOME": str(tmp_path), **named}
        told = subprocess.run(program, env=environ, capture_output=True, text=True, check=True).stdout.strip()
        if named:
            assert told == named.get("SSL_CERT_FILE", "None")
        else:
            assert told in {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"}


def test_many_first_starts_at_once(built: dict[str, Any], tmp_path: Path) -> None:
    """Four processes that unpack at the same time all start, and leave one directory."""
    environ = {"PATH": os.defpath, "HOME": str(tmp_path)}
    started = [subprocess.Popen([built["path"]], env=environ, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    told = [one.communicate(timeout=240)[1] for one in started]
    assert [("on Kubernetes" in text) for text in told] == [True] * 4
    assert len(unpacked(tmp_path)) == 1


def test_a_damaged_binary_is_not_run(built: dict[str, Any], tmp_path: Path) -> None:
    """A binary of which one byte was changed or the end is missing says so, and leaves nothing."""
    data = bytearray(built["path"].read_bytes())
    data[len(data) // 2] ^= 1
    binary = tmp_path / NAME
    binary.write_bytes(data)
    binary.chmod(0o755)
    done = start(binary, tmp_path, **{WAYPOINT.cookie_name: WAYPOINT.cookie_value})
    assert done.returncode == 1
    assert "this program is damaged: what it holds has another hash" in done.stdout
    assert unpacked(tmp_path) == []


def test_an_unsafe_place_is_refused(built: dict[str, Any], tmp_path: Path) -> None:
    """A place that others can write to, or a link, is not used: what is run lies in it."""
    place = tmp_path / ".cache/waypaas/plugins"
    place.mkdir(parents=True)
    place.chmod(0o777)
    done = start(built["path"], tmp_path)
    assert (done.returncode, f"{place} is not safe" in done.stderr) == (1, True)
    place.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    place.symlink_to(tmp_path / "elsewhere")
    done = start(built["path"], tmp_path)
    assert (done.returncode, f"{place} is not safe" in done.stderr) == (1, True)


def test_a_full_disk_leaves_nothing(built: dict[str, Any], tmp_path: Path) -> None:
    """Where there is no room to unpack, the reason is told, and the half is removed."""
    mapped = [] if os.geteuid() == 0 else ["--map-root-user"]
    script = f'mount -t tmpfs -o size=8m tmpfs "$HOME"; "{built["path"]}"; find "$HOME" -name "*partial*" -o -type f'
    done = subprocess.run(
        ["unshare", *mapped, "--mount", "sh", "-c", script], env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert "no space left on device; see to that, or set XDG_CACHE_HOME" in done.stderr
    assert done.stdout == ""


def test_what_it_is_made_of(built: dict[str, Any], sources: Path) -> None:
    """The bill of materials names version, interpreter, C library and packages; each package has a licence."""
    bill = json.loads(Path(f"{built['path']}.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": built["sha256"]}]
    parts = {one["name"]: one for one in bill["components"]}
    version = ".".join(str(part) for part in sys.version_info[:3])
    assert parts["cpython"]["version"] == version
    interpreter = hashlib.sha256(Path(sys.executable).resolve().read_bytes()).hexdigest()
    assert parts["cpython"]["hashes"] == [{"alg": "SHA-256", "content": interpreter}]
    assert {"grpcio", "protobuf", "pyyaml", "waypaas", "libc.so.6"} <= set(parts)
    assert {"boto3", "pytest", "typer", "moto"} & set(parts) == set()
    told = subprocess.run([sys.executable, sources / "tools/version.py"], capture_output=True, text=True, check=True)
    assert bill["metadata"]["component"]["version"] == parts["waypaas"]["version"] == told.stdout.strip()
    refs = [one["bom-ref"] for one in bill["components"]]
    assert len(refs) == len(set(refs))
    licences = Path(f"{built['path']}.licenses.txt").read_text()
    listed = dict(line.split(": ", 1) for line in licences.split("\n\n", 1)[0].splitlines() if ": " in line)
    packages = [f"{one['name']} {one['version']}" for one in bill["components"] if one["type"] == "library"]
    assert [name for name in packages if not listed.get(name)] == []


def test_there_is_no_such_plugin(tmp_path: Path) -> None:
    """A name that is no plugin is refused with the names that there are; so is a directory that is no checkout."""
    done = subprocess.run(
        [PROGRAM, "plugins", "build", "--source", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "is no checkout of this project" in done.stderr) == (1, True)


def test_the_launcher_is_in_the_wheel(tmp_path: Path) -> None:
    """An installed `wps` has the launcher's sources, of which it builds."""
    search = os.pathsep.join([os.environ["PATH"], str(CACHE / "uv/bin")])
    command = ["uv", "build", "--wheel", "--quiet", "--out-dir", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"PATH": search}, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = {path.name for path in (ROOT / "wps/pluginset/launcher").iterdir()}
        assert {"go.mod", "main.go", "appended.go", "embedded.go"} <= names
        assert {f"wps/pluginset/launcher/{name}" for name in names} <= set(wheel.namelist())
