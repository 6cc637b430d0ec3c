"""The options of `use "team-k8s"`: section `kubernetes` of the standards, and within it section `network`."""

from __future__ import annotations

from dataclasses import dataclass

from teamconfig.model import Kubernetes, Network
from teamconfig.model.option import option


@dataclass(kw_only=True)
class Options(Kubernetes):
    """Options of platform and release manager; each has its value by the standards, these deviate from them."""

    network: Network | None = option("block", "How the world reaches the app.")
