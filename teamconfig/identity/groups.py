"""Groups out of an ID token's claim.

Pure. A claim that is missing, or not what it should be, gives no groups and a
note that says so: rights follow from groups that are there, never from a doubt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teamconfig.identity.names import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_GROUPS = 2000
MOST_LETTERS = 256
"""Of a group's id."""


def of(values: Mapping[str, Any], claim: str) -> tuple[frozenset[str], str]:
    """Read the groups.

    Args:
        values: Claims of a verified token.
        claim: Name of the claim.

    Returns:
        The ids, and why there are none (empty if all is well).
    """
    if is_overage(values, claim):
        return frozenset(), (
            f"the token has no groups, as there are too many for it (claim {claim}): the identity provider "
            "has to send only groups that were assigned to this application, or groups have to come from a directory"
        )
    if claim not in values:
        return frozenset(), f"claim {claim} is missing in the token: the identity provider has to be told to send it"
    value = values[claim]
    # An issuer with one value to tell may leave out the list (AD FS does).
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list):
        return frozenset(), f"claim {claim} in the token is not a list of groups"
    if len(entries) > MOST_GROUPS:
        return frozenset(), f"claim {claim} in the token has {len(entries)} groups, and at most {MOST_GROUPS} are taken"
    wrong = [entry for entry in entries if not is_id(entry)]
    if wrong:
        return frozenset(), f"claim {claim} in the token has an entry that is no group: {printable(repr(wrong[0]), 60)}"
    return frozenset(entries), ""


def is_overage(values: Mapping[str, Any], claim: str) -> bool:
    """Tell whether the issuer left the groups out because there are too many.

    Args:
        values: Claims of a verified token.
        claim: Name of the claim.

    Returns:
        Whether it points to elsewhere for them.

    Source: OpenID Connect Core 1.0, section 5.6.2; Microsoft Entra ID, groups overage claim.
    """
    elsewhere = values.get("_claim_names")
    if isinstance(elsewhere, dict) and claim in elsewhere:
        return True
    return claim not in values and values.get("hasgroups") in (True, "true", "True")


def is_id(entry: object) -> bool:
    """Tell whether something can be a group's id.

    Args:
        entry: Anything.

    Returns:
        Whether it is a text of 1 to 256 visible letters without blanks at its ends.
    """
    return isinstance(entry, str) and 0 < len(entry) <= MOST_LETTERS and printable(entry, MOST_LETTERS) == entry
