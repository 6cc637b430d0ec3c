"""The tools that are compared: where they come from, and how each is told to copy.

crane, regctl and oras are built from their Go modules into the cache; skopeo is
Debian's. "best" is each with as many requests at a time as helps it; ours is
`wps image copy` with its standby, and "ours plain" without.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "waypaas/bench"
MODULES = {
    "crane": "github.com/google/go-containerregistry/cmd/crane@v0.22.1",
    "regctl": "github.com/regclient/regclient/cmd/regctl@v0.11.7",
    "oras": "oras.land/oras/cmd/oras@v1.3.6",
}
BEST_JOBS = 16
NOBODY = "65534"
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Tool:
    """A tool with its setting.

    Args:
        name: Of the program; "ours".
        best: Whether at its best setting, else at its defaults; ours: whether with a standby.
    """

    name: str
    best: bool

    def __str__(self) -> str:
        if self.name == "ours":
            return "ours" if self.best else "ours plain"
        return self.name + (" best" if self.best else "")


def program(name: str) -> str:
    """Give a program, built if it is missing.

    Args:
        name: Of the tool, or "servers": our own.

    Returns:
        Its path.
    """
    built = CACHE / "bin" / (name if name in MODULES else f"mover-{name}")
    sources = list((ROOT / "bench/mover/gomod").iterdir())
    if name in MODULES and not built.exists():
        subprocess.run(["go", "install", MODULES[name]], check=True, env=os.environ | {"GOBIN": str(built.parent)})
    if name not in MODULES and not (
        built.exists() and built.stat().st_mtime > max(one.stat().st_mtime for one in sources)
    ):
        subprocess.run(["go", "build", "-o", built, "."], check=True, cwd=ROOT / "bench/mover/gomod")
    return str(built)


def _skopeo_copies_in_parallel() -> bool:
    told = subprocess.run(["skopeo", "copy", "--help"], capture_output=True, text=True, check=False)
    return "--image-parallel-copies" in told.stdout


def tools(asked: str = "") -> list[Tool]:
    """Give the tools that take part, ours first.

    Args:
        asked: Names, comma between; empty: all.

    Returns:
        The tools; a peer that knows no other setting than its defaults counts as being at its best there.
    """
    names = asked.split(",") if asked else [*MODULES, "skopeo"]
    found = [Tool("ours", best=True), Tool("ours", best=False)]
    for name in names:
        if name in MODULES:
            program(name)
            found += [Tool(name, best=False), Tool(name, best=True)]
        elif name == "skopeo" and shutil.which("skopeo"):
            found.append(Tool(name, best=False))
            if _skopeo_copies_in_parallel():
                found.append(Tool(name, best=True))
        elif name != "ours":
            sys.exit(f"{name} is not here: apt-get install {name}, or leave it out with --tools")
    return found


def command(tool: Tool, pairs: Pairs, scratch: Path, wps: str) -> tuple[list[str], dict[str, str]]:
    """Say how a tool copies some images.

    Args:
        tool: The tool.
        pairs: Source and destination of each; several keep their names and tags.
        scratch: A fresh directory, for its configuration.
        wps: Path of our program.

    Returns:
        The command, and what it needs in its environment.
    """
    if tool.name == "ours":
        sources, destination = [source for source, _ in pairs], pairs[0][1]
        place = destination if len(pairs) == 1 else f"{destination.rpartition('/')[0]}/"
        return [wps, "image", "copy", *sources, place], {} if tool.best else {"WAYPAAS_STANDBY": "off"}
    environ = {"HOME": str(scratch), "XDG_DATA_HOME": str(scratch), "DOCKER_CONFIG": str(scratch)}
    if tool.name == "crane":
        jobs = f"-j {BEST_JOBS}" if tool.best else ""
        form = f"{program('crane')} copy --insecure {jobs} {{}} {{}}"
    elif tool.name == "oras":
        jobs = f"--concurrency {BEST_JOBS}" if tool.best else ""
        form = f"{program('oras')} cp --from-plain-http --to-plain-http --no-tty {jobs} {{}} {{}}"
    elif tool.name == "regctl":
        hosts = {text.partition("/")[0] for pair in pairs for text in pair}
        more = {"reqConcurrent": BEST_JOBS} if tool.best else {}
        configuration = {"hosts": {host: {"tls": "disabled", "hostname": host} | more for host in hosts}}
        (scratch / "regctl.json").write_text(json.dumps(configuration))
        environ["REGCTL_CONFIG"] = str(scratch / "regctl.json")
        form = f"{program('regctl')} image copy {{}} {{}}"
    else:
        # Not as root, for whom it remembers on this machine where it has put which blob.
        scratch.chmod(0o777)
        who = f"setpriv --reuid {NOBODY} --clear-groups " if os.geteuid() == 0 else ""
        jobs = f"--image-parallel-copies {BEST_JOBS}" if tool.best else ""
        form = f"{who}skopeo copy -q --all --preserve-digests {jobs} --src-tls-verify=false --dest-tls-verify=false"
        form += " docker://{} docker://{}"
    lines = [form.format(*map(shlex.quote, pair)) for pair in pairs]
    # At its best a tool without a command for many images runs once for each, all at a time.
    together = " & ".join(lines) + " & wait" if tool.best and len(lines) > 1 else "\n".join(lines)
    return ["sh", "-ec", together if len(lines) > 1 else f"exec {lines[0]}"], environ
