"""Make the committed Python from the contracts in proto/.

`gen_protos.py` writes `waypaas_sdk/gen`; `--check` only compares and tells what
to run. Runs in an environment of its own with the oldest supported compiler
(`make protos`), so that its output loads on every runtime that we support.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
GEN = ROOT / "waypaas_sdk" / "gen"
PACKAGE = "waypaas_sdk.gen"


def compile_into(target: Path) -> None:
    """Run protoc over every contract and mend the imports of what it wrote.

    Args:
        target: Existing empty directory.

    Raises:
        SystemExit: protoc refused a file; it has printed why.
    """
    sources = sorted(str(p.relative_to(PROTO)) for p in PROTO.rglob("*.proto"))
    wellknown = Path(grpc_tools.__file__).parent / "_proto"
    googleapis = next(Path(p) for p in sys.path if (Path(p) / "google/rpc/status.proto").is_file())
    code = protoc.main(
        [
            "protoc",
            *(f"-I{path}" for path in (PROTO, wellknown, googleapis)),
            f"--python_out={target}",
            f"--pyi_out={target}",
            *sources,
        ]
    )
    if code != 0:
        raise SystemExit(code)
    ours = {Path(s).parts[0] for s in sources}
    for path in sorted(target.rglob("*.py*")):
        path.write_text(mend_imports(path.read_text(), ours))
    for directory in [target, *(p for p in target.rglob("*") if p.is_dir())]:
        (directory / "__init__.py").write_text("")


def mend_imports(text: str, ours: set[str]) -> str:
    """Let generated modules find each other below our package.

    Args:
        text: Source of one generated module.
        ours: Top folders of proto/, for instance {"hashicorp", "docker"}.

    Returns:
        The source with `from docker import x` made `from waypaas_sdk.gen.docker import x`.
    """
    names = "|".join(sorted(ours))
    return re.sub(rf"^from ({names})([\w.]*) import", rf"from {PACKAGE}.\1\2 import", text, flags=re.MULTILINE)


def files(directory: Path) -> dict[str, str]:
    """Read a tree of sources.

    Args:
        directory: Where it begins.

    Returns:
        Text by path relative to `directory`.
    """
    return {
        str(p.relative_to(directory)): p.read_text() for p in directory.rglob("*.py*") if p.suffix in {".py", ".pyi"}
    }


def main() -> int:
    """Write, or with --check compare.

    Returns:
        Exit code: 1 when --check found a difference.
    """
    parser = argparse.ArgumentParser(description="Generate Python from proto/.")
    parser.add_argument("--check", action="store_true", help="compare only, change nothing")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as scratch:
        compile_into(Path(scratch))
        made = files(Path(scratch))
    present = files(GEN) if GEN.is_dir() else {}
    stale = sorted(name for name in made.keys() | present.keys() if made.get(name) != present.get(name))
    if check:
        for name in stale:
            sys.stderr.write(f"waypaas_sdk/gen/{name} is not what proto/ says; run: make protos\n")
        return 1 if stale else 0
    for name in stale:
        path = GEN / name
        if name in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[name])
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
