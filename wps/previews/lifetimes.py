"""How long a preview lives: by the standards, or shorter by the user's word. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from teamconfig import errors, units

if TYPE_CHECKING:
    from teamconfig.model import Preview as Standards


def seconds(duration: str | None) -> float:
    """Read a duration of the standards.

    Args:
        duration: As written there.

    Returns:
        Seconds; 0 for none.
    """
    return units.parse_duration(duration).total_seconds() if duration else 0.0


def wanted(standards: Standards, wanted: str | None) -> float:
    """Tell how long a preview shall live.

    Args:
        standards: Section preview.
        wanted: As the user wrote it, or None.

    Returns:
        Seconds.

    Raises:
        StandardsError: It is no duration, is none at all, or longer than the standards let it be (kind option, policy).
    """
    most = seconds(standards.ttl)
    if wanted is None:
        return most
    try:
        asked = units.parse_duration(wanted).total_seconds()
    except units.UnitError as err:
        raise _refused(wanted, err.why, f"write --ttl {err.example}", "option") from err
    if asked < 1:
        raise _refused(wanted, "a preview lives for a second at least", f"write --ttl {standards.ttl}", "option")
    if asked > most:
        why = f"the standard preview.ttl permits at most {standards.ttl}, and each push renews it"
        raise _refused(wanted, why, f"write --ttl {standards.ttl}", "policy")
    return asked


def _refused(wanted: str, why: str, fix: str, kind: errors.Kind) -> errors.StandardsError:
    return errors.StandardsError(
        [errors.Problem(f"--ttl {wanted} is not allowed", why, fix, "the argument --ttl", kind)]
    )
