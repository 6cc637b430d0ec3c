"""What entries of a directory mean: who somebody is, their groups, the state of their account.

Owns the two dialects, Active Directory and the generic one of RFC 2307 and
inetOrgPerson. Runs in the worker process. Everything that comes from outside is
escaped by ldap3 before it stands in a filter; names of entries are never built.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
import uuid
from typing import TYPE_CHECKING, Any

import ldap3  # type: ignore[import-untyped]  # ldap3 has no types
from ldap3.protocol.formatters.formatters import format_sid  # type: ignore[import-untyped]
from ldap3.utils.conv import escape_bytes, escape_filter_chars  # type: ignore[import-untyped]
from ldap3.utils.dn import safe_dn  # type: ignore[import-untyped]

from teamconfig.identity.ldapframes import LdapFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from teamconfig.identity.ldapsession import Entry, Session

MOST_LEVELS = 10
"""Of groups in groups, in the generic dialect."""

AT_ONCE = 40
"""Names in one filter."""

ACTIVE_DIRECTORY = "1.2.840.113556.1.4.800"
"""A capability that the root entry of every domain controller names."""

DISABLED, LOCKED = 0x2, 0x10
"""Bits of userAccountControl, and of its computed sister."""

NEVER = {0, 0x7FFF_FFFF_FFFF_FFFF}
FILETIME_EPOCH = 11_644_473_600
SUB_CODE = re.compile(r"\bdata ([0-9a-f]{3,8})\b")
SID = re.compile(r"S-1-\d{1,14}(?:-\d{1,10}){1,15}")
DOMAIN_USER = re.compile(r"([^\\]+)\\([^\\]+)")
GROUP_CLASSES = ("groupOfNames", "groupOfUniqueNames", "posixGroup")
AD_ATTRIBUTES = (
    "objectGUID", "objectSid", "sAMAccountName", "displayName", "userAccountControl",
    "msDS-User-Account-Control-Computed", "lockoutTime", "accountExpires",
)  # fmt: skip
STATE_ATTRIBUTES = ("pwdAccountLockedTime", "nsAccountLock", "shadowExpire")


def probe(session: Session) -> dict[str, str]:
    """Ask a server what it is.

    Args:
        session: With the server.

    Returns:
        dialect, base, issuer.

    Raises:
        LdapFailure: It does not say, or fails.
    """
    names = ["supportedCapabilities", "defaultNamingContext", "namingContexts"]
    found = session.search("", "(objectClass=*)", names, most=1, scope=ldap3.BASE)
    root = found[0] if found else None
    capabilities = root.values.get("supportedcapabilities", []) if root else []
    active = ACTIVE_DIRECTORY.encode() in capabilities
    dialect = session.settings.dialect or ("active-directory" if active else "generic")
    own = (root.text("defaultNamingContext") or root.text("namingContexts")) if root else ""
    base = session.settings.base or own
    if not base:
        raise LdapFailure("no_base")
    if dialect != "active-directory":
        return {"dialect": dialect, "base": base, "issuer": f"ldap:{safe_dn(base).lower()}"}
    domain = session.search(own or base, "(objectClass=*)", ["objectSid"], most=1, scope=ldap3.BASE)
    if not domain or not domain[0].first("objectSid"):
        raise LdapFailure("no_base", "the domain's SID cannot be read")
    return {"dialect": dialect, "base": base, "issuer": f"ldap:{format_sid(domain[0].first('objectSid'))}"}


class Reader:
    """Reads people and groups of one directory.

    Args:
        session: With the server.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.probed = probe(session)
        self.active = self.probed["dialect"] == "active-directory"

    def sign_in(self, user: str, password: str) -> dict[str, Any]:
        """Find somebody, try the password, read the groups.

        Args:
            user: In canonical form.
            password: Not empty.

        Returns:
            As `_person`.

        Raises:
            LdapFailure: wrong_password, and what AD says instead; or the server fails.
        """
        entry = self._one(self._by_name(user))
        if entry is None:
            raise LdapFailure("wrong_password")
        try:
            self.session.bind(entry.dn, password)
        except LdapFailure as err:
            if err.reason == "wrong_password":
                code = SUB_CODE.search(err.detail)
                raise LdapFailure("wrong_password", code[1] if code and self.active else "") from err
            raise
        return self._person(entry)

    def membership(self, subject: str) -> dict[str, Any]:
        """Read what is said of somebody now.

        Args:
            subject: Of the principal.

        Returns:
            As `_person`; with gone, and nothing else, if there is nobody.

        Raises:
            LdapFailure: The server fails.
        """
        entry = self._one(self._by_id(subject))
        return {"gone": True} if entry is None else self._person(entry)

    def linked(self, link: str) -> dict[str, Any]:
        """Find somebody by an id that another issuer vouches for.

        Args:
            link: A UUID, a SID, or a UUID's bytes in base64.

        Returns:
            As `membership`.

        Raises:
            LdapFailure: The server fails.
        """
        if self.active and SID.fullmatch(link):
            entry = self._one(f"(&(objectCategory=person)(objectClass=user)(objectSid={escape_filter_chars(link)}))")
            return {"gone": True} if entry is None else self._person(entry)
        return self.membership(_uuid_of(link))

    def _by_name(self, user: str) -> str:
        if not self.active:
            return f"({self.session.settings.user_attribute}={escape_filter_chars(user)})"
        domain = DOMAIN_USER.fullmatch(user)
        if domain is not None:
            if domain[1] != self.probed["base"].partition(",")[0].partition("=")[2].lower():
                raise LdapFailure("other_domain")
            user = domain[2]
        name = escape_filter_chars(user)
        return f"(&(objectCategory=person)(objectClass=user)(|(sAMAccountName={name})(userPrincipalName={name})))"

    def _by_id(self, subject: str) -> str:
        try:
            identifier = uuid.UUID(subject)
        except ValueError:
            raise LdapFailure("bad_subject") from None
        if self.active:
            return f"(&(objectClass=user)(objectGUID={escape_bytes(identifier.bytes_le)}))"
        return f"(entryUUID={escape_filter_chars(str(identifier))})"

    def _one(self, query: str) -> Entry | None:
        name = self.session.settings.user_attribute
        attributes = AD_ATTRIBUTES if self.active else ("entryUUID", name, "displayName", "cn", *STATE_ATTRIBUTES)
        found = self.session.search(self.probed["base"], query, attributes, most=10)
        if len(found) > 1:
            raise LdapFailure("ambiguous", f"{len(found)} entries")
        return found[0] if found else None

    def _person(self, entry: Entry) -> dict[str, Any]:
        """Tell of somebody: subject, issuer, name, groups, disabled (why, or empty)."""
        return self._active_person(entry) if self.active else self._generic_person(entry)

    def _active_person(self, entry: Entry) -> dict[str, Any]:
        guid, sid = entry.first("objectGUID"), entry.first("objectSid")
        if len(guid) != 16 or not sid:  # noqa: PLR2004  # bytes of a GUID
            raise LdapFailure("no_id", "objectGUID or objectSid")
        issuer = "ldap:" + str(format_sid(sid)).rpartition("-")[0]
        if issuer != self.probed["issuer"]:
            raise LdapFailure("other_domain")
        found = self.session.search(entry.dn, "(objectClass=*)", ["tokenGroups"], most=1, scope=ldap3.BASE)
        groups = [str(format_sid(group)) for group in (found[0].values.get("tokengroups", []) if found else [])]
        if len(groups) > self.session.settings.most_groups:
            raise LdapFailure("too_many", f"more than {self.session.settings.most_groups}")
        return {
            "subject": str(uuid.UUID(bytes_le=guid)),
            "issuer": issuer,
            "name": entry.text("sAMAccountName") or entry.text("displayName"),
            "groups": groups,
            "disabled": _active_state(entry),
        }

    def _generic_person(self, entry: Entry) -> dict[str, Any]:
        name = entry.text(self.session.settings.user_attribute)
        return {
            "subject": _entry_id(entry),
            "issuer": self.probed["issuer"],
            "name": name or entry.text("displayName") or entry.text("cn"),
            "groups": self._groups(entry.dn, name),
            "disabled": _generic_state(entry),
        }

    def _groups(self, dn: str, name: str) -> list[str]:
        """Walk from a person up through the groups, level by level; a group is visited once, so cycles end."""
        most, found, names = self.session.settings.most_groups, set[str](), [dn]
        for level in range(MOST_LEVELS + 1):
            conditions = [
                f"({kind}={escape_filter_chars(name)})" for name in names for kind in ("member", "uniqueMember")
            ]
            if level == 0 and name:
                conditions.append(f"(memberUid={escape_filter_chars(name)})")
            new = {}
            for group in self._groups_with(conditions):
                identifier = _entry_id(group)
                if identifier not in found:
                    new[identifier] = group.dn
            if not new:
                return sorted(found)
            found |= new.keys()
            if len(found) > most:
                raise LdapFailure("too_many", f"more than {most}")
            names = list(new.values())
        raise LdapFailure("too_deep", f"more than {MOST_LEVELS} levels")

    def _groups_with(self, conditions: Sequence[str]) -> list[Entry]:
        classes = "".join(f"(objectClass={name})" for name in GROUP_CLASSES)
        groups: list[Entry] = []
        for start in range(0, len(conditions), 2 * AT_ONCE):
            query = f"(&(|{classes})(|{''.join(conditions[start : start + 2 * AT_ONCE])}))"
            most = self.session.settings.most_groups
            groups += self.session.search(self.probed["base"], query, ["entryUUID"], most=most)
        return groups


def _entry_id(entry: Entry) -> str:
    try:
        return str(uuid.UUID(entry.text("entryUUID")))
    except ValueError:
        raise LdapFailure("no_id", "entryUUID") from None


def _uuid_of(link: str) -> str:
    try:
        return str(uuid.UUID(link))
    except ValueError:
        pass
    try:
        # Entra's immutable id is the bytes of AD's objectGUID.
        return str(uuid.UUID(bytes_le=base64.b64decode(link, validate=True)))
    except (ValueError, binascii.Error):
        raise LdapFailure("bad_subject") from None


def _active_state(entry: Entry) -> str:
    control = _number(entry, "userAccountControl") | _number(entry, "msDS-User-Account-Control-Computed")
    if control & DISABLED or not entry.first("userAccountControl"):
        return "disabled"
    if control & LOCKED:
        return "locked"
    expires = _number(entry, "accountExpires")
    if expires not in NEVER and expires / 10_000_000 - FILETIME_EPOCH <= time.time():
        return "expired"
    return ""


def _generic_state(entry: Entry) -> str:
    if entry.first("pwdAccountLockedTime"):
        return "locked"
    if entry.text("nsAccountLock").lower() == "true":
        return "disabled"
    days = _number(entry, "shadowExpire", -1)
    return "expired" if 0 <= days <= time.time() // 86400 else ""


def _number(entry: Entry, attribute: str, otherwise: int = 0) -> int:
    try:
        return int(entry.first(attribute) or otherwise)
    except ValueError:
        return otherwise
