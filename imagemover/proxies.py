"""Which HTTP proxy leads to a host, as the environment says it.

Pure, but for reading the environment when nothing is given. HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in upper or
lower case, read as Go's tools read them, so that a machine that is set up for crane is set up for this:
this machine itself is never reached by a proxy. Proxies are spoken to without TLS; what goes to
a registry over TLS goes through a tunnel, and stays secret from them.
"""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from imagemover.errors import TrustError
from imagemover.references import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imagemover.urls import Url

DEFAULT_PORT = 80


class Proxy(NamedTuple):
    """A proxy.

    Args:
        host: Without brackets.
        port: Of it.
        authorization: Value of Proxy-Authorization; empty: it knows us by nothing.
    """

    host: str
    port: int
    authorization: str = ""

    def __repr__(self) -> str:
        """Show where it is, and no password."""
        return f"Proxy(host={self.host!r}, port={self.port})"

    @property
    def headers(self) -> dict[str, str]:
        """What it wants to know of us."""
        return {"Proxy-Authorization": self.authorization} if self.authorization else {}


def choose(url: Url, environ: Mapping[str, str] | None = None) -> Proxy | None:
    """Choose the proxy for a request.

    Args:
        url: Where it goes.
        environ: Of the process; None: its own.

    Returns:
        The proxy; None: the host is reached directly.

    Raises:
        TrustError: The environment names a proxy that cannot be used; its text has no password.
    """
    environ = os.environ if environ is None else environ
    text = _value(environ, "https_proxy" if url.scheme == "https" else "http_proxy")
    if not text or is_loopback(url.authority) or _is_direct(url, _value(environ, "no_proxy")):
        return None
    return _parse(text)


def _value(environ: Mapping[str, str], name: str) -> str:
    if name == "http_proxy" and environ.get("REQUEST_METHOD"):
        return environ.get(name, "")  # in a CGI, HTTP_PROXY is a header of who asks
    return (environ.get(name.upper()) or environ.get(name) or "").strip()


def _parse(text: str) -> Proxy:
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port or DEFAULT_PORT
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme != "http" or not parts.hostname:
        shown = f"{parts.scheme}://{parts.hostname or ''}" if parts.scheme else "its value"
        what = f"the proxy that the environment names cannot be used: {shown}"
        raise TrustError(what, "a proxy is http://HOST:PORT", "set HTTPS_PROXY to such a URL, or unset it", "")
    authorization = ""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode()
    return Proxy(parts.hostname, port, authorization)


def _is_direct(url: Url, rules: str) -> bool:
    return any(_fits(url, rule.strip().lower()) for rule in rules.split(",") if rule.strip())


def _fits(url: Url, rule: str) -> bool:
    """Tell whether one entry of NO_PROXY means a host."""
    if rule == "*":
        return True
    import ipaddress  # noqa: PLC0415  # slow to load, and seldom needed

    host = url.host.lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if "/" in rule:
        try:
            return address is not None and address in ipaddress.ip_network(rule, strict=False)
        except ValueError:
            return False
    name, port = _split(rule)
    if port and port != str(url.port):
        return False
    if address is not None:
        return name == host
    if name.startswith("*."):
        name = name[1:]
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")


def _split(rule: str) -> tuple[str, str]:
    if rule.startswith("["):
        name, _, rest = rule[1:].partition("]")
        return name, rest.removeprefix(":")
    name, colon, port = rule.rpartition(":")
    # Several colons are an address of IPv6 without a port.
    return (name, port) if colon and ":" not in name else (rule, "")
