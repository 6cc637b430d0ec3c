"""The version of the distribution, as git's tags tell it; wheel, sdist, `wps --version` and plugins take it from here.

python tools/version.py      prints it

At a tag v1.2.3 it is 1.2.3. Behind one it is that of the next release, with the count of commits: 1.2.4.dev5+g0123abc.
In an sdist it is the sdist's own. Started by the build, so it uses nothing but the standard library.
"""

from __future__ import annotations

import re
import subprocess
from email.parser import HeaderParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRST = "0.1.0"
"""The release that comes first: named where no tag is."""

TAG = re.compile(r"v(\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?)")
_DESCRIBED = re.compile(rf"{TAG.pattern}-(\d+)-g([0-9a-f]+)(-dirty)?")


def version(source: Path = ROOT) -> str:
    """Tell the version.

    Args:
        source: A checkout, with or without tags; an unpacked sdist; or a copy of the files alone.

    Returns:
        By the rules of PEP 440.
    """
    if _git(source, "rev-parse", "--show-toplevel") == str(source.resolve()):
        return _of_checkout(source)
    kept = source / "PKG-INFO"
    if kept.is_file():
        return str(HeaderParser().parsestr(kept.read_text(encoding="utf-8"))["Version"])
    return f"{FIRST}.dev0"


def _of_checkout(source: Path) -> str:
    described = _git(source, "describe", "--tags", "--long", "--dirty", "--match", "v[0-9]*.[0-9]*.[0-9]*")
    found = _DESCRIBED.fullmatch(described)
    if found is None:
        count, commit = (_git(source, "rev-list", "--count", "HEAD"), _git(source, "rev-parse", "--short", "HEAD"))
        return f"{FIRST}.dev{count or 0}" + (f"+g{commit}" if commit else "")
    release, count, commit, dirty = found.groups()
    if count == "0" and not dirty:
        return release
    return f"{_next(release)}.dev{count}+g{commit}" + (".dirty" if dirty else "")


def _next(release: str) -> str:
    """Count the last number of a release up: what is built on the way to it sorts before it."""
    head, last = re.fullmatch(r"(.*?)(\d+)", release).groups()  # type: ignore[union-attr]  # a release ends in a number
    return f"{head}{int(last) + 1}"


def _git(source: Path, *arguments: str) -> str:
    """Ask git; empty where there is none, or it knows nothing."""
    command = ["git", "-C", str(source), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # named above
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


if __name__ == "__main__":
    print(version())
