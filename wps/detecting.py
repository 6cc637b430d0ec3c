"""What a directory tells of how its app is built, and on which port it listens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCKERFILE = "Dockerfile"
_LANGUAGES = {
    "package.json": "Node.js",
    "go.mod": "Go",
    "pyproject.toml": "Python",
    "requirements.txt": "Python",
    "Pipfile": "Python",
    "setup.py": "Python",
    "pom.xml": "Java",
    "build.gradle": "Java",
    "build.gradle.kts": "Java",
    "Gemfile": "Ruby",
    "composer.json": "PHP",
}
"""Files by which the buildpacks that Waypoint's `pack` uses know a language."""

LANGUAGE_FILES = tuple(_LANGUAGES)
_MOST = 1 << 20
_PORT_LARGEST = 65535
_WORD = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))")
_ASSIGNMENT = re.compile(r"""([A-Za-z_][A-Za-z0-9_]*)=("[^"]*"|'[^']*'|\S*)""")
_PAIR = 2


@dataclass(frozen=True, slots=True)
class Found:
    """What was found.

    Args:
        builder: Waypoint's builder: docker, pack, or empty if nothing tells.
        because: The file that tells, with its language.
        port: Port that the app listens on, or None.
    """

    builder: str = ""
    because: str = ""
    port: int | None = None


def look(folder: Path) -> Found:
    """Look at a directory.

    Args:
        folder: That of the app.

    Returns:
        What was found; a file that cannot be read counts as one without content.
    """
    dockerfile = folder / DOCKERFILE
    if dockerfile.is_file():
        return Found("docker", DOCKERFILE, exposed(_text(dockerfile)))
    for name, language in _LANGUAGES.items():
        if (folder / name).is_file():
            return Found("pack", f"{name}, {language}")
    return Found()


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST).decode("utf-8", "replace")
    except OSError:
        return ""


def exposed(dockerfile: str) -> int | None:
    """Find the port that an image exposes.

    Args:
        dockerfile: Text of a Dockerfile.

    Returns:
        The first TCP port that the last stage exposes, or the stages that it is from; None if none does, or a variable
        decides that the file gives no value.
    """
    before: dict[str, str] = {}
    stages: dict[str, tuple[int | None, dict[str, str]]] = {}
    port: int | None = None
    known: dict[str, str] = {}
    name = ""
    for instruction, rest in _instructions(dockerfile):
        if instruction == "FROM":
            words = [word for word in rest.split() if not word.startswith("--")]
            base = words[0].lower() if words else ""
            if name:
                stages[name] = (port, known)
            port, inherited = stages.get(base, (None, {}))
            known = dict(inherited)
            name = words[_PAIR].lower() if len(words) > _PAIR and words[1].lower() == "as" else "\0"
        elif instruction == "ARG":
            declared, sign, value = rest.partition("=")
            (known if name else before)[declared.strip()] = value.strip("\"'") if sign else before.get(declared, "")
        elif instruction == "ENV":
            pairs = _ASSIGNMENT.findall(rest) or [tuple(rest.split(maxsplit=1))]
            known |= {pair[0]: _filled(pair[1].strip("\"'"), known) for pair in pairs if len(pair) == _PAIR}
        elif instruction == "EXPOSE" and port is None:
            port = _port(_filled(rest, known))
    return port


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Give each instruction with what follows it, lines joined, and comments and here-documents left out."""
    escape = "`" if re.match(r"(?:#[^\n]*\n)*#\s*escape\s*=\s*`", text, re.IGNORECASE) else "\\"
    whole = ""
    ends: list[str] = []
    for line in text.splitlines():
        if ends:
            ends = ends[1:] if line.strip() == ends[0] else ends
            continue
        if line.lstrip().startswith("#") or (whole and not line.strip()):
            continue
        whole += line.strip() + " "
        if line.rstrip().endswith(escape):
            whole = whole.rstrip()[:-1]
            continue
        instruction, _, rest = whole.strip().partition(" ")
        if instruction.upper() in ("RUN", "COPY", "ADD"):
            ends = re.findall(r"""<<-?["']?([A-Za-z_][A-Za-z0-9_]*)""", rest)
        if instruction:
            yield instruction.upper(), rest.strip()
        whole = ""


def _filled(text: str, known: dict[str, str]) -> str:
    """Put the values of variables into a text; one that is not known leaves its name."""
    return _WORD.sub(lambda found: known.get(found[1] or found[3]) or found[2] or found[0], text)


def _port(text: str) -> int | None:
    """Read the first TCP port of an EXPOSE."""
    for word in text.split():
        found = re.fullmatch(r"([0-9]{1,5})(?:-[0-9]{1,5})?(?:/tcp)?", word, re.IGNORECASE)
        if found is not None and 0 < int(found[1]) <= _PORT_LARGEST:
            return int(found[1])
    return None
