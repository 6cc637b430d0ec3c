"""What texts look like: names, references and paths, as Kubernetes wants them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Shape:
    """A form that a text must have.

    Args:
        pattern: Regular expression for the whole text.
        words: The form, for people: "a name of Kubernetes: ...".
        longest: Most characters.
        check: What else it must be, where a pattern cannot say it.
    """

    pattern: str
    words: str
    longest: int = 253
    check: Callable[[str], bool] | None = None

    def fits(self, text: str) -> bool:
        """Tell whether a text has the form."""
        formed = len(text) <= self.longest and re.fullmatch(self.pattern, text) is not None
        return formed and (self.check is None or self.check(text))


def is_network(text: str) -> bool:
    """Tell whether a text is a network in CIDR, with no bits set in its hosts' part; any text may be asked about.

    Addresses of IPv4 within IPv6 (::ffff:10.0.0.0) are none: Kubernetes refuses them, and they hold in no firewall.
    """
    import ipaddress  # noqa: PLC0415  # only where a network is written

    try:
        network = ipaddress.ip_network(text.removeprefix("cidr/"), strict=True)
    except ValueError:
        return False
    return network.version == 4 or network.network_address.ipv4_mapped is None  # noqa: PLR2004  # IPv4


_DNS = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAME = rf"{_DNS}(\.{_DNS})*"
_NO_STEP = r"(?!\.\.|\.$)"
_KEY = rf"{_NO_STEP}[-._a-zA-Z0-9]{{1,253}}"
_QUALIFIED = rf"({_NAME}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?"

NAME = Shape(_NAME, "lower case letters, digits, '-' and '.', as Kubernetes names things")
LABEL = Shape(_DNS, "lower case letters, digits and '-', at most 63", 63)
PORT_NAME = Shape(r"(?=.*[a-z])[a-z0-9](-?[a-z0-9])*", "lower case letters, digits and '-', at most 15", 15)
ENV_NAME = Shape(
    rf"{_NO_STEP}(?!WAYPOINT_(CEB|SERVER)_)[-._a-zA-Z][-._a-zA-Z0-9]*",
    "letters, digits, '_', '-' and '.', not beginning with a digit, and none of Waypoint's own (WAYPOINT_CEB_...)",
)
LABEL_KEY = Shape(_QUALIFIED, "a label's name, perhaps with prefix/", 317)
ANNOTATION_KEY = Shape(
    rf"(?!(container\.)?(apparmor|seccomp)\.security\.|container\.apparmor\.){_QUALIFIED}",
    "an annotation's name, perhaps with prefix/; security is for the block security", 317,
)  # fmt: skip
LABEL_VALUE = Shape(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?", "letters, digits, '-', '_' and '.', at most 63", 63)
KEY_REFERENCE = Shape(rf"{_NAME}/{_KEY}", "NAME/KEY of the object that holds it", 507)
SOURCE = Shape(rf"(secret|configmap)/{_NAME}", "secret/NAME or configmap/NAME", 263)
FILE_SOURCE = Shape(rf"(secret|configmap)/{_NAME}(/{_KEY})?", "secret/NAME[/KEY] or configmap/NAME[/KEY]", 520)
PROJECTED = Shape(
    rf"(secret|configmap)/{_NAME}|token/[^\s/][^\s]*|labels|annotations",
    "secret/NAME, configmap/NAME, token/AUDIENCE, labels or annotations", 300,
)  # fmt: skip
PATH = Shape(r"(/(?!\.{1,2}(/|$))[^\s:/]+)+", "an absolute path in its shortest form, without ':'", 1024)
_STEP = r"(?!\.{1,2}(/|$))([-A-Za-z0-9._~!$&'()*+,;=:@]|%(?!2[fF])[0-9a-fA-F]{2})+"
ROUTE_PATH = Shape(rf"/|(/{_STEP})+/?", "a path with its slash, in its shortest form, other signs as %XX", 1024)
URL_PATH = Shape(r"/\S*", "a path with its slash", 1024)
PEER = Shape(
    rf"any|namespace|namespace/{_DNS}|app/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?|cidr/[0-9a-fA-F.:]+/[0-9]+",
    "any, namespace, namespace/NAME, app/NAME or cidr/NETWORK", 100,
    lambda text: not text.startswith("cidr/") or is_network(text),
)  # fmt: skip
NETWORK = Shape(r"[0-9a-fA-F.:]+/[0-9]{1,3}", "a network like 10.0.0.0/8 or 2001:db8::/32", 50, is_network)
COUNT = Shape(r"[0-9]{1,4}|[0-9]{1,2}%|100%", "a number, or a share like 50%", 5)
HOST = Shape(rf"(?!(\*\.)?[0-9.]+$)((\*\.)?{_NAME})?", "a name in DNS, no address, or empty for none")
CAPABILITY = Shape(r"(?!CAP_)[A-Z][A-Z_]*", "a Linux capability without CAP_, as NET_BIND_SERVICE", 63)
