"""The standards themselves: every key that a company can set, one file per section.

Owns names, types, units, bounds, documentation and the defaults of the lowest
layer. Knows nothing of YAML, layers or rules.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from teamconfig.model.ecs import Ecs
from teamconfig.model.kubernetes import Kubernetes
from teamconfig.model.network import Network
from teamconfig.model.observability import Observability
from teamconfig.model.plugins import Plugins
from teamconfig.model.preview import Preview
from teamconfig.model.promotion import Promotion
from teamconfig.model.registry import Registry
from teamconfig.model.tests import Tests

__all__ = [
    "Ecs", "Kubernetes", "Network", "Observability", "Plugins", "Preview", "Promotion", "Registry", "Standards",
    "Tests",
]  # fmt: skip


@dataclass(kw_only=True)
class Standards:
    """All sections."""

    kubernetes: Kubernetes = dataclasses.field(default_factory=Kubernetes)
    ecs: Ecs = dataclasses.field(default_factory=Ecs)
    registry: Registry = dataclasses.field(default_factory=Registry)
    tests: Tests = dataclasses.field(default_factory=Tests)
    promotion: Promotion = dataclasses.field(default_factory=Promotion)
    preview: Preview = dataclasses.field(default_factory=Preview)
    network: Network = dataclasses.field(default_factory=Network)
    observability: Observability = dataclasses.field(default_factory=Observability)
    plugins: Plugins = dataclasses.field(default_factory=Plugins)


SECTIONS: dict[str, type] = {
    "kubernetes": Kubernetes,
    "ecs": Ecs,
    "registry": Registry,
    "tests": Tests,
    "promotion": Promotion,
    "preview": Preview,
    "network": Network,
    "observability": Observability,
    "plugins": Plugins,
}
"""Class of each section by its name, in the order of the documentation."""
