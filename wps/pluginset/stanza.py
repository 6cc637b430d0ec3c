"""The `plugin` blocks of a waypoint.hcl, by which Waypoint itself holds a binary against its SHA-256.

Owns where they go in the text. Waypoint wants a block `type` in each, and fills it from what is used.

Source: hashicorp/waypoint internal/config/plugin.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wps import hclfile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wps.hclfile import Block

_BLOCK = """\

plugin "{name}" {{
  type {{}}
  checksum = "{checksum}"
}}
"""


def used(root: Block) -> set[str]:
    """List what a file uses.

    Args:
        root: Its content.

    Returns:
        The names behind `use`.
    """
    found = {root.labels[0]} if root.type == "use" and root.labels else set()
    for inner in root.blocks:
        found |= used(inner)
    return found


def written(text: str, path: str, checksums: Mapping[str, str]) -> str:
    """Write the blocks of the plugins that a file uses.

    Args:
        text: Its content.
        path: Its name, for errors.
        checksums: SHA-256 in hex by name of the plugin.

    Returns:
        Its content with a block for each plugin that it uses and that has a checksum; the rest is as it was.

    Raises:
        StandardsError: It is not valid HCL (kind option).
    """
    for name in sorted(used(hclfile.parse(text, path)) & set(checksums)):
        root = hclfile.parse(text, path)
        block = root.find("plugin", name)
        if block is None:
            text = f"{text.rstrip()}\n{_BLOCK.format(name=name, checksum=checksums[name])}"
        elif "checksum" in block.attributes:
            _, begin, end = block.spans["checksum"]
            text = f'{text[:begin]}"{checksums[name]}"{text[end:]}'
        else:
            begin = block.span[1]
            text = f'{text[:begin]}\n  checksum = "{checksums[name]}"{text[begin:]}'
    return text
