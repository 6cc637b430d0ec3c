"""What importing costs a plugin process, as names of modules, which unlike times do not depend on the machine."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("teamconfig.model", {"yaml", "hashlib", "difflib", "subprocess", "pathlib", "teamconfig.reading"}),
        ("teamconfig.resolve", {"yaml", "hashlib", "difflib", "subprocess", "pathlib"}),
        ("teamconfig.source", {"difflib", "subprocess", "waypaas_sdk", "grpc", "teamconfig.store.git"}),
    ],
)
def test_modules_that_are_not_loaded(module: str, absent: set[str]) -> None:
    """The model, which each process needs, loads no YAML; resolve does no I/O; a directory needs no git."""
    program = f"import sys, {module}; print('\\n'.join(sys.modules))"
    loaded = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=True).stdout
    assert not absent & set(loaded.split())
