"""The identity providers in the service's configuration: read, checked, every problem reported at once.

Owns the settings. `identities` builds from them who verifies.

    providers:
      - {name: corp, kind: oidc, issuer: "https://login.corp.example", client_id: wps, groups_claim: groups}
      - {name: ad, kind: directory, url: "ldaps://dc1.corp.example", ca: /etc/waypaas/ad.pem, bind_dn: ..., ...}
      - {name: github, kind: workload, system: github, audience: "https://wps.corp.example"}
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, get_args, get_type_hints
from urllib.parse import urlsplit

from teamconfig.errors import Problem, StandardsError
from teamconfig.identity import web
from teamconfig.identity.names import printable
from teamconfig.identity.tokenendpoint import SCOPES

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
FLOWS = ("loopback", "device")
ISSUERS = {"github": "https://token.actions.githubusercontent.com", "gitlab": "https://gitlab.com"}
"""Of the CI systems' own services; a company's own GitLab has another."""

PORTS = {"ldaps": 636, "ldap": 389}
MOST_GROUPS = 5000
MOST_PORT = 65535
_DIGITS = 10


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """An OIDC provider.

    Args:
        name: Of the provider.
        issuer: Its URL, as it calls itself.
        client_id: Ours there: a public client.
        scopes: That the client asks for.
        flows: Ways to sign in, the preferred first: "loopback", "device".
        groups_claim: Claim with the ids of groups.
        groups_from: Name of a directory that groups come from instead.
        link_claim: With groups_from: claim with the directory's own unchanging id of the person.
        overage: "note": a token that leaves groups out for their number gives none; "refuse": it is refused.
        ca: File of certificates to trust instead of the system's.
        loopback_port: That the redirect URI has, where the provider knows one by its port; 0 for any that is free.
    """

    kind: ClassVar[str] = "oidc"
    name: str
    issuer: str
    client_id: str
    scopes: tuple[str, ...] = SCOPES
    flows: tuple[str, ...] = FLOWS
    groups_claim: str = "groups"
    groups_from: str = ""
    link_claim: str = ""
    overage: str = "note"
    ca: str = ""
    loopback_port: int = 0


@dataclass(frozen=True, slots=True)
class DirectorySettings:
    """A directory.

    Args:
        name: Of the provider.
        url: "ldaps://host[:port]", or "ldap://host[:port]" with starttls.
        starttls: Begin TLS on the plain port.
        ca: File of certificates to trust instead of the system's.
        base: Where people and groups are; the server's own naming context if empty.
        bind_dn: The account by which the service reads; empty for anonymous.
        bind_password_file: Holds its password, and nothing else.
        dialect: "active-directory" or "generic"; the server is asked if empty.
        user_attribute: Of the generic dialect: what people type as their user name.
        most_groups: Who is in more is refused.
        sign_in: People may sign in here by user name and password; false for a source of groups only.
    """

    kind: ClassVar[str] = "directory"
    name: str
    url: str
    starttls: bool = False
    ca: str = ""
    base: str = ""
    bind_dn: str = ""
    bind_password_file: str = ""
    dialect: str = ""
    user_attribute: str = "uid"
    most_groups: int = 2000
    sign_in: bool = True

    def worker(self) -> dict[str, Any]:
        """Give the settings as the LDAP worker takes them.

        Returns:
            As `ldapsession.Settings`, by name.
        """
        parts = urlsplit(self.url)
        tls = "ldaps" if parts.scheme == "ldaps" else "starttls" if self.starttls else "none"
        same = ("ca", "base", "bind_dn", "bind_password_file", "dialect", "user_attribute", "most_groups")
        there = {"host": parts.hostname or "", "port": parts.port or PORTS[parts.scheme], "tls": tls}
        return there | {name: getattr(self, name) for name in same}


@dataclass(frozen=True, slots=True)
class WorkloadSettings:
    """A CI system whose jobs prove what they are.

    Args:
        name: Of the provider.
        audience: That a job's token has to be for: a name of this service.
        system: "github" or "gitlab": how it spells its claims.
        issuer: Its URL; that of the public service of the system if empty.
        ca: File of certificates to trust instead of the system's.
    """

    kind: ClassVar[str] = "workload"
    name: str
    audience: str
    system: str
    issuer: str = ""
    ca: str = ""


Settings = OidcSettings | DirectorySettings | WorkloadSettings
KINDS: dict[str, type[Settings]] = {kind.kind: kind for kind in get_args(Settings)}
FILES = frozenset({"ca", "bind_password_file"})
"""Settings that name a file; a relative one is beside the configuration."""

WORDS = {
    "overage": ("note", "refuse"),
    "dialect": ("", "active-directory", "generic"),
    "system": tuple(ISSUERS),
}
"""Settings that take one of a few words."""


def read(value: object, where: str) -> tuple[Settings, ...]:
    """Read the list of providers.

    Args:
        value: As the YAML holds it.
        where: Path of the file, for problems.

    Returns:
        The providers, in order.

    Raises:
        StandardsError: With every problem.
    """
    reading = _Reading(where)
    found: list[Settings] = []
    if not isinstance(value, list) or not value:
        reading.problem("providers", "providers is not a list of at least one", "nobody could sign in", "name one")
    for number, entry in enumerate(value if isinstance(value, list) else []):
        settings = reading.provider(entry, f"providers[{number}]")
        if settings is not None:
            found.append(settings)
    reading.together(found)
    if reading.problems:
        raise StandardsError(reading.problems, f"{len(reading.problems)} problems with the identity providers")
    return tuple(found)


class _Reading:
    """Collects problems while it reads.

    Args:
        where: Path of the file.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self.problems: list[Problem] = []

    def problem(self, place: str, what: str, why: str, fix: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(what, why, fix, f"{self._where}, {place}", "state"))

    def provider(self, entry: object, place: str) -> Settings | None:
        """Read one provider; None if it has problems."""
        before = len(self.problems)
        kind = KINDS.get(str(entry.get("kind"))) if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or kind is None:
            told = printable(repr(entry.get("kind")), 60) if isinstance(entry, dict) else "missing"
            self.problem(place, f"kind is {told}", f"a provider is one of {', '.join(KINDS)}", "set kind")
            return None
        values = self._values(kind, entry, place)
        if len(self.problems) > before:
            return None
        made = kind(**values)
        self._check(made, place)
        return made if len(self.problems) == before else None

    def _values(self, kind: type[Settings], entry: Mapping[Any, Any], place: str) -> dict[str, Any]:
        hints = get_type_hints(kind)
        fields = {field.name: field for field in dataclasses.fields(kind)}
        values: dict[str, Any] = {}
        for name, value in entry.items():
            if name in fields:
                values[name] = self._typed(hints[name], value, f"{place}.{name}")
                if name in FILES and values[name]:
                    values[name] = os.path.join(os.path.dirname(self._where), os.path.expanduser(values[name]))
            elif name != "kind":
                near = difflib.get_close_matches(str(name), fields, 1)
                fix = f"write {near[0]}" if near else f"one of: {', '.join(fields)}"
                what = f"{printable(str(name), 40)} is not a setting of kind {kind.kind}"
                self.problem(place, what, "a setting that is not known has no effect, so it is refused", fix)
        for name, field in fields.items():
            if field.default is dataclasses.MISSING and name not in entry:
                self.problem(place, f"{name} is missing", f"kind {kind.kind} needs it", f"set {name}")
        return values

    def _typed(self, hint: Any, value: object, place: str) -> Any:
        if hint is bool and isinstance(value, bool):
            return value
        if hint is int and isinstance(value, int) and not isinstance(value, bool):
            return value
        if hint is int and isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < _DIGITS:
            return int(value)  # service.yaml is read as texts
        if hint is str and isinstance(value, str) and value.isprintable():
            return value
        texts = isinstance(value, list) and value and all(isinstance(one, str) and one.isprintable() for one in value)
        if hint == tuple[str, ...] and isinstance(value, list) and texts:
            return tuple(value)
        wanted = {bool: "true or false", int: "a whole number", str: "a text"}.get(hint, "a list of texts")
        shown = printable(repr(value), 60)
        self.problem(place, f"{shown} is not {wanted}", f"this setting is {wanted}", f"write {wanted}")
        return None

    def _check(self, settings: Settings, place: str) -> None:
        if not NAME.fullmatch(settings.name):
            self.problem(
                f"{place}.name",
                f"{printable(repr(settings.name), 60)} is no name of a provider",
                "it stands in commands and in the audit: 1 to 40 of a-z, 0-9 and -",
                "choose another",
            )
        for name, words in WORDS.items():
            word = getattr(settings, name, None)
            if word is not None and word not in words:
                told = " or ".join(repr(one) for one in words if one)
                self.problem(f"{place}.{name}", f"{word!r} is not known", f"it is {told}", f"write {told}")
        if isinstance(settings, OidcSettings):
            self._oidc(settings, place)
        elif isinstance(settings, DirectorySettings):
            self._directory(settings, place)
        elif settings.issuer or settings.system in ISSUERS:
            self._issuer(settings.issuer or ISSUERS[settings.system], place)
            self._filled(settings.audience, f"{place}.audience")

    def _oidc(self, settings: OidcSettings, place: str) -> None:
        self._issuer(settings.issuer, place)
        self._filled(settings.client_id, f"{place}.client_id")
        odd = [flow for flow in settings.flows if flow not in FLOWS]
        if odd:
            told = " and ".join(FLOWS)
            self.problem(f"{place}.flows", f"{odd[0]!r} is not known", f"flows are {told}", f"take of {told}")
        if settings.loopback_port > MOST_PORT:
            told = f"it is 1 to {MOST_PORT}, or left out for any"
            self.problem(f"{place}.loopback_port", f"{settings.loopback_port} is no port", told, "correct it")
        if "openid" not in settings.scopes:
            self.problem(f"{place}.scopes", "openid is missing", "without it there is no ID token", "add openid")
        if bool(settings.groups_from) != bool(settings.link_claim):
            self.problem(
                place,
                "groups_from and link_claim stand alone",
                "a directory is asked by an id that the token vouches for, never by name or e-mail",
                "set both, or neither",
            )
        if not settings.groups_from:
            self._filled(settings.groups_claim, f"{place}.groups_claim")

    def _directory(self, settings: DirectorySettings, place: str) -> None:
        try:
            parts = urlsplit(settings.url)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            parts, host = urlsplit(""), ""
        extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username
        if parts.scheme not in PORTS or not host or extra:
            self.problem(
                f"{place}.url",
                f"{printable(settings.url, 100)} is no address of a directory",
                "it is ldaps://host[:port] or ldap://host[:port]",
                "correct it; base, user and password have settings of their own",
            )
        elif parts.scheme == "ldap" and not settings.starttls and not web.is_loopback(host):
            self.problem(
                f"{place}.url",
                "the directory would be asked without TLS",
                "passwords would cross the network in the clear",
                "write ldaps://, or set starttls: true",
            )
        elif parts.scheme == "ldaps" and settings.starttls:
            self.problem(f"{place}.starttls", "ldaps has TLS already", "StartTLS is for ldap://", "leave it out")
        if bool(settings.bind_dn) != bool(settings.bind_password_file):
            told = "an account has a name and a password"
            self.problem(place, "bind_dn and bind_password_file stand alone", told, "set both, or neither")
        if not 1 <= settings.most_groups <= MOST_GROUPS:
            told = f"it is 1 to {MOST_GROUPS}"
            self.problem(f"{place}.most_groups", f"{settings.most_groups} is out of bounds", told, "correct it")
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,60}", settings.user_attribute):
            told = "it is a name as LDAP has them"
            self.problem(f"{place}.user_attribute", "that is no name of an attribute", told, "write uid")

    def _issuer(self, issuer: str, place: str) -> None:
        if not web.permitted(issuer) or urlsplit(issuer).query:
            self.problem(
                f"{place}.issuer",
                f"{printable(issuer, 100)} is no issuer",
                "it is an https URL without query and fragment; http is for this machine alone",
                "write the issuer as its discovery document has it",
            )

    def _filled(self, text: str, place: str) -> None:
        if not text:
            self.problem(place, "it is empty", "it is needed", "set it")

    def together(self, found: list[Settings]) -> None:
        """Check what concerns several providers."""
        names = [settings.name for settings in found]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.problem("providers", f"{name} stands twice", "a provider is known by its name", "rename one")
        issuers = [s.issuer or ISSUERS.get(s.system, "") if isinstance(s, WorkloadSettings) else s.issuer
                   for s in found if not isinstance(s, DirectorySettings)]  # fmt: skip
        for issuer in sorted({issuer for issuer in issuers if issuers.count(issuer) > 1}):
            self.problem(
                "providers",
                f"{printable(issuer, 100)} stands twice",
                "its principals would be the same by either provider, with different groups",
                "keep one",
            )
        directories = {settings.name for settings in found if isinstance(settings, DirectorySettings)}
        for settings in found:
            if isinstance(settings, OidcSettings) and settings.groups_from and settings.groups_from not in directories:
                what = f"groups_from of {settings.name} is {settings.groups_from}"
                self.problem("providers", what, "there is no good directory of that name", "correct the name")
