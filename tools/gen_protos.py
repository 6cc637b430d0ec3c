"""Make the committed Python from the contracts in proto/.

`make protos` writes them, `make protos-check` only compares. Runs in an
environment of its own with the oldest supported compiler, so that its output
loads on every runtime that we support.
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
SDK = ("waypaas_sdk/gen", "waypaas_sdk.gen")
OTHERS = {
    "team_ecs": ("plugins/team_ecs/gen", "team_ecs.gen"),
    "team_k8s": ("plugins/team_k8s/gen", "team_k8s.gen"),
    "test_stage": ("plugins/test_stage/gen", "test_stage.gen"),
    "waypaas": ("teamconfig/gen", "teamconfig.gen"),
}
"""By top folder of proto/, where its code goes and under which package; all others are the SDK's."""


def contracts() -> list[str]:
    """List every contract, by path relative to proto/."""
    return sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))


def compile_all(outputs: list[str]) -> None:
    """Run protoc over every contract.

    Args:
        outputs: Its options that say what to write.

    Raises:
        SystemExit: protoc refused a file; it has printed why.
    """
    wellknown = Path(grpc_tools.__file__).parent / "_proto"
    googleapis = next(Path(p) for p in sys.path if (Path(p) / "google/rpc/status.proto").is_file())
    code = protoc.main(["protoc", *(f"-I{path}" for path in (PROTO, wellknown, googleapis)), *outputs, *contracts()])
    if code != 0:
        raise SystemExit(code)


def compile_into(target: Path) -> None:
    """Generate Python of every contract and mend the imports of what was written.

    Args:
        target: Existing empty directory.

    Raises:
        SystemExit: protoc refused a file; it has printed why.
    """
    compile_all([f"--python_out={target}", f"--pyi_out={target}"])
    ours = {Path(name).parts[0] for name in contracts()}
    for path in sorted(target.rglob("*.py*")):
        path.write_text(mend_imports(path.read_text(), ours))
    for directory in (p for p in target.rglob("*") if p.is_dir()):
        (directory / "__init__.py").write_text("")


def mend_imports(text: str, ours: set[str]) -> str:
    """Let generated modules find each other below our packages.

    Args:
        text: Source of one generated module.
        ours: Top folders of proto/, for instance {"hashicorp", "docker"}.

    Returns:
        The source with `from docker import x` made `from waypaas_sdk.gen.docker import x`.
    """
    for top in sorted(ours):
        package = OTHERS.get(top, SDK)[1]
        written, meant = rf"^from {top}((?:\.[\w.]+)?) import", rf"from {package}.{top}\1 import"
        text = re.sub(written, meant, text, flags=re.MULTILINE)
    return text


def files(directory: Path) -> dict[str, str]:
    """Read a tree of sources.

    Args:
        directory: Where it begins.

    Returns:
        Text by path relative to `directory`.
    """
    found = (path for path in directory.rglob("*.py*") if path.suffix in {".py", ".pyi"})
    return {str(path.relative_to(directory)): path.read_text() for path in found}


def placed(made: dict[str, str]) -> dict[str, str]:
    """Say where in the repository each generated file goes.

    Args:
        made: Text by path relative to the compiler's output.

    Returns:
        Text by path relative to the repository, with the `__init__.py` of each `gen`.
    """
    result = {f"{home}/__init__.py": "" for home, _ in (SDK, *OTHERS.values())}
    for name, text in made.items():
        result[f"{OTHERS.get(Path(name).parts[0], SDK)[0]}/{name}"] = text
    return result


def main() -> int:
    """Write, or with --check compare.

    Returns:
        Exit code: 1 when --check found a difference.
    """
    parser = argparse.ArgumentParser(description="Generate Python from proto/.")
    parser.add_argument("--check", action="store_true", help="compare only, change nothing")
    parser.add_argument("--descriptors", type=Path, help="only write a FileDescriptorSet of all contracts to this file")
    arguments = parser.parse_args()
    if arguments.descriptors:
        compile_all([f"--descriptor_set_out={arguments.descriptors}", "--include_imports"])
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        compile_into(Path(scratch))
        made = placed(files(Path(scratch)))
    present: dict[str, str] = {}
    for home, _ in (SDK, *OTHERS.values()):
        present |= {f"{home}/{name}": text for name, text in files(ROOT / home).items()}
    stale = sorted(name for name in made.keys() | present.keys() if made.get(name) != present.get(name))
    for name in stale:
        path = ROOT / name
        if arguments.check:
            sys.stderr.write(f"{name} is not what proto/ says; run: make protos\n")
        elif name in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[name])
        else:
            path.unlink()
    return 1 if arguments.check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
