"""The steps of a release, each to be run by hand or by the release workflow; nothing here pushes anything.

python tools/release.py check --tag v1.2.3      version, changelog and tag agree
python tools/release.py packages --out dist     wheel and sdist, whose metadata is held to the index's rules
python tools/release.py plugins --out dist      the plugin binaries for this platform, packed for upload
python tools/release.py sums --out dist         SHA256SUMS of everything in it
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "waypaas"
SUMS = "SHA256SUMS"
_TAG = re.compile(r"v(\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?)")


def run(*command: str, source: Path) -> None:
    """Run a step's program, with what `make setup` has installed.

    Args:
        *command: Program and arguments.
        source: Where.

    Raises:
        SystemExit: It failed; its output was shown.
    """
    places = [str(Path(sys.executable).parent), str(CACHE / "uv/bin"), str(CACHE / "go/bin"), os.environ["PATH"]]
    environ = os.environ | {"PATH": os.pathsep.join(places)}
    if subprocess.run(command, cwd=source, env=environ, check=False).returncode:  # noqa: S603  # our own commands
        stop(f"`{' '.join(command[:3])}` failed", "see above", "mend that, and run the step again")


def stop(what: str, why: str, fix: str) -> None:
    """End with an error.

    Args:
        what: What happened.
        why: The rule.
        fix: What to do.

    Raises:
        SystemExit: Always.
    """
    sys.stderr.write(f"release: {what}\n  {why}\n  {fix}\n")
    raise SystemExit(1)


def check(source: Path, tag: str) -> None:
    """Hold tag, version and changelog against each other.

    Args:
        source: The checkout.
        tag: "v1.2.3".

    Raises:
        SystemExit: They do not agree.
    """
    named = _TAG.fullmatch(tag)
    if named is None:
        stop(f"{tag} is no tag of a release", "a tag is v and a version: v1.2.3, v1.2.3rc1", "name another tag")
        return
    command = [sys.executable, str(source / "tools/version.py")]
    version = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603  # ours
    if version != named[1]:
        fix = "release a clean checkout of the tag; `git fetch --tags` brings tags that are missing"
        stop(f"{tag} is not the version", f"git tells {version}", fix)
    changes = (source / "CHANGELOG.md").read_text(encoding="utf-8")
    if not re.search(rf"^## \[?{re.escape(version)}\]?( |$)", changes, re.MULTILINE):
        stop(f"CHANGELOG.md does not tell of {version}", f"it has no `## {version}`", "write what changes for users")
    print(f"{tag}: version and changelog agree")


def packages(source: Path, out: Path) -> None:
    """Build wheel and sdist, and hold their metadata to the index's rules.

    Args:
        source: The checkout.
        out: Gets them.

    Raises:
        SystemExit: A step failed.
    """
    run("uv", "build", "--quiet", "--out-dir", str(out), source=source)
    made = sorted(str(path) for path in out.iterdir() if path.name.endswith((".whl", ".tar.gz")))
    run("uv", "tool", "run", "--from", "twine>=7", "twine", "check", "--strict", *made, source=source)


def plugins(source: Path, out: Path) -> None:
    """Build the plugin binaries for this platform, and pack them with what is told about them.

    Args:
        source: The checkout.
        out: Gets plugins-PLATFORM.tar.

    Raises:
        SystemExit: A step failed.
    """
    built = out / "plugins"
    run("wps", "plugins", "build", "--source", str(source), "--out", str(built), source=source)
    for folder in sorted(built.iterdir()):
        with tarfile.open(out / f"plugins-{folder.name}.tar", "w") as packed:
            packed.add(folder, folder.name, filter=_plain)
    shutil.rmtree(built)


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Take out of an entry what differs from build to build."""
    entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, 0, "", ""
    return entry


def sums(out: Path) -> None:
    """Write the hashes of everything that is to be uploaded.

    Args:
        out: With the files.

    Raises:
        SystemExit: There is nothing.
    """
    files = sorted(path for path in out.iterdir() if path.is_file() and path.name not in {SUMS, ".gitignore"})
    if not files:
        stop(f"{out} is empty", "there is nothing to release", "run the steps before this one")
    lines = []
    for path in files:
        with path.open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}\n")
    (out / SUMS).write_text("".join(lines), encoding="utf-8")
    print("".join(lines), end="")


def main() -> None:
    """Run one step."""
    parser = argparse.ArgumentParser(description="a step of a release")
    parser.add_argument("step", choices=["check", "packages", "plugins", "sums"])
    parser.add_argument("--tag", default="", help="of the release: v1.2.3")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where what is built goes")
    parser.add_argument("--source", type=Path, default=ROOT, help="the checkout")
    given = parser.parse_args()
    source, out = given.source.absolute(), given.out.absolute()
    if given.step == "check":
        check(source, given.tag)
        return
    out.mkdir(parents=True, exist_ok=True)
    if given.step == "sums":
        sums(out)
    elif given.step == "packages":
        packages(source, out)
    else:
        plugins(source, out)


if __name__ == "__main__":
    main()
