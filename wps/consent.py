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


def of_user(found: Settings, *, named: bool, authority_named: bool, identity_named: bool, ask: bool) -> None:
    """Make sure that the user wants to sign in at a service that a repository's file names.

    Who has signed in there before is not asked again.

    Args:
        found: Names the service; `where` is the repository's file.
        named: Whether the user named the service too, with --service.
        authority_named: Whether the user named the authority of its certificate, with --ca.
        identity_named: Whether they named that of the identity provider's, with --identity-ca.
        ask: Whether somebody can be asked.

    Raises:
        StandardsError: Nobody has agreed (kind state).
    """
    authority = "" if authority_named else found.certificate_authority
    identity = "" if identity_named else found.identity_authority
    known = _known(found.service, identity)
    if (named and not authority and not identity) or known:
        return
    never = "and you have never signed in there" + (" by it" if known is None else "")
    checks = [f"its certificate checked with {authority}"] if authority else []
    checks += [f"the identity provider's with {identity}"] if identity else []
    if ask:
        checked = "".join(f", {one}" for one in checks)
        if questions.confirm(f"{found.where} names {found.service}{checked}, {never}: sign in?"):
            return
        why = "you did not agree to it"
    elif named:
        asked = " and ".join(one.replace(" checked with", " with") for one in checks)
        why = f"only {found.where} says to check {asked}, {never}"
    else:
        why = f"only {found.where} names it, {never}"
    flags = f"--service {found.service}" + (f" --ca {authority}" if authority else "")
    flags += f" --identity-ca {identity}" if identity else ""
    fix = f"if it is your company's, run: wps init {flags}"
    raise errors.state(f"nobody is signed in at {found.service}", why, fix, found.where)


def _known(address: str, identity: str) -> bool | None:
    """Tell whether this user has signed in at a service before; None if not by this authority of the provider's.

    The service's key is remembered, so that another service does not pass for it. Of the identity provider nothing is,
    but for the session's own word.
    """
    from teamconfig.client.vault import Vault  # noqa: PLC0415  # only where a repository names a service

    vault = Vault(address, os.environ)
    try:
        if not vault.trusted()[0]:
            return False
        kept = vault.load()
    except StandardsError:
        return False  # damaged; signing in says so
    return True if not identity or (kept is not None and kept.identity_authority == identity) else None
