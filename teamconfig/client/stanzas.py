"""Options of waypoint.hcl as the contract with the service has them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from teamconfig.stanza import Stanza


def stanzas_json(stanzas: Sequence[Stanza]) -> bytes:
    """Write options of waypoint.hcl.

    Args:
        stanzas: The options, by section.

    Returns:
        JSON; empty for none.
    """
    if not stanzas:
        return b""
    found = [{"section": one.section, "path": one.path, "values": one.values} for one in stanzas]
    return json.dumps(found, default=dict).encode()
