"""Builds the binaries of this distribution's plugins, for this machine's platform.

Owns the order: wheel, packages as the lock says, folder, binary. What is in a folder is in `tree`; that a second build
gives the same bytes is held by a test.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import zipfile
from dataclasses import dataclass
from email.parser import Parser
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from teamconfig import errors
from wps.pluginset import bundle, materials, programs, refusals, scratch, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wps.pluginset.programs import Program

LAUNCHER = Path(__file__).with_name("launcher")
_COPIED = (
    "PATH",
    "HOME",
    "XDG_CACHE_HOME",
    "TMPDIR",
    "UV_CACHE_DIR",
    "UV_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "SSL_CERT_FILE",
)
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy")


@dataclass(frozen=True, slots=True)
class Built:
    """A binary that was built.

    Args:
        program: The plugin.
        path: The file.
        sha256: Of it, in hex.
        size: Of it, in bytes.
        unpacked: Bytes that it unpacks to.
    """

    program: Program
    path: Path
    sha256: str
    size: int
    unpacked: int


def build(checkout: Path, out: Path, wanted: Sequence[str], tell: Callable[[str], None]) -> list[Built]:
    """Build.

    Args:
        checkout: Of this project, with its uv.lock.
        out: Gets a folder for the platform, with the binaries, their SBOMs and their licences.
        wanted: Names of plugins; none: all.
        tell: Told what is being done.

    Returns:
        What was built, by name.

    Raises:
        StandardsError: The directory is no checkout (kind missing), there is no such plugin (option), or a step fails.
    """
    _check(checkout)
    target = out / programs.folder(programs.this_platform())
    with scratch.folder("waypaas-build-") as work:
        tell("wheel and launcher")
        wheel = _wheel(checkout, work / "wheel")
        launcher = _launcher(work / "launcher")
        described = _described(wheel)
        chosen = _chosen(described.programs, wanted)
        tell("interpreter")
        tree.base(work / "base")
        with refusals.writing("the binaries cannot be written", target):
            target.mkdir(parents=True, exist_ok=True)
        made = []
        for program in chosen:
            tell(program.file)
            made.append(_one(program, _Parts(checkout, wheel, launcher, described.extras), work, target))
        return made


@dataclass(frozen=True, slots=True)
class _Parts:
    """What each binary is made of."""

    checkout: Path
    wheel: Path
    launcher: bytes
    extras: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Described:
    """What the wheel says of itself."""

    programs: list[Program]
    extras: list[str]


def _check(checkout: Path) -> None:
    here = programs.this_platform()
    if sys.platform != "linux" or not programs.PLATFORM.fullmatch(here):
        why = "a binary starts its interpreter by glibc's loader, which there is on Linux, for amd64 and arm64 alone"
        fix = "build on Linux for the platforms that are to have plugins"
        raise errors.state(f"binaries for {here} cannot be made", why, fix, here)
    if not (checkout / "uv.lock").is_file() or not (checkout / "pyproject.toml").is_file():
        why = "binaries are built of the sources, with the versions of their uv.lock"
        fix = "go to a checkout of this project, or name it with --source"
        raise errors.missing(f"{checkout} is no checkout of this project", why, fix, str(checkout))


def _environ() -> dict[str, str]:
    """Give tools what they need of our environment, and nothing that would change what they make."""
    kept = {name: os.environ[name] for name in (*_COPIED, *_PROXIES) if name in os.environ}
    return {**kept, "SOURCE_DATE_EPOCH": "315532800", "UV_NO_PROGRESS": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _wheel(checkout: Path, into: Path) -> Path:
    command = ["uv", "build", "--wheel", "--quiet", "--out-dir", str(into)]
    refusals.run(command, cwd=checkout, environ=_environ(), doing="build the wheel")
    return next(into.glob("*.whl"))


def _launcher(into: Path) -> bytes:
    environ = {**_environ(), "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off"}
    command = ["go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid=", "-o", str(into), "."]
    refusals.run(command, cwd=LAUNCHER, environ=environ, doing="compile the launcher")
    return into.read_bytes()


def _described(wheel: Path) -> _Described:
    with zipfile.ZipFile(wheel) as opened:
        texts = {Path(name).name: opened.read(name).decode() for name in opened.namelist() if ".dist-info/" in name}
    entries = metadata.EntryPoints._from_text(texts["entry_points.txt"])  # type: ignore[attr-defined]  # noqa: SLF001
    extras = Parser().parsestr(texts["METADATA"]).get_all("Provides-Extra", [])
    return _Described(programs.programs(entries), list(extras))


def _chosen(known: Sequence[Program], wanted: Sequence[str]) -> list[Program]:
    names = [program.name for program in known]
    for name in wanted:
        if name not in names:
            why, fix = f"the plugins are {', '.join(names)}", "name one of them, or none for all"
            raise errors.StandardsError(
                [errors.Problem(f"there is no plugin {name}", why, fix, "the argument NAME", "option")]
            )
    return [program for program in known if not wanted or program.name in wanted]


def _one(program: Program, parts: _Parts, work: Path, target: Path) -> Built:
    """Build one binary, with what is told about it."""
    folder = work / program.name
    shutil.copytree(work / "base", folder)
    installed = work / f"{program.name}-installed"
    locked = _install(program, parts, installed)
    tree.packages(installed, folder)
    linked = tree.libraries(folder)
    tree.entry(program, parts.launcher, folder)
    found = materials.collect(installed, locked, linked)
    licences = materials.licences(found)
    (folder / "LICENSES.txt").write_text(licences)
    unpacked = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    data = bundle.binary(parts.launcher, bundle.archive(folder), program.file)
    digest = hashlib.sha256(data).hexdigest()
    version = next(one.version for one in found if one.name == "waypaas")
    bill = materials.bill(program.file, version, programs.this_platform(), digest, found)
    path = target / program.file
    with refusals.writing(f"{program.file} cannot be written", path):
        _write(path, data, 0o755)
        _write(path.with_name(f"{program.file}.cdx.json"), bill.encode(), 0o644)
        _write(path.with_name(f"{program.file}.licenses.txt"), licences.encode(), 0o644)
    shutil.rmtree(folder)
    shutil.rmtree(installed)
    return Built(program, path, digest, len(data), unpacked)


def _install(program: Program, parts: _Parts, into: Path) -> str:
    """Install what the lock names for a plugin, each by its hash; give the lock's lines."""
    extras = [word for extra in program.extras(parts.extras) for word in ("--extra", extra)]
    export = ["uv", "export", "--frozen", "--no-dev", "--no-emit-project", "--quiet", "--no-header", *extras]
    environ = _environ()
    locked = refusals.run(export, cwd=parts.checkout, environ=environ, doing="read uv.lock")
    listed = into.with_suffix(".txt")
    listed.write_text(locked)
    install = ["uv", "pip", "install", "--quiet", "--no-config", "--no-deps", "--target", str(into)]
    python = ["--python", sys.executable]
    locked_only = ["--require-hashes", "--only-binary", ":all:", "-r", str(listed)]
    refusals.run([*install, *python, *locked_only], cwd=into.parent, environ=environ, doing="install the packages")
    refusals.run([*install, *python, str(parts.wheel)], cwd=into.parent, environ=environ, doing="install the wheel")
    return locked


def _write(path: Path, data: bytes, mode: int) -> None:
    draft = path.with_name(f".{path.name}.partial")
    try:
        draft.write_bytes(data)
        draft.chmod(mode)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
