"""People of a real Active Directory, a Samba domain controller: what it says of groups and of accounts.

It needs root and namespaces. Where they are missing every test here fails, and
its error says which of them is.
"""

from __future__ import annotations

import base64
import time
import uuid
from typing import TYPE_CHECKING

import pytest

from teamconfig.identity.errors import RefusedError, UnavailableError
from testservers import hostile, samba, sambabuild

if TYPE_CHECKING:
    from collections.abc import Callable

    from teamconfig.identity.ldapdirectory import LdapDirectory

HOSTILE = (
    "*",
    "*)(objectClass=*",
    "alice)(|(cn=*",
    "\\2a",
    "alice\\00x",
    "CN=alice,CN=Users,DC=corp,DC=example",
    "<GUID=x>",
)


def refusal(call: Callable[[], object]) -> RefusedError:
    """Give the refusal that a call ends in."""
    with pytest.raises(RefusedError) as caught:
        call()
    return caught.value


def test_it_is_recognised(active: LdapDirectory, domain: samba.Domain) -> None:
    """A domain controller is known by its root entry; the issuer is the domain's SID, which no renaming changes."""
    probed = active.probe()
    assert (probed.dialect, probed.base.lower()) == ("active-directory", sambabuild.BASE.lower())
    assert probed.issuer == "ldap:" + domain.sid("alice").rpartition("-")[0]


def test_nested_groups_with_a_cycle(active: LdapDirectory, domain: samba.Domain) -> None:
    """A member of a group in a group in a group that is in the first one is in all three, by their SIDs."""
    principal, membership = active.sign_in("alice", sambabuild.PASSWORD)
    wanted = {domain.sid(name) for name in ("wps-payments", "wps-backend", "wps-api")}
    assert wanted <= membership.groups
    assert domain.sid("wps-other") not in membership.groups
    assert active.membership(principal).groups == membership.groups
    assert abs(membership.read_at - time.time()) < 60


@pytest.mark.parametrize("typed", ["alice", "ALICE", "alice@corp.example", "CORP\\alice", "corp\\Alice"])
def test_every_spelling_is_the_same_person(active: LdapDirectory, typed: str) -> None:
    """By account name, principal name or with the domain before it: the key is the object's GUID."""
    principal, _ = active.sign_in(typed, sambabuild.PASSWORD)
    assert principal.key == active.sign_in("alice", sambabuild.PASSWORD)[0].key
    assert str(uuid.UUID(principal.subject)) == principal.subject


@pytest.mark.parametrize(
    ("user", "password", "reason"),
    [
        ("alice", "wrong", "wrong_password"),
        ("alice", "", "wrong_password"),
        ("nobody", sambabuild.PASSWORD, "wrong_password"),
        ("bob", sambabuild.PASSWORD, "account_disabled"),
        ("carol", sambabuild.PASSWORD, "password_must_change"),
        ("dave", sambabuild.PASSWORD, "account_expired"),
        ("elsewhere\\alice", sambabuild.PASSWORD, "other_domain"),
    ],
)
def test_who_is_not_signed_in_is_told_why(active: LdapDirectory, user: str, password: str, reason: str) -> None:
    """A wrong password, a disabled or expired account, a password that has to be changed: each has its own words."""
    assert refusal(lambda: active.sign_in(user, password)).reason == reason


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_names_find_nobody(active: LdapDirectory, typed: str) -> None:
    """A name made of LDAP's own signs finds nobody."""
    assert refusal(lambda: active.sign_in(typed, sambabuild.PASSWORD)).reason in {"wrong_password", "other_domain"}


def test_a_disabled_account_is_seen_at_the_next_reading(active: LdapDirectory, domain: samba.Domain) -> None:
    """Somebody who is disabled after signing in has no groups at the next reading."""
    principal, before = active.sign_in("frank", sambabuild.PASSWORD)
    assert domain.sid("wps-other") in before.groups
    domain.tool("user", "disable", "frank")
    try:
        after = active.membership(principal)
    finally:
        domain.tool("user", "enable", "frank")
    assert (after.disabled, after.groups, after.note) == (True, frozenset(), "the account is disabled")
    assert active.membership(principal).groups == before.groups


def test_who_leaves_a_group_has_left_it_at_the_next_reading(active: LdapDirectory, domain: samba.Domain) -> None:
    """Groups are those of the moment."""
    principal, before = active.sign_in("frank", sambabuild.PASSWORD)
    domain.tool("group", "removemembers", "wps-other", "frank")
    try:
        assert active.membership(principal).groups == before.groups - {domain.sid("wps-other")}
    finally:
        domain.tool("group", "addmembers", "wps-other", "frank")


def test_links_of_other_issuers(active: LdapDirectory, domain: samba.Domain) -> None:
    """Another issuer's claim finds a person by GUID, by SID, or by the GUID's bytes in base64; nothing else does."""
    principal, membership = active.sign_in("alice", sambabuild.PASSWORD)
    guid = uuid.UUID(principal.subject)
    for link in (str(guid), domain.sid("alice"), base64.b64encode(guid.bytes_le).decode()):
        found, told = active.linked(link)
        assert (found.key, told.groups) == (principal.key, membership.groups)
    assert refusal(lambda: active.linked("S-1-5-21-1-2-3-4")).reason == "not_linked"
    for link in ("alice", "*", "S-1-5-21-*", "alice@corp.example"):
        assert refusal(lambda link=link: active.linked(link)).reason in {"bad_subject", "not_linked"}


def test_passwords_never_cross_in_the_clear(domain: samba.Domain, made: Callable[..., LdapDirectory]) -> None:
    """A domain controller refuses a plain bind without TLS, and that is told as the operator's matter."""
    with pytest.raises(UnavailableError) as caught:
        made(domain.settings(tls="none", port=domain.plain)).probe()
    assert caught.value.reason == "directory_bind_refused"


def test_starttls(domain: samba.Domain, made: Callable[..., LdapDirectory]) -> None:
    """TLS begun on the plain port serves as well."""
    directory = made(domain.settings(tls="starttls", port=domain.plain))
    assert directory.sign_in("alice", sambabuild.PASSWORD)[0].name == "alice"


def test_hanging_up(domain: samba.Domain, made: Callable[..., LdapDirectory]) -> None:
    """A domain controller whose place a server takes that hangs up is told, and asked again when it is back."""
    with hostile.start("close") as server:
        directory = made(domain.settings(port=server.port))
        with pytest.raises(UnavailableError):
            directory.probe()
