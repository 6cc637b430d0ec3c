"""What a binary is made of: the bill of materials (CycloneDX 1.6, JSON) and the list of licences with their texts.

Owns finding out; both are made of the same list, and neither has a date in it, so that builds repeat.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wps.pluginset.interpreter import Interpreter

_LOCKED = re.compile(r"^([A-Za-z0-9][-A-Za-z0-9._]*)==([^\s;\\]+)(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_TEXT_NAMES = re.compile(r"(licen[cs]e|copying|notice|copyright)", re.IGNORECASE)
_BUILTIN = {"openssl": "Apache-2.0", "zlib": "Zlib", "expat": "MIT"}


@dataclass(frozen=True, slots=True)
class Material:
    """A part of a binary.

    Args:
        name: Of the package, or of the library.
        version: Of it.
        kind: "library" for packages, "platform" for what they stand on.
        licence: As its authors name it; empty if they do not.
        address: Package URL.
        hashes: SHA-256 of what the lock allows to be installed, or of the library's file.
        texts: Licence texts by file name.
    """

    name: str
    version: str
    kind: str
    licence: str
    address: str
    hashes: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)


def collect(python: Interpreter, installed: Path, locked: str, linked: Mapping[str, Path]) -> list[Material]:
    """Find out what a binary is made of.

    Args:
        python: The interpreter.
        installed: Where the packages were installed.
        locked: Lines of the lock, with hashes.
        linked: Shared libraries by name.

    Returns:
        The parts, by name.
    """
    hashes = {_canonical(name): tuple(_HASH.findall(rest)) for name, _, rest in _LOCKED.findall(locked)}
    found = [_package(one, hashes) for one in metadata.distributions(path=[str(installed)])]
    found += [*_interpreter(python), *_system(linked)]
    return sorted(found, key=lambda one: (one.kind, one.name))


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _package(one: metadata.Distribution, hashes: Mapping[str, tuple[str, ...]]) -> Material:
    name = _canonical(one.metadata["Name"])
    licence = one.metadata["License-Expression"] or one.metadata["License"] or ""
    classified = [
        line.rpartition(" :: ")[2] for line in one.metadata.get_all("Classifier", []) if line.startswith("License ::")
    ]
    if not licence or "\n" in licence:
        licence = ", ".join(classified)
    texts = {}
    for file in one.files or []:
        if _TEXT_NAMES.search(file.name) and ".dist-info" in str(file) and not file.name.endswith(".py"):
            texts[file.name] = Path(str(file.locate())).read_text(encoding="utf-8", errors="replace")
    return Material(
        name, one.version, "library", licence, f"pkg:pypi/{name}@{one.version}", hashes.get(name, ()), texts
    )


def _interpreter(python: Interpreter) -> Iterable[Material]:
    """Describe the interpreter, and what it is a distribution of is made with."""
    texts = {}
    for folder in (python.stdlib, python.prefix / "licenses"):
        for text in sorted(folder.glob("LICENSE*.txt")):
            texts[text.name] = text.read_text(encoding="utf-8", errors="replace")
    version = python.version
    digest = hashlib.sha256(python.program.read_bytes()).hexdigest()
    address = f"pkg:generic/cpython@{version}"
    if python.release:
        address = f"pkg:github/astral-sh/python-build-standalone@{python.release}"
    yield Material("cpython", version, "platform", "PSF-2.0", address, (digest,), texts)
    if python.release:  # else what it is made with are libraries of their own, which `_system` describes
        for name, of in sorted(python.builtin.items()):
            yield Material(name, of, "platform", _BUILTIN[name], f"pkg:generic/{name}@{of}")


def _system(linked: Mapping[str, Path]) -> Iterable[Material]:
    """Describe shared libraries, by the Debian package that each came from where there is one."""
    for name, path in sorted(linked.items()):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        package, version = _debian(path)
        text = Path("/usr/share/doc") / package / "copyright"
        texts = {"copyright": text.read_text(encoding="utf-8", errors="replace")} if package and text.is_file() else {}
        address = f"pkg:deb/debian/{package}@{version}" if package else f"pkg:generic/{name}"
        yield Material(
            name, version, "platform", f"see the copyright of {package}" if package else "", address, (digest,), texts
        )


def _debian(path: Path) -> tuple[str, str]:
    """Name the Debian package of a file, and its version; empty where there is none."""
    for tried in (str(path), str(path).removeprefix("/usr")):
        try:
            owner = _said("dpkg-query", "--search", tried)
        except FileNotFoundError:
            break
        if owner:
            package = owner.partition(":")[0]
            return package, _said("dpkg-query", "--show", "--showformat=${Version}", package)
    return "", ""


def _said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # named here
    return done.stdout.strip() if done.returncode == 0 else ""


def bill(name: str, version: str, platform: str, digest: str, parts: Iterable[Material]) -> str:
    """Write the bill of materials.

    Args:
        name: Of the binary.
        version: Of it.
        platform: "linux/amd64".
        digest: Its SHA-256 in hex.
        parts: What it is made of.

    Returns:
        CycloneDX 1.6 as JSON.
    """
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": name,
                "name": name,
                "version": version,
                "hashes": [{"alg": "SHA-256", "content": digest}],
                "properties": [{"name": "waypaas:platform", "value": platform}],
            }
        },
        "components": [_component(one) for one in parts],
    }
    return json.dumps(document, indent=1) + "\n"


def _component(one: Material) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": one.kind,
        "bom-ref": f"{one.address}#{one.name}",
        "name": one.name,
        "purl": one.address,
    }
    if one.version:
        found["version"] = one.version
    if one.licence:
        found["licenses"] = [{"license": {"name": one.licence}}]
    if len(one.hashes) == 1:
        found["hashes"] = [{"alg": "SHA-256", "content": one.hashes[0]}]
    elif one.hashes:
        found["externalReferences"] = [
            {
                "type": "distribution",
                "url": one.address,
                "hashes": [{"alg": "SHA-256", "content": digest} for digest in one.hashes],
            }
        ]
    return found


def licences(parts: Iterable[Material]) -> str:
    """Write the list of licences, then their texts.

    Args:
        parts: What a binary is made of.

    Returns:
        The text.
    """
    listed = [f"{one.name} {one.version}: {one.licence or 'not named by its authors'}" for one in parts]
    texts = [
        f"\n{'=' * 72}\n{one.name} {one.version}: {file}\n{'=' * 72}\n{text.strip()}\n"
        for one in parts
        for file, text in sorted(one.texts.items())
    ]
    return "\n".join(listed) + "\n" + "".join(dict.fromkeys(texts))
