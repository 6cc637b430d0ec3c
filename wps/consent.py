"""Asking before a repository's file decides where somebody signs in: anybody can write one, and many are cloned.

Owns the question. Which service counts is `teamconfig.settings`' matter.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from teamconfig import StandardsError, errors, settings
from wps import questions

if TYPE_CHECKING:
    from teamconfig.settings import Settings


def is_repository(where: str) -> bool:
    """Tell whether settings come from a repository's file, which is not the user's own word.

    Args:
        where: As `Settings.where`.

    Returns:
        False for the environment and the user's own file.
    """
    return where not in (settings.SERVICE_VARIABLE, str(settings.own_file(os.environ)))


def of_user(found: Settings, *, named: bool, authority_named: bool, ask: bool) -> None:
    """Make sure that the user wants to sign in at a service that a repository's file names.

    Who has signed in there before is not asked again.

    Args:
        found: Names the service; `where` is the repository's file.
        named: Whether the user named the service too, with --service.
        authority_named: Whether the user named the authority of its certificate, with --ca.
        ask: Whether somebody can be asked.

    Raises:
        StandardsError: Nobody has agreed (kind state).
    """
    authority = "" if authority_named else found.certificate_authority
    if (named and not authority) or _known(found.service):
        return
    never = "and you have never signed in there"
    if ask:
        checked = f", its certificate checked with {authority}" if authority else ""
        if questions.confirm(f"{found.where} names {found.service}{checked}, {never}: sign in?"):
            return
        why = "you did not agree to it"
    elif named:
        why = f"only {found.where} says to check its certificate with {authority}, {never}"
    else:
        why = f"only {found.where} names it, {never}"
    flags = f"--service {found.service}" + (f" --ca {authority}" if authority else "")
    fix = f"if it is your company's, run: wps init {flags}"
    raise errors.state(f"nobody is signed in at {found.service}", why, fix, found.where)


def _known(address: str) -> bool:
    """Tell whether this user has signed in at a service before."""
    from teamconfig.client.vault import Vault  # noqa: PLC0415  # only where a repository names a service

    try:
        return bool(Vault(address, os.environ).trusted()[0])
    except StandardsError:
        return False  # damaged; signing in says so
