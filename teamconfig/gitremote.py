"""Addresses of git remotes, brought to one form: github.com/acme/shop, however it is cloned. Pure.

Passwords and tokens in an address are dropped and never shown. What git could
run (ext::), what names no host (paths), and what could be misread are refused.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
import urllib.parse
from dataclasses import dataclass
from typing import NoReturn

from teamconfig import errors

LONGEST = 2048
NONE = "none"
"""What a user gives who wants no remote."""

_SCHEMES = frozenset({"https", "http", "ssh", "git", "git+ssh", "ssh+git"})
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_HELPER = re.compile(r"[A-Za-z0-9+.-]+::")
_SCP = re.compile(r"(?:([^@:/\[\]]*)@)?(\[[^\]]*\]|[^:/@\[\]]+):(?!//)(.*)", re.DOTALL)
_AUTHORITY = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]*))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_HOST_LONGEST, _PORT_LARGEST = 253, 65535
_SAFE = "-._~!$&'()*+,;=:"
_FIX = "give another one with --remote URL, or --remote none to do without"


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a repository lives.

    Args:
        host: In lower case; a name of other letters in punycode, an IPv6 address in brackets.
        path: Without slashes around it and without .git; odd signs as %XX.
    """

    host: str
    path: str

    def __str__(self) -> str:
        """Write it as host/path."""
        return f"{self.host}/{self.path}"

    @property
    def name(self) -> str:
        """The repository's own name: the end of the path."""
        return urllib.parse.unquote(self.path.rpartition("/")[2])


def normalise(text: str) -> Remote:
    """Bring the address of a remote to its one form.

    Args:
        text: As git has it: ssh://git@host:22/acme/shop.git, git@host:acme/shop, https://host/acme/shop ...

    Returns:
        Host and path; equal for all addresses of the same repository. "https://" with it in front gives the same again.

    Raises:
        StandardsError: It is none that names a repository on a host, or one that could be misread (kind option).
    """
    given = text.strip(" \t\r\n")
    if not given or len(given) > LONGEST:
        _refuse(given[:40], "it is empty" if not given else f"it is longer than {LONGEST} signs")
    if not given.isprintable():
        _refuse(given, "it has control characters or others that cannot be seen")
    if given.startswith("-"):
        _refuse(given, "git would take it for an option")
    if _HELPER.match(given):
        _refuse(given, "git would run a program for it")
    url = _URL.fullmatch(given)
    if url is not None:
        return _of_url(given, url[1].lower(), url[2])
    scp = _SCP.fullmatch(given)
    if scp is None or re.match(r"[A-Za-z]:[\\/]", given):
        _refuse(given, "it is a path on this machine, which names no host")
    _check_user(given, scp[1] or "")
    return Remote(_host(given, scp[2]), _path(given, scp[3]))


def is_form(text: str) -> bool:
    """Tell whether a text is the one form of a remote: what `normalise` gives, and no other way to write it.

    Args:
        text: Anything.

    Returns:
        Whether it is.
    """
    try:
        return str(normalise(f"https://{text}")) == text
    except errors.StandardsError:
        return False


def shown(text: str) -> str:
    """Take out of an address what could be a secret, and what could steer a terminal.

    Args:
        text: An address.

    Returns:
        The same without user, password and query, at most 100 signs.
    """
    scheme, sign, rest = text.partition("://")
    if not sign:
        scheme, rest = "", text
    rest = re.split(r"[?#]", rest, maxsplit=1)[0]
    hidden = "...@" if "@" in rest else ""
    plain = f"{scheme}{sign}{hidden}{rest.rpartition('@')[2]}"
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in plain)[:100]


def _of_url(given: str, scheme: str, rest: str) -> Remote:
    if scheme == "file":
        _refuse(given, "it is a path on this machine, which names no host")
    if scheme not in _SCHEMES:
        _refuse(given, f"{scheme} is none of https, ssh, git and http")
    if "?" in rest or "#" in rest:
        _refuse(given, "an address of a repository has no ? and no #")
    authority, slash, path = rest.partition("/")
    user, _, place = authority.rpartition("@")
    _check_user(given, user)
    parts = _AUTHORITY.fullmatch(place)
    if parts is None or (parts[2] and not 0 < int(parts[2][:6]) <= _PORT_LARGEST):
        _refuse(given, "what stands before the path is no host, or no host:port")
    if not slash:
        _refuse(given, "it names no repository")
    return Remote(_host(given, parts[1]), _path(given, path))


def _check_user(given: str, user: str) -> None:
    if user.startswith("-") or "@" in user:
        _refuse(given, "the user before @ could be misread")


def _host(given: str, text: str) -> str:
    """Check a host and write it in its one form."""
    if text.startswith("["):
        try:
            return f"[{ipaddress.IPv6Address(text[1:-1]).compressed}]"
        except ValueError:
            _refuse(given, "what stands in brackets is no IPv6 address")
    host = text.lower().removesuffix(".")
    if not host.isascii() or "xn--" in host:
        import idna  # noqa: PLC0415  # few hosts have letters beyond ASCII

        try:
            host = idna.encode(host, uts46=True, transitional=False).decode("ascii")
        except (idna.IDNAError, ValueError):
            _refuse(given, "its host is no valid international name")
    if len(host) > _HOST_LONGEST or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        _refuse(given, "its host is no name of a host")
    if re.fullmatch(r"[0-9.]+|0x[0-9a-f]+", host):
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            _refuse(given, "its host is a number, but no IPv4 address")
    return host


def _path(given: str, text: str) -> str:
    """Check a path and write it in its one form."""
    if "@" in text or "\\" in text or "?" in text or "#" in text:
        _refuse(given, "its path has one of @ ? # \\, which could be misread")
    parts = [_part(given, part) for part in text.split("/") if part]
    while parts and parts[-1].endswith(".git"):
        parts[-1] = parts[-1].removesuffix(".git")
    if not parts or parts[-1] in ("", ".", ".."):
        _refuse(given, "it names no repository")
    return "/".join(parts)


def _part(given: str, text: str) -> str:
    try:
        part = unicodedata.normalize("NFC", urllib.parse.unquote(text, errors="strict"))
    except UnicodeDecodeError:
        _refuse(given, "its path is not UTF-8")
    if part in (".", "..") or part.startswith("-"):
        _refuse(given, f"its path has the part {part[:20]}")
    if not part.isprintable() or any(sign in "/\\@?#%" for sign in part):
        _refuse(given, "its path has a sign that could be misread, written as %XX")
    return urllib.parse.quote(part, safe=_SAFE)


def _refuse(given: str, why: str) -> NoReturn:
    what = f"the git remote {shown(given)} is not taken" if given else "the git remote is not taken"
    raise errors.StandardsError([errors.Problem(what, why, _FIX, "the git remote", "option")])
