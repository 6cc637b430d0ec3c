"""Builds the binaries of this distribution's plugins, for this machine's platform.

Owns the order: wheel, packages as the lock says, folder, binary. What is in a folder is in `tree`; that a second build
gives the same bytes is held by a test.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from dataclasses import dataclass
from email.parser import Parser
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from teamconfig import errors
from wps.pluginset import bundle, forms, launchers, locked, materials, programs, refusals, scratch, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wps.pluginset.forms import Form
    from wps.pluginset.interpreter import Interpreter
    from wps.pluginset.programs import Program

_COPIED = (
    "PATH",
    "HOME",
    "XDG_CACHE_HOME",
    "TMPDIR",
    "UV_CACHE_DIR",
    "UV_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "UV_PYTHON_INSTALL_MIRROR",
    "UV_PYTHON_DOWNLOADS_JSON_URL",
    "GOCACHE",
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


def build(
    checkout: Path, out: Path, wanted: Sequence[str], tell: Callable[[str], None], form: Form | None = None
) -> list[Built]:
    """Build.

    Args:
        checkout: Of this project, with its uv.lock.
        out: Gets a folder for the platform, with the binaries, their SBOMs and their licences.
        wanted: Names of plugins; none: all.
        tell: Told what is being done.
        form: Of the binaries; the platform's own if left out.

    Returns:
        What was built, by name.

    Raises:
        StandardsError: The directory is no checkout (kind missing), there is no such plugin (option), or a step fails.
    """
    form = form or forms.form(programs.this_platform())
    _check(checkout)
    target = out / programs.folder(programs.this_platform())
    with scratch.folder("waypaas-build-") as work:
        tell("wheel and launcher")
        wheel = _wheel(checkout, work / "wheel")
        launcher = launchers.plain(form, work / "launcher", _environ())
        described = _described(wheel)
        chosen = _chosen(described.programs, wanted)
        tell("interpreter")
        python = form.python(_environ())
        tree.base(form, python, work / "base")
        with refusals.writing("the binaries cannot be written", target):
            target.mkdir(parents=True, exist_ok=True)
        made = []
        for program in chosen:
            tell(program.file)
            made.append(_one(program, _Parts(checkout, form, python, wheel, launcher, described.extras), work, target))
        return made


@dataclass(frozen=True, slots=True)
class _Parts:
    """What each binary is made of."""

    checkout: Path
    form: Form
    python: Interpreter
    wheel: Path
    launcher: bytes
    extras: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Described:
    """What the wheel says of itself."""

    programs: list[Program]
    extras: list[str]


def _check(checkout: Path) -> None:
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
    environ = _environ()
    named = locked.lines(parts.checkout, program.extras(parts.extras), environ)
    locked.install(named, parts.form, parts.python, installed, environ)
    locked.wheel(parts.wheel, parts.form, parts.python, installed, environ)
    tree.packages(parts.python, installed, folder)
    linked = parts.form.complete(folder, parts.python)
    tree.entry(program, parts.launcher, folder)
    found = materials.collect(parts.python, installed, named, linked)
    licences = materials.licences(found)
    (folder / "LICENSES.txt").write_text(licences)
    unpacked = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    payload = bundle.archive(folder)
    if parts.form.embedded:
        data = launchers.embedding(parts.form, payload, program.file, work / f"{program.name}-launcher", environ)
    else:
        data = bundle.binary(parts.launcher, payload, program.file)
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


def _write(path: Path, data: bytes, mode: int) -> None:
    draft = path.with_name(f".{path.name}.partial")
    try:
        draft.write_bytes(data)
        draft.chmod(mode)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
