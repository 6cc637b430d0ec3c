"""What importing the package costs."""

from __future__ import annotations

import subprocess
import sys

MODULES = [
    "doctor",
    "hosts",
    "images",
    "login",
    "policies",
    "preflight",
    "registries",
    "registry",
    "replication",
    "repositories",
    "settings",
]


def test_the_aws_library_is_not_imported_before_a_call() -> None:
    """All modules of the package, and a client of it, are had without boto3 and botocore."""
    code = (
        f"import sys; {'; '.join(f'import imagemover.ecr.{name}' for name in MODULES)}\n"
        "imagemover.ecr.registries.Ecr().close()\n"
        "print([name for name in sys.modules if name.startswith(('boto', 'urllib3', 's3transfer'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
