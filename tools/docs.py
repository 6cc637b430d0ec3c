"""Write the documents that are made from the code; with --check only compare them.

docs/options/PLUGIN.md from the options of each plugin's components, the table of
docs/migrating-from-builtin.md from that of `wps import`, docs/parity.md from
that of `wps create`, and docs/standards.md from the model of the standards.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from team_ecr.builder import EcrBuilder
from team_ecr.registry import EcrRegistry
from team_ecs.launcher import EcsTaskLauncher
from team_ecs.platform import EcsPlatform
from team_ecs.releaser import EcsReleaseManager
from team_k8s.builder import K8sBuilder
from team_k8s.launcher import K8sTaskLauncher
from team_k8s.platform import K8sPlatform
from team_k8s.releaser import K8sReleaseManager
from test_stage.builder import TestBuilder
from test_stage.releaser import TestReleaseManager
from waypaas_sdk import optiondocs
from wps import parity
from wps.migration import builtin

if TYPE_CHECKING:
    from waypaas_sdk.component import Component

ROOT = Path(__file__).resolve().parent.parent
PLUGINS: dict[str, tuple[type[Component], ...]] = {
    "team-ecr": (EcrBuilder, EcrRegistry),
    "team-ecs": (EcsPlatform, EcsReleaseManager, EcsTaskLauncher),
    "team-k8s": (K8sBuilder, K8sPlatform, K8sReleaseManager, K8sTaskLauncher),
    "test": (TestBuilder, TestReleaseManager),
}
HEADER = "<!-- Made by `make docs` from the code. -->\n\n"
MIGRATING = ROOT / "docs" / "migrating-from-builtin.md"
PARITY = """# The same app on Kubernetes and on AWS ECS

`wps create --infra ecs` and `--infra k8s` write the same app for the other platform. What is set in waypoint.hcl is
said in the other platform's words, by the first table. What has no counterpart is refused with the closest way, by the
last two: nothing is dropped.

Each platform has a section of standards of its own. What both understand is given to the app in the same way: ports,
environment, cpu, memory, number, and health. The defaults differ where the platforms do (`docs/standards.md`); an app
that says nothing of its health is asked by TCP on Kubernetes, and by HTTP at `/` on ECS.
"""
BEGIN, END = "<!-- begin: made by `make docs` from wps/migration/builtin.py -->", "<!-- end -->"


def documents() -> dict[Path, str]:
    """Make every document.

    Returns:
        Text by path.
    """
    made: dict[Path, str] = {}
    for plugin, components in PLUGINS.items():
        parts = [optiondocs.markdown(plugin, component) for component in components]
        text = f"{HEADER}# Options of {plugin}\n\n" + "\n".join(parts).rstrip() + "\n"
        made[ROOT / "docs" / "options" / f"{plugin}.md"] = text
    made[ROOT / "docs" / "parity.md"] = f"{HEADER}{PARITY}\n" + "\n".join(parity.markdown()) + "\n"
    made[MIGRATING] = between(MIGRATING.read_text(), "\n".join(builtin.markdown()))
    return made


def between(text: str, table: str) -> str:
    """Put a table between the markers of a document.

    Args:
        text: The document.
        table: What is made.

    Returns:
        The document with the table instead of what stood there.

    Raises:
        SystemExit: The document has lost its markers.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{MIGRATING.relative_to(ROOT)} has lost its markers; put these back:\n{BEGIN}\n{END}")
    return f"{before}{begin}\n\n{table}\n{end}{after}"


def main() -> int:
    """Write or compare.

    Returns:
        Exit code: 1 if --check found a difference.
    """
    parser = argparse.ArgumentParser(description="Write the generated documents.")
    parser.add_argument("--check", action="store_true", help="compare only, change nothing")
    check = parser.parse_args().check
    stale = 0
    for path, text in documents().items():
        if path.exists() and path.read_text() == text:
            continue
        if check:
            stale = 1
            sys.stderr.write(f"{path.relative_to(ROOT)} is not what the code says; run: make docs\n")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    command = [sys.executable, str(ROOT / "tools" / "gen_standards_docs.py"), *(["--check"] if check else [])]
    return stale or subprocess.run(command, check=False).returncode  # noqa: S603  # our own tool


if __name__ == "__main__":
    raise SystemExit(main())
