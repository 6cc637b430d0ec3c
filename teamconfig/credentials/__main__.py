"""Print the manifests that a cluster needs: python -m teamconfig.credentials STANDARDS [ENVIRONMENT ...]."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from teamconfig import source
from teamconfig.credentials import rbac
from teamconfig.errors import StandardsError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it.

    Args:
        arguments: Of the command line; those of the process if None.

    Returns:
        Exit code: 1 if the standards cannot be used.
    """
    parser = argparse.ArgumentParser(prog="python -m teamconfig.credentials", description=__doc__)
    parser.add_argument("standards", help="directory, or git+URL#ref, as in WAYPAAS_STANDARDS")
    parser.add_argument("environments", nargs="*", help="that live on the cluster; all if none is named")
    parser.add_argument(
        "--service-account", default="waypaas/waypaas", help="NAMESPACE/NAME of the service; '' for none"
    )
    wanted = parser.parse_args(arguments)
    namespace, _, account = wanted.service_account.rpartition("/")
    try:
        tree = source.read(wanted.standards, Path.cwd(), os.environ)
        made = rbac.manifests(
            tree, environments=wanted.environments, service_account=account, service_namespace=namespace or "waypaas"
        )
    except StandardsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    yaml.safe_dump_all(made, sys.stdout, sort_keys=False)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
