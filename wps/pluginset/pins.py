"""What a machine should have: as the command line says, else as the standards of the app's team do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from teamconfig import errors
from wps.pluginset import signing
from wps.pluginset.syncing import Pin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wps.selection import Choice

_SECTION = "plugins"


def pin(choice: Choice, source: str | None, keys: Sequence[str], names: Sequence[str], serial: int | None) -> Pin:
    """Find out.

    Args:
        choice: The app whose standards count, where the command line names no source.
        source: As the command line has it, or None.
        keys: Public keys, as the command line has them.
        names: Plugins, as the command line has them.
        serial: As the command line has it, or None.

    Returns:
        What this machine should have.

    Raises:
        StandardsError: Nothing names a source or a key (kind missing), or a key is none (option).
    """
    if source is None:
        found = _of_standards(choice, keys, names, serial)
    else:
        found = Pin(source, tuple(keys), tuple(names), serial)
    if not found.keys:
        why, fix = (
            "without one, anybody could give you plugins",
            "add --key ed25519:..., as `wps plugins key` printed it",
        )
        raise errors.missing("no key is named that the plugins are signed by", why, fix, found.source)
    for key in found.keys:
        signing.checked(key)
    return found


def _of_standards(choice: Choice, keys: Sequence[str], names: Sequence[str], serial: int | None) -> Pin:
    from wps import selection  # noqa: PLC0415  # who names a source reads no standards

    selected = selection.select(choice)
    section = getattr(selected.profile.standards, _SECTION, None)
    if section is None or section.source is None:
        why = f"the standards of team {selected.profile.team} have no {_SECTION}.source"
        fix = "ask the platform team to set it, or add --from SOURCE --key ed25519:..."
        raise errors.missing("nothing says where plugins come from", why, fix, "the standards")
    return Pin(
        section.source, tuple(keys) or tuple(section.keys or ()), tuple(names) or tuple(section.names or ()),
        section.serial if serial is None else serial,
    )  # fmt: skip
