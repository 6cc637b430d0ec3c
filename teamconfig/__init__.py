"""The standards of a company's teams: read from YAML, resolved for one app in one environment, and explained.

Knows nothing of Waypoint, gRPC or clouds. `load` finds and reads the standards,
`resolve.profile` resolves them, `explain` tells where a value came from.
"""

from __future__ import annotations

from teamconfig.errors import Problem, StandardsError

__all__ = ["Problem", "StandardsError"]
